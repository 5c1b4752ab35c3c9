//! The scripts: their names, their statements, the order of their steps.
//!
//! The texts are pgbench's own, with `:aid` and its like as parameters.

use crate::identifier::qualified;
use crate::postgres::{BEGIN, FIRST, Statement, Type};
use model::catalog::Kind;

/// `SELECT abalance …`
pub(super) const ACCOUNT_SELECT: u16 = FIRST;
/// `UPDATE pgbench_accounts …`
pub(super) const ACCOUNT_UPDATE: u16 = FIRST + 1;
/// `UPDATE pgbench_tellers …`
pub(super) const TELLER_UPDATE: u16 = FIRST + 2;
/// `UPDATE pgbench_branches …`
pub(super) const BRANCH_UPDATE: u16 = FIRST + 3;
/// `INSERT INTO pgbench_history …`
pub(super) const HISTORY_INSERT: u16 = FIRST + 4;
/// `END`, which is how pgbench commits.
pub(super) const END: u16 = FIRST + 5;

/// One of pgbench's built-in scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Script {
    /// One SELECT by key.
    SelectOnly,
    /// tpcb-like without the contended updates of tellers and branches.
    SimpleUpdate,
    /// Five statements in a transaction, much like TPC-B.
    TpcbLike,
}

impl Script {
    /// All of them.
    pub const ALL: [Script; 3] = [Script::SelectOnly, Script::SimpleUpdate, Script::TpcbLike];

    /// pgbench's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Script::SelectOnly => "select-only",
            Script::SimpleUpdate => "simple-update",
            Script::TpcbLike => "tpcb-like",
        }
    }

    /// The script of that name.
    pub fn parse(name: &str) -> Option<Script> {
        Script::ALL.into_iter().find(|script| script.name() == name)
    }

    /// Its action's name.
    pub fn action(self) -> &'static str {
        match self {
            Script::SelectOnly => "select_only",
            Script::SimpleUpdate => "simple_update",
            Script::TpcbLike => "tpcb_like",
        }
    }

    /// Whether it changes anything.
    pub fn writes(self) -> bool {
        self != Script::SelectOnly
    }

    /// Its statements in order, each a round trip.
    pub(super) fn steps(self) -> &'static [u16] {
        match self {
            Script::SelectOnly => &[ACCOUNT_SELECT],
            Script::SimpleUpdate => &[BEGIN, ACCOUNT_UPDATE, ACCOUNT_SELECT, HISTORY_INSERT, END],
            Script::TpcbLike => &[
                BEGIN,
                ACCOUNT_UPDATE,
                ACCOUNT_SELECT,
                TELLER_UPDATE,
                BRANCH_UPDATE,
                HISTORY_INSERT,
                END,
            ],
        }
    }

    /// How many of them take a slot of a schedule: transaction control does not.
    pub(super) fn slots(self) -> u32 {
        match self {
            Script::SelectOnly => 1,
            Script::SimpleUpdate => 3,
            Script::TpcbLike => 5,
        }
    }
}

/// All statements, whichever scripts run, so that numbers never change.
pub(super) fn statements(schema: Option<&str>) -> Vec<Statement> {
    // From scale 20,000 on, pgbench's `aid` is a bigint; comparing it with one costs nothing less.
    use Type::{Int4, Int8};
    let table = |name| qualified(schema, name);
    let accounts = table("pgbench_accounts");
    let update = |table: &str, balance: &str, key: &str| {
        format!("UPDATE {table} SET {balance} = {balance} + $1 WHERE {key} = $2")
    };
    let history = format!(
        "INSERT INTO {} (tid, bid, aid, delta, mtime) VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP)",
        table("pgbench_history")
    );
    let select = format!("SELECT abalance FROM {accounts} WHERE aid = $1");
    let tellers = update(&table("pgbench_tellers"), "tbalance", "tid");
    let branches = update(&table("pgbench_branches"), "bbalance", "bid");
    let accounts = update(&accounts, "abalance", "aid");
    vec![
        Statement::new("account_select", Kind::Select, select, &[Int8]),
        Statement::new("account_update", Kind::Update, accounts, &[Int4, Int8]),
        Statement::new("teller_update", Kind::Update, tellers, &[Int4, Int4]),
        Statement::new("branch_update", Kind::Update, branches, &[Int4, Int4]),
        Statement::new("history_insert", Kind::Insert, history, &[Int4, Int4, Int8, Int4]),
        Statement::new("end", Kind::Transaction, "END", &[]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_name_the_statements_that_the_scripts_mean() {
        let statements = statements(None);
        let name = |id: u16| statements[usize::from(id - FIRST)].name;
        let steps = &Script::TpcbLike.steps()[1..];
        let names: Vec<_> = steps.iter().map(|id| name(*id)).collect();
        let expected =
            "account_update account_select teller_update branch_update history_insert end";
        assert_eq!(names.join(" "), expected);
    }

    #[test]
    fn slots_are_the_steps_that_are_not_transaction_control() {
        for script in Script::ALL {
            let control = |id: &&u16| [BEGIN, END].contains(id);
            let own = script.steps().iter().filter(|id| !control(id)).count();
            assert_eq!(script.slots() as usize, own, "{}", script.name());
        }
    }
}
