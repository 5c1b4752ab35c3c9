//! Runs the real binary in a folder of its own, with nothing in its environment but what a test
//! puts there.

use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// One call of the program.
pub struct Program {
    folder: TempDir,
    command: Command,
}

/// How it ended.
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Program {
    /// `pgsurge load`.
    pub fn load() -> Program {
        Program::new(&["load"])
    }

    /// `pgsurge` with these arguments.
    pub fn new(arguments: &[&str]) -> Program {
        let folder = TempDir::new().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgsurge"));
        command.current_dir(&folder).env_clear().args(arguments);
        // Its own home: the password and service files of whoever runs the tests stay out of it.
        command.env("HOME", folder.path());
        Program { folder, command }
    }

    /// Further arguments, separated by blanks.
    pub fn args(mut self, arguments: &str) -> Program {
        self.command.args(arguments.split_whitespace());
        self
    }

    /// A variable of its environment.
    pub fn env(mut self, name: &str, value: &str) -> Program {
        self.command.env(name, value);
        self
    }

    /// A file in its folder.
    pub fn file(self, name: &str, text: impl AsRef<[u8]>) -> Program {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// `--config` with a file of this text.
    pub fn config(self, name: &str, text: &str) -> Program {
        self.file(name, text).args(&format!("--config {name}"))
    }

    /// A path in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs it.
    pub fn run(&mut self) -> Ended {
        let output = self.command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended {
            code: output.status.code().expect("not killed by a signal"),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// Runs it and reads the plan that it prints.
    pub fn plan(self) -> Printed {
        let ended = self.args("--print-plan=json").run();
        assert_eq!(ended.code, 0, "{}", ended.err);
        Printed { value: serde_json::from_str(&ended.out).unwrap() }
    }

    /// Runs it and expects settings that can't be used; what it says.
    pub fn refused(self) -> String {
        let ended = self.args("--print-plan").run();
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{}", ended.err);
        ended.err
    }
}

/// A plan as `--print-plan=json` shows it.
pub struct Printed {
    value: Value,
}

impl Printed {
    /// A value of the plan by its path.
    pub fn get(&self, path: &str) -> Value {
        let step = |at: &Value, name: &str| at.get(name).cloned();
        let found = path.split('.').try_fold(self.value["plan"].clone(), |at, it| step(&at, it));
        found.unwrap_or_else(|| panic!("no {path} in {:#}", self.value["plan"]))
    }

    /// The whole plan.
    pub fn whole(&self) -> Value {
        self.value["plan"].clone()
    }

    /// Who set it.
    pub fn source(&self, path: &str) -> String {
        let source = self.value["sources"][path].as_str();
        source.unwrap_or_else(|| panic!("no {path} in {:#}", self.value["sources"])).to_owned()
    }

    /// What was odd.
    pub fn warnings(&self) -> String {
        let all = self.value["warnings"].as_array().unwrap();
        all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
    }
}
