//! Asking the server for a plan, without executing anything: in a transaction that only reads,
//! waits for nothing and is rolled back.
//!
//! A prepared statement that must have a generic plan has the one that `EXPLAIN (GENERIC_PLAN)` of
//! version 16 shows, but every version has it, and over the extended protocol: there a text is one
//! statement, whatever else is in it.

use super::super::session::{Session, text};
use model::database_metrics::Unread;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Everything about plans and indexes is over after this: who ended a run waits for its result.
const ALL: Duration = Duration::from_secs(3);
/// Planning takes milliseconds; what takes longer is left alone, as is who holds a lock.
const LIMITS: &str = "SELECT pg_catalog.set_config('statement_timeout', '500', true), \
                      pg_catalog.set_config('lock_timeout', '100', true), \
                      pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', true)";
const PREPARED: &str = "pgsurge_monitor_plan";

/// See the module.
pub(super) struct Explainer<'a> {
    pub(super) session: &'a mut Session,
    give_up: Instant,
}

impl<'a> Explainer<'a> {
    pub(super) fn new(session: &'a mut Session) -> Explainer<'a> {
        Explainer { session, give_up: Instant::now() + ALL }
    }

    /// The plan of a statement for any values of its parameters.
    pub(super) fn plan(&mut self, statement: &str) -> Result<Value, Unread> {
        self.in_transaction("BEGIN READ ONLY", |it| it.explain(statement))
    }

    /// Runs `body` in a transaction that leaves nothing behind.
    pub(super) fn in_transaction<T>(
        &mut self,
        begin: &str,
        body: impl FnOnce(&mut Self) -> Result<T, Unread>,
    ) -> Result<T, Unread> {
        if Instant::now() >= self.give_up {
            let seconds = ALL.as_secs();
            return Err(Unread::missing(format!("the {seconds} s for plans were over")));
        }
        self.session.query("a plan", begin, &[])?;
        let done = self.session.query("a plan", LIMITS, &[]).and_then(|_| body(self));
        let ended = self.session.query("a plan", "ROLLBACK", &[]);
        done.and_then(|done| ended.map(|_| done))
    }

    /// The same inside a transaction, which goes on where there is no plan.
    pub(super) fn explain(&mut self, statement: &str) -> Result<Value, Unread> {
        self.session.query("a plan", "SAVEPOINT plan", &[])?;
        let answer = self.explain_prepared(statement);
        if answer.is_err() {
            self.session.query("a plan", "ROLLBACK TO SAVEPOINT plan", &[])?;
        }
        let answer = answer?;
        let plan = answer.first().and_then(|row| text(row, 0));
        let plan = plan.and_then(|plan| serde_json::from_str::<Value>(&plan).ok());
        let plan = plan.and_then(|plan| plan.get(0)?.get("Plan").cloned());
        plan.ok_or_else(|| Unread::missing("read the plan: the server's answer is no plan"))
    }

    /// As a prepared statement, whose plan fits all values once one is asked for.
    fn explain_prepared(
        &mut self,
        statement: &str,
    ) -> Result<Vec<wire::blocking::OwnedRow>, Unread> {
        self.session.query("the plan", &format!("PREPARE {PREPARED} AS {statement}"), &[])?;
        let answer = self.explain_execute();
        if answer.is_err() {
            // A prepared statement outlives what is rolled back.
            self.session.query("a plan", "ROLLBACK TO SAVEPOINT plan", &[])?;
        }
        self.session.query("a plan", &format!("DEALLOCATE {PREPARED}"), &[])?;
        answer
    }

    fn explain_execute(&mut self) -> Result<Vec<wire::blocking::OwnedRow>, Unread> {
        let sql = format!(
            "SELECT coalesce(array_length(parameter_types, 1), 0)::float8 \
               FROM pg_catalog.pg_prepared_statements WHERE name = '{PREPARED}'"
        );
        let rows = self.session.query("the plan", &sql, &[])?;
        let parameters = rows.first().and_then(|row| row.value::<f64>(0).ok()).unwrap_or(0.0);
        let nulls = match parameters as usize {
            0 => String::new(),
            parameters => format!("({})", vec!["NULL"; parameters].join(", ")),
        };
        let sql = format!("EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE {PREPARED}{nulls}");
        self.session.query("the plan", &sql, &[])
    }
}

/// Whether a statement has a plan worth a look, by its first word.
pub(super) fn is_explainable(statement: &str) -> bool {
    let mut rest = statement.trim_start_matches(|it: char| it.is_whitespace() || it == '(');
    loop {
        let comment_end = match rest {
            _ if rest.starts_with("--") => rest.find('\n').map(|at| at + 1),
            _ if rest.starts_with("/*") => rest.find("*/").map(|at| at + 2),
            _ => break,
        };
        let Some(end) = comment_end else { return false };
        rest = rest[end..].trim_start_matches(|it: char| it.is_whitespace() || it == '(');
    }
    let end = rest.find(|it: char| !it.is_ascii_alphabetic()).unwrap_or(rest.len());
    ["select", "update", "delete", "with"].iter().any(|it| rest[..end].eq_ignore_ascii_case(it))
}

#[cfg(test)]
mod tests {
    use super::is_explainable;

    #[test]
    fn what_has_a_plan_is_known_by_its_first_word() {
        let with = ["select 1", "/* a */ -- b\n UPDATE t SET x = 1", "(SELECT 1) UNION SELECT 2"];
        assert!(with.iter().all(|it| is_explainable(it)));
        let without =
            ["INSERT INTO t VALUES (1)", "selected", "COPY t FROM stdin", "/* select", ""];
        assert!(without.iter().all(|it| !is_explainable(it)));
    }
}
