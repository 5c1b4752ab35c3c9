//! The scripts: their names, their statements, the order of their steps.
//!
//! The texts are pgbench's own, with `:aid` and its like as parameters.

use crate::identifier::qualified;
use crate::postgres::{BEGIN, FIRST, Statement, Type};
use model::catalog::Kind;

/// A statement of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// `BEGIN`
    Begin,
    /// `UPDATE pgbench_accounts …`
    AccountUpdate,
    /// `SELECT abalance …`
    AccountSelect,
    /// `UPDATE pgbench_tellers …`
    TellerUpdate,
    /// `UPDATE pgbench_branches …`
    BranchUpdate,
    /// `INSERT INTO pgbench_history …`
    HistoryInsert,
    /// `END`, which is how pgbench commits.
    End,
}

/// The number that each step's statement has in the catalogue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbers([u16; Step::ALL.len()]);

impl Numbers {
    /// The numbers where only these scripts' statements are in the catalogue.
    pub(super) fn of(scripts: &[(Script, u32)]) -> Numbers {
        let mut numbers = Numbers::default();
        for (number, step) in (FIRST..).zip(own_steps(scripts)) {
            numbers.0[step as usize] = number;
        }
        numbers.0[Step::Begin as usize] = BEGIN;
        numbers
    }

    /// The number of a step's statement.
    #[inline]
    pub(super) fn get(&self, step: Step) -> u16 {
        self.0[step as usize]
    }
}

/// The steps whose statements are ours (`BEGIN` is everybody's) and used by these scripts: a
/// statement that nobody sends must not be prepared, its table may be missing.
fn own_steps(scripts: &[(Script, u32)]) -> impl Iterator<Item = Step> {
    let used = |step: &Step| scripts.iter().any(|(script, _)| script.steps().contains(step));
    Step::ALL.into_iter().filter(|step| *step != Step::Begin).filter(used)
}

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
    pub(super) fn steps(self) -> &'static [Step] {
        use Step::*;
        match self {
            Script::SelectOnly => &[AccountSelect],
            Script::SimpleUpdate => &[Begin, AccountUpdate, AccountSelect, HistoryInsert, End],
            Script::TpcbLike => &Step::ALL,
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

impl Step {
    /// All of them, in the order of tpcb-like.
    const ALL: [Step; 7] = [
        Step::Begin,
        Step::AccountUpdate,
        Step::AccountSelect,
        Step::TellerUpdate,
        Step::BranchUpdate,
        Step::HistoryInsert,
        Step::End,
    ];

    fn statement(self, schema: Option<&str>) -> Statement {
        // From scale 20,000 on pgbench's `aid` is a bigint, and one type must do for all.
        use Type::{Int4, Int8};
        let table = |name| qualified(schema, name);
        let update = |name, what, balance: &str, key: &str, types| {
            let table = table(what);
            let sql = format!("UPDATE {table} SET {balance} = {balance} + $1 WHERE {key} = $2");
            Statement::new(name, Kind::Update, sql, types)
        };
        match self {
            Step::Begin => Statement::new("begin", Kind::Transaction, "BEGIN", &[]),
            Step::AccountUpdate => {
                let types = &[Int4, Int8];
                update("account_update", "pgbench_accounts", "abalance", "aid", types)
            }
            Step::AccountSelect => {
                let accounts = table("pgbench_accounts");
                let sql = format!("SELECT abalance FROM {accounts} WHERE aid = $1");
                Statement::new("account_select", Kind::Select, sql, &[Int8])
            }
            Step::TellerUpdate => {
                update("teller_update", "pgbench_tellers", "tbalance", "tid", &[Int4, Int4])
            }
            Step::BranchUpdate => {
                update("branch_update", "pgbench_branches", "bbalance", "bid", &[Int4, Int4])
            }
            Step::HistoryInsert => {
                let history = table("pgbench_history");
                let sql = format!(
                    "INSERT INTO {history} (tid, bid, aid, delta, mtime) \
                     VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP)"
                );
                Statement::new("history_insert", Kind::Insert, sql, &[Int4, Int4, Int8, Int4])
            }
            Step::End => Statement::new("end", Kind::Transaction, "END", &[]),
        }
    }
}

/// The statements that these scripts send, in the order of their [`Numbers`].
pub(super) fn statements(schema: Option<&str>, scripts: &[(Script, u32)]) -> Vec<Statement> {
    own_steps(scripts).map(|step| step.statement(schema)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_has_the_number_of_its_statement_whichever_scripts_run() {
        for scripts in [vec![(Script::SelectOnly, 1)], Script::ALL.map(|it| (it, 1)).into()] {
            let (statements, numbers) = (statements(None, &scripts), Numbers::of(&scripts));
            for (index, step) in own_steps(&scripts).enumerate() {
                assert_eq!(usize::from(numbers.get(step) - FIRST), index);
                assert_eq!(statements[index], step.statement(None));
            }
        }
    }

    #[test]
    fn slots_are_the_steps_that_are_not_transaction_control() {
        for script in Script::ALL {
            let control = |step: &&Step| [Step::Begin, Step::End].contains(step);
            let own = script.steps().iter().filter(|step| !control(step)).count();
            assert_eq!(script.slots() as usize, own, "{}", script.name());
        }
    }
}
