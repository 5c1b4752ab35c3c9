//! `--init-only`: tables and rows are made and stay; no load, no result.
//!
//! What is printed is how to use them and how to be rid of them.

use super::Session;
use crate::error::Error;
use crate::exit_code::ExitCode;
use crate::messages::Messages;
use crate::settings::Resolved;
use crate::surroundings::Surroundings;
use model::plan::Plan;
use std::io::Write as _;
use workload::SetUp;

/// Makes the tables and rows of the plan and prints what they are called.
///
/// # Errors
/// The server can't be reached, or set-up failed; what it had made is removed again.
pub fn run(
    resolved: &Resolved,
    surroundings: &Surroundings,
    messages: &Messages,
) -> Result<ExitCode, Error> {
    let session = Session::begin(surroundings, messages)?;
    let target = session.reach(resolved)?;
    let set_up = session.set_up(resolved, &target)?;
    let text = told_of(&resolved.plan, &set_up);
    std::io::stdout().lock().write_all(text.as_bytes()).map_err(Error::Output)?;
    Ok(ExitCode::Passed)
}

/// One line each: the run, what was made, how to use it, how to remove it.
fn told_of(plan: &Plan, set_up: &SetUp) -> String {
    let run = &plan.data.run;
    let rows = model::units::count(set_up.rows_loaded);
    let tables = match set_up.created.as_slice() {
        [] => "used as they are".to_owned(),
        created => format!("created {}", created.join(", ")),
    };
    let schema = plan.data.schema.as_deref();
    let schema = schema.map_or_else(String::new, |name| format!(" --schema {}", quoted(name)));
    format!(
        "run:    {run}\n\
         tables: {tables}\n\
         rows:   {rows} loaded in {:.1} s\n\
         use:    pgsurge load --reuse-data {run} --seed {}{schema}, and the other settings of \
         this set-up\n\
         remove: pgsurge load --clean {run}{schema}\n",
        set_up.seconds, plan.seed
    )
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_survives_the_shell() {
        assert_eq!(quoted("load_test"), "load_test");
        assert_eq!(quoted("Load test"), "'Load test'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
