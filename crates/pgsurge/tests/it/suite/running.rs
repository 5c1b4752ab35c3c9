//! Suites of the real binary against real servers: started, signalled, killed, gone on with, read.
//!
//! Every suite that a test reads is held to what holds for all of them: it fits the published
//! schema, and its reports are those of its file.

use crate::running::{lines, until};
use model::series::Line;
use model::suite::{Scenario, SuiteResult};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Two scenarios of a moment each.
pub const TWO: &str = r#"{
    "load_profile": {"workload": "select-only", "queries_per_second_target": 200,
        "warm_up": "0s", "duration": "1s", "seed": 7},
    "test_scenarios": {"few": {"connections": 1}, "many": {"connections": 4}}}"#;

/// The folder of a suite's results, and where its settings file is.
pub struct Place {
    folder: TempDir,
}

impl Place {
    /// One with this settings file.
    pub fn new(settings: &str) -> Place {
        let place = Place { folder: TempDir::new().unwrap() };
        place.settings(settings);
        place
    }

    /// One whose folder of results holds these files already.
    pub fn with_results(settings: &str, files: &[(&str, &str)]) -> Place {
        let place = Place::new(settings);
        std::fs::create_dir(place.path("results")).unwrap();
        for (name, text) in files {
            std::fs::write(place.path("results").join(name), text).unwrap();
        }
        place
    }

    /// Another settings file.
    pub fn settings(&self, text: &str) {
        std::fs::write(self.path("settings.json"), text).unwrap();
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Text of a file in the folder of results.
    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        let path = self.path("results").join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// The names of the results, sorted.
    pub fn results(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path("results")).unwrap();
        let mut names: Vec<String> =
            entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgsurge"));
        command.current_dir(&self.folder).env_clear().env("HOME", self.folder.path());
        for name in ["PATH", "TMPDIR", "PGSURGE_PG_BIN", "LD_LIBRARY_PATH"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.args(["suite", "--config", "settings.json", "--output-dir", "results"]);
        command.args(arguments.split_whitespace());
        command.stdin(Stdio::null());
        command
    }

    /// Runs a suite to its end, with further arguments.
    pub fn run(&self, arguments: &str) -> Ended {
        self.run_with(arguments, &[])
    }

    /// The same with arguments that hold blanks.
    pub fn run_with(&self, arguments: &str, whole: &[&str]) -> Ended {
        let output = self.command(arguments).args(whole).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Starts a suite.
    pub fn start(&self, arguments: &str) -> Running {
        let err = self.path("err");
        let stream = |name: &str| std::fs::File::create(self.path(name)).unwrap();
        let mut command = self.command(arguments);
        let child = command.stdout(stream("out")).stderr(stream("err")).spawn().unwrap();
        Running { child, err }
    }

    /// The saved suite, after the checks that hold for every one.
    #[track_caller]
    pub fn suite(&self) -> SuiteResult {
        let text = self.text("suite.json");
        assert_eq!(complaints(&serde_json::from_str(&text).unwrap()), [""; 0]);
        let suite = report::suite::read(text.as_bytes()).unwrap();
        assert_eq!(report::suite::json(&suite).unwrap(), text.as_bytes());
        assert_eq!(report::suite::markdown::render(&suite), self.text("suite.md"));
        suite
    }

    /// The saved suite, which says how the program ended.
    #[track_caller]
    pub fn ended(&self, ended: &Ended) -> SuiteResult {
        let suite = self.suite();
        assert_eq!(ended.code, Some(i32::from(suite.verdict.exit_code)), "{}", ended.err);
        suite
    }

    /// The row of a scenario in the saved table.
    #[track_caller]
    pub fn row(&self, scenario: &str) -> String {
        let text = self.text("suite.md");
        let row = text.lines().find(|it| it.starts_with(&format!("| {scenario} |")));
        row.unwrap_or_else(|| panic!("no {scenario} in {text}")).to_owned()
    }
}

fn complaints(suite: &Value) -> Vec<String> {
    let schema: Value =
        serde_json::from_str(include_str!("../../../../../docs/suite.schema.json")).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let told =
        |error: jsonschema::ValidationError<'_>| format!("{}: {error}", error.instance_path());
    validator.iter_errors(suite).map(told).collect()
}

/// The scenario of a name.
#[track_caller]
pub fn of<'a>(suite: &'a SuiteResult, name: &str) -> &'a Scenario {
    suite.scenarios.iter().find(|it| it.name == name).unwrap()
}

/// A suite under way; killed when a test gives up on it.
pub struct Running {
    child: Child,
    err: PathBuf,
}

impl Running {
    /// Waits until a second of a scenario's load is on record.
    #[track_caller]
    pub fn wait_for_load(&mut self, record: &Path) {
        until("the load of a scenario", || {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "{ended:?}: {}", std::fs::read_to_string(&self.err).unwrap());
            lines(record).iter().any(|line| matches!(line, Line::Interval(_)))
        });
    }

    /// Sends it a signal and waits for its end; its exit code.
    #[track_caller]
    pub fn end(mut self, signal: Signal) -> Option<i32> {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
        let mut status = None;
        until("the end of the suite", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Only one that a failed test left behind is still there.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// How it ended.
pub struct Ended {
    pub code: Option<i32>,
    /// The report.
    pub out: String,
    /// The messages.
    pub err: String,
}
