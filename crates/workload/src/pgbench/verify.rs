//! What the tables hold, against what the players remember.
//!
//! Sums over accounts, tellers and branches move together with the history whoever else runs
//! pgbench, so those checks hold on shared tables too. How many transactions there were can only
//! be told from below where others may add to the history, and exactly where the tables are ours.

use super::player::Count;
use super::tables::Tables;
use crate::error::Error;
use model::verification::{Check, Verification};
use wire::blocking::Client;

/// Summing up the balances of more accounts than this takes longer than anyone wants to wait.
const MOST_SUMMED_SCALE: u32 = 200;

/// What the tables held at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stored {
    /// Absent when nothing is written.
    history: Option<History>,
}

/// Sums over all tables, in one snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct History {
    rows: i64,
    delta: i64,
    tellers: i64,
    branches: i64,
    /// Absent for very large scales.
    accounts: Option<i64>,
}

impl Stored {
    /// What changed since `before`.
    pub(super) fn since(&self, before: &Stored) -> Option<History> {
        let (after, before) = (self.history?, before.history?);
        Some(History {
            rows: after.rows - before.rows,
            delta: after.delta - before.delta,
            tellers: after.tellers - before.tellers,
            branches: after.branches - before.branches,
            accounts: after.accounts.zip(before.accounts).map(|(after, before)| after - before),
        })
    }
}

/// Reads what there is, in one statement and so in one snapshot.
pub(super) fn stored(client: &mut Client, tables: &Tables<'_>) -> Result<Stored, Error> {
    if !tables.writes {
        return Ok(Stored::default());
    }
    let doing = "summing up the pgbench tables";
    let sum = |table: &str, column: &str| {
        format!("(SELECT coalesce(sum({column}), 0)::int8 FROM {})", tables.name(table))
    };
    let accounts = match tables.scale <= MOST_SUMMED_SCALE {
        true => sum("pgbench_accounts", "abalance"),
        false => "NULL::int8".to_owned(),
    };
    let sql = format!(
        "SELECT count(*), coalesce(sum(delta), 0)::int8, {}, {}, {accounts} FROM {}",
        sum("pgbench_tellers", "tbalance"),
        sum("pgbench_branches", "bbalance"),
        tables.name("pgbench_history"),
    );
    let row = client.query_one(&sql, &[]).map_err(Error::server(doing))?;
    let value = |index| row.value::<i64>(index).map_err(Error::unreadable(doing));
    let history = History {
        rows: value(0)?,
        delta: value(1)?,
        tellers: value(2)?,
        branches: value(3)?,
        accounts: row.value(4).map_err(Error::unreadable(doing))?,
    };
    Ok(Stored { history: Some(history) })
}

/// Judges nothing: compares. `alone` says that nobody else knows these tables.
pub(super) fn verification(count: &Count, change: Option<&History>, alone: bool) -> Verification {
    let mut checks = vec![Check {
        name: "every_key_finds_one_row".to_owned(),
        checked: count.keyed,
        violations: count.keyed_wrong,
        sample: (count.keyed_wrong > 0).then(|| "a key found no row, or several".to_owned()),
    }];
    if let Some(change) = change {
        checks.push(stored_once(count, change, alone));
        if alone {
            checks.push(deltas(count, change));
        }
        checks.extend(change.accounts.map(|sum| {
            equal("account_balances_equal_the_history", change.rows, sum, change.delta)
        }));
        let (tellers, branches) = (change.tellers, change.branches);
        checks.push(equal("teller_balances_equal_branch_balances", change.rows, tellers, branches));
    }
    Verification { passed: checks.iter().all(|check| check.violations == 0), checks }
}

/// acknowledged ≤ stored, and stored ≤ acknowledged + unknown where nobody else adds rows.
fn stored_once(count: &Count, change: &History, alone: bool) -> Check {
    let stored = i128::from(change.rows);
    let (least, most) = (count.acknowledged, count.acknowledged + count.unknown);
    let lost = (i128::from(least) - stored).max(0);
    let surplus = if alone { (stored - i128::from(most)).max(0) } else { 0 };
    let violations = lost + surplus;
    Check {
        name: "every_acknowledged_transaction_is_stored_once".to_owned(),
        checked: least,
        // Both are differences of counts that fit.
        violations: u64::try_from(violations).unwrap_or(u64::MAX),
        sample: (violations > 0).then(|| {
            format!("{stored} rows were stored, {least} acknowledged, {} unknown", count.unknown)
        }),
    }
}

fn deltas(count: &Count, change: &History) -> Check {
    let least = count.acknowledged_delta + count.unknown_delta_least;
    let most = count.acknowledged_delta + count.unknown_delta_most;
    let holds = (least..=most).contains(&change.delta);
    Check {
        name: "history_adds_up_to_what_was_acknowledged".to_owned(),
        checked: count.acknowledged,
        violations: u64::from(!holds),
        sample: (!holds)
            .then(|| format!("the history grew by {}, not by {least} to {most}", change.delta)),
    }
}

fn equal(name: &str, checked: i64, left: i64, right: i64) -> Check {
    Check {
        name: name.to_owned(),
        checked: checked.unsigned_abs(),
        violations: u64::from(left != right),
        sample: (left != right).then(|| format!("{left} is not {right}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(acknowledged: u64, unknown: u64) -> Count {
        Count { acknowledged, unknown, ..Count::default() }
    }

    fn passes(count: &Count, rows: i64, alone: bool) -> bool {
        let change = History { rows, accounts: Some(0), ..History::default() };
        verification(count, Some(&change), alone).passed
    }

    #[test]
    fn a_lost_transaction_is_a_violation_on_any_tables() {
        assert!(!passes(&count(10, 0), 9, false));
        assert!(!passes(&count(10, 5), 9, true));
        assert!(passes(&count(10, 0), 10, true));
    }

    #[test]
    fn a_surplus_beyond_the_unknown_is_a_violation_where_nobody_else_writes() {
        assert!(passes(&count(10, 2), 12, true));
        assert!(!passes(&count(10, 2), 13, true));
        assert!(passes(&count(10, 2), 13, false));
    }

    #[test]
    fn deltas_may_differ_only_by_what_is_unknown() {
        let count = Count {
            acknowledged: 3,
            acknowledged_delta: 100,
            unknown: 1,
            unknown_delta_least: -50,
            ..Count::default()
        };
        let passes = |delta| {
            let change = History { rows: 3, delta, accounts: Some(delta), ..History::default() };
            verification(&count, Some(&change), true).passed
        };
        assert!(passes(100) && passes(50));
        assert!(!passes(49) && !passes(101));
    }

    #[test]
    fn a_key_that_found_nothing_is_a_violation() {
        let count = Count { keyed: 5, keyed_wrong: 1, ..Count::default() };
        assert!(!verification(&count, None, true).passed);
    }
}
