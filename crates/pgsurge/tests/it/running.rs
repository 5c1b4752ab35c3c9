//! Whole runs of the real binary against real servers: started, watched, signalled, read.
//!
//! Every result that a test reads is held to what holds for all of them: it fits the published
//! schema, its sums add up, and its record is gone.

use model::run_result::RunResult;
use model::series::{IntervalRow, Line};
use model::verdict::ValidityOutcome;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take that a test waits for, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(120);
const OUTPUT: &str = "result.json";

/// Tables that take a moment to load: a fiftieth of the default, and few seats.
pub const SMALL: &str =
    r#"{"load_profile": {"data_volume_multiplier": 0.02, "concurrent_user_actions": 40}}"#;

/// Waits for a condition.
#[track_caller]
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < give_up, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A load test to be started.
pub struct Load {
    folder: TempDir,
    command: Command,
}

impl Load {
    /// A load test of a throwaway server.
    pub fn throwaway() -> Load {
        Load::by(Path::new(env!("CARGO_BIN_EXE_pgsurge")))
    }

    /// The same by a program with workloads of its own.
    pub fn by(program: &Path) -> Load {
        let folder = TempDir::new().unwrap();
        let mut command = Command::new(program);
        command.current_dir(&folder).env_clear().env("HOME", folder.path());
        // What finding and starting PostgreSQL needs, and nothing else of whoever runs the tests.
        for name in ["PATH", "TMPDIR", "PGSURGE_PG_BIN", "LD_LIBRARY_PATH"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        // Who tests something else need not wait for the server's counters, nor for a CPU that the
        // tests beside it keep busy.
        command.env("PGSURGE_MONITOR", "off");
        command.args(["load", "--output", OUTPUT, "--progress", "1"]);
        Load { folder, command }
    }

    /// A load test of the server at `url`.
    pub fn at(url: &str) -> Load {
        Load::throwaway().arg("--database-url").arg(url)
    }

    /// A command that only cleans up at the server at `url`, where there is one.
    pub fn cleaning(url: &str) -> Load {
        let mut load = Load::throwaway();
        let folder = load.folder.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgsurge"));
        command.current_dir(folder).env_clear().env("HOME", folder).arg("load");
        if !url.is_empty() {
            command.args(["--database-url", url]);
        }
        load.command = command;
        load
    }

    /// A look at a throwaway server whose folders go into `base`.
    pub fn checking(base: &Path) -> Load {
        let mut load = Load::throwaway();
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgsurge"));
        command.current_dir(&load.folder).env_clear().env("HOME", load.folder.path());
        for name in ["PATH", "PGSURGE_PG_BIN", "LD_LIBRARY_PATH"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.env("TMPDIR", base).arg("check");
        load.command = command;
        load
    }

    /// The card game at the server at `url`, on small tables.
    pub fn hokm(url: &str) -> Load {
        Load::at(url).config(SMALL)
    }

    /// With the server and its host watched, as for any user.
    pub fn watched(mut self) -> Load {
        self.command.env_remove("PGSURGE_MONITOR");
        self
    }

    /// Further arguments, separated by blanks.
    pub fn args(mut self, arguments: &str) -> Load {
        self.command.args(arguments.split_whitespace());
        self
    }

    /// One further argument, as it is.
    pub fn arg(mut self, argument: &str) -> Load {
        self.command.arg(argument);
        self
    }

    /// A variable of its environment.
    pub fn env(mut self, name: &str, value: &str) -> Load {
        self.command.env(name, value);
        self
    }

    /// A file in its folder.
    pub fn file(self, name: &str, text: &str) -> Load {
        std::fs::write(self.folder.path().join(name), text).unwrap();
        self
    }

    /// A link in its folder.
    pub fn link(self, name: &str, to: &str) -> Load {
        std::os::unix::fs::symlink(to, self.folder.path().join(name)).unwrap();
        self
    }

    /// `--config` with a file of this text.
    pub fn config(self, text: &str) -> Load {
        self.file("settings.json", text).args("--config settings.json")
    }

    /// As `nohup` starts it: it is to ignore SIGHUP.
    pub fn ignoring_hangups(self) -> Load {
        self.through("sh", &["-c", "trap '' HUP; exec \"$0\" \"$@\""])
    }

    /// As `nice` starts it: everybody else goes first.
    pub fn yielding(self) -> Load {
        self.through("nice", &["-n", "19"])
    }

    /// Started by a program that becomes what its last arguments say.
    fn through(mut self, program: &str, arguments: &[&str]) -> Load {
        let mut command = Command::new(program);
        command.args(arguments);
        command.arg(self.command.get_program()).args(self.command.get_args());
        command.current_dir(&self.folder).env_clear();
        for (name, value) in self.command.get_envs() {
            command.envs(value.map(|value| (name, value)));
        }
        self.command = command;
        self
    }

    /// Starts it.
    pub fn start(mut self) -> Running {
        let stream = |name: &str| File::create(self.folder.path().join(name)).unwrap();
        self.command.stdin(Stdio::null()).stdout(stream("out")).stderr(stream("err"));
        let child = self.command.spawn().unwrap();
        Running { folder: self.folder, child, began: Instant::now() }
    }

    /// Runs it to its end.
    pub fn run(self) -> Ended {
        self.start().wait()
    }
}

/// A load test under way; killed when a test gives up on it.
pub struct Running {
    folder: TempDir,
    child: Child,
    began: Instant,
}

impl Running {
    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A path in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.pid()).unwrap()), signal).unwrap();
    }

    /// Waits until it has told `text` on standard error.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        until(text, || self.is_still(text) && read(&self.path("err")).contains(text));
    }

    /// Waits until so many seconds of the measured time are on record.
    #[track_caller]
    pub fn wait_for_second(&mut self, second: u64) {
        let partial = self.path(&format!("{OUTPUT}.partial"));
        until("the record of a second", || {
            let measured = intervals(&partial).iter().filter(|row| row.t >= 0.0).count() as u64;
            self.is_still("a second") && measured >= second
        });
    }

    #[track_caller]
    fn is_still(&mut self, waiting_for: &str) -> bool {
        if let Some(status) = self.child.try_wait().unwrap() {
            // What was waited for may be the last that it said.
            let err = read(&self.path("err"));
            assert!(err.contains(waiting_for), "{status} before {waiting_for}: {err}");
        }
        true
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(mut self) -> Ended {
        let mut status = None;
        until("the end of the run", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let took = self.began.elapsed();
        let (out, err) = (read(&self.path("out")), read(&self.path("err")));
        let folder = std::mem::replace(&mut self.folder, TempDir::new().unwrap());
        Ended { code: status.and_then(|it| it.code()), out, err, took, folder }
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
    /// None when a signal killed it.
    pub code: Option<i32>,
    /// The report.
    pub out: String,
    /// The messages.
    pub err: String,
    /// From its start to its end.
    pub took: Duration,
    folder: TempDir,
}

impl Ended {
    /// A path in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The names in its folder, but for what the test put there.
    pub fn left(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.folder).unwrap().map(|it| it.unwrap().file_name());
        let names = entries.map(|it| it.into_string().unwrap());
        let mut left: Vec<String> =
            names.filter(|it| !["out", "err", "settings.json"].contains(&it.as_str())).collect();
        left.sort();
        left
    }

    /// The saved result, after the checks that hold for every one.
    #[track_caller]
    pub fn result(&self) -> RunResult {
        let path = self.path(OUTPUT);
        assert!(path.exists(), "no result, exit code {:?}: {}", self.code, self.err);
        let value: Value = serde_json::from_str(&read(&path)).unwrap();
        assert_eq!(complaints(&value), [""; 0]);
        let result: RunResult = serde_json::from_value(value).unwrap();
        assert_eq!(self.code, Some(i32::from(result.verdict.exit_code)), "{}", self.err);
        assert!(!self.path(&format!("{OUTPUT}.partial")).exists(), "the record is still there");
        adds_up(&result);
        result
    }

    /// Asserts that a warning names the command that removes what the run has left; returns what
    /// stands behind `pgsurge load` in it.
    #[track_caller]
    pub fn tells_how_to_remove_what_is_left(&self) -> String {
        let run = &self.result().plan["data"]["run"];
        let named = format!("--clean {} --db-host 127.0.0.1 --db-name ", run.as_str().unwrap());
        let warning = self.err.lines().find(|line| line.contains("could not be removed"));
        let command = warning.and_then(|line| line.split_once("; pgsurge load "));
        let command = command.and_then(|it| it.1.strip_suffix(" removes it"));
        let command = command.unwrap_or_else(|| panic!("no command: {}", self.err));
        assert!(command.starts_with(&named), "{command}");
        command.to_owned()
    }

    /// The message of a run that came to nothing, after checking that it left nothing behind.
    #[track_caller]
    pub fn refused(&self, code: i32) -> &str {
        assert_eq!((self.code, self.out.as_str()), (Some(code), ""), "{}", self.err);
        assert_eq!(self.left(), [""; 0], "{}", self.err);
        &self.err
    }
}

#[track_caller]
fn adds_up(result: &RunResult) {
    let load = &result.load_metrics;
    let actions = load.actions.values().chain([&load.all_actions, &load.warm_up]);
    for action in actions {
        let ends = [action.succeeded, action.failed, action.skipped, action.unfinished];
        assert_eq!(action.scheduled, ends.iter().sum::<u64>(), "{action:?}");
        assert!(action.unknown <= action.failed, "{action:?}");
    }
    let by_name: u64 = load.actions.values().map(|action| action.scheduled).sum();
    assert_eq!(by_name, load.all_actions.scheduled);
    let accounting = result.validity.iter().find(|check| check.code == "accounting");
    assert_eq!(accounting.map(|check| check.outcome), Some(ValidityOutcome::Ok));
}

/// What the published schema says against a result.
pub fn complaints(result: &Value) -> Vec<String> {
    let schema: Value =
        serde_json::from_str(include_str!("../../../../docs/result.schema.json")).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let told =
        |error: jsonschema::ValidationError<'_>| format!("{}: {error}", error.instance_path());
    validator.iter_errors(result).map(told).collect()
}

/// The whole lines of a record; each must be one of ours.
#[track_caller]
pub fn lines(record: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(record).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| Line::parse(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

fn intervals(record: &Path) -> Vec<IntervalRow> {
    let interval = |line| match line {
        Line::Interval(row) => Some(*row),
        _ => None,
    };
    lines(record).into_iter().filter_map(interval).collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
