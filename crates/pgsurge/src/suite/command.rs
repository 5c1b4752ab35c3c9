//! What a user wants to run after a scenario that did not pass.

use super::book;
use model::verdict::Verdict;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// A scenario that did not pass.
pub(super) struct Failed<'a> {
    /// Its name.
    pub(super) scenario: &'a str,
    /// What it came to.
    pub(super) verdict: &'a Verdict,
    /// Its result, where it has one.
    pub(super) result: Option<&'a Path>,
}

/// Lets `sh` run `command` and waits for it; `ended` says that the user waits no longer. What it
/// prints goes to standard error: standard output is the report's.
pub(super) fn run(
    command: &str,
    failed: &Failed<'_>,
    ended: &dyn Fn() -> bool,
) -> Result<(), String> {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).stdin(Stdio::null()).stdout(io::stderr());
    shell.env("PGSURGE_SCENARIO", failed.scenario);
    shell.env("PGSURGE_VERDICT", book::word(failed.verdict.outcome));
    shell.env("PGSURGE_EXIT_CODE", failed.verdict.exit_code.to_string());
    shell.env("PGSURGE_RESULT", failed.result.unwrap_or(Path::new("")));
    let mut child = shell.spawn().map_err(|e| format!("cannot run sh: {e}"))?;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("the command failed ({status})")),
            Ok(None) if ended() => return Err(stop(&mut child)),
            Ok(None) => std::thread::sleep(LOOK),
            Err(error) => return Err(format!("cannot wait for the command: {error}")),
        }
    }
}

fn stop(child: &mut Child) -> String {
    // It may have ended just now.
    let _gone = child.kill();
    let _reaped = child.wait();
    "interrupted; the command was stopped".to_owned()
}
