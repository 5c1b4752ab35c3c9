//! Where the program of a server is that is one single program: Redis, PgBouncer.
//!
//! Looked for in the folder that was named or that a variable names (and nowhere else then), in
//! `PATH`, and in the folders that distributions use. PostgreSQL, a folder of programs that have
//! to fit, has its own search.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::environment::Environment;
use crate::error::Error;

/// Where distributions and Homebrew put programs.
const USUAL: [&str; 6] = [
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/opt/homebrew/bin",
    "/home/linuxbrew/.linuxbrew/bin",
];

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Redis or PgBouncer.
    pub(crate) product: &'static str,
    /// Names of its program, the preferred one first.
    pub(crate) names: &'static [&'static str],
    /// The variable that names its folder.
    pub(crate) variable: &'static str,
    /// How to install it.
    pub(crate) install: &'static str,
    /// The version in what `--version` prints.
    pub(crate) version: fn(&str) -> Option<&str>,
}

/// A program that works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) version: String,
}

impl Wanted {
    /// Finds the program, in the folder that was named or else where it usually is.
    pub(crate) fn find(
        &self,
        environment: &Environment,
        named: Option<&Path>,
    ) -> Result<Program, Error> {
        let by_user = named.map(Path::to_owned);
        let by_user = by_user.or_else(|| environment.get(self.variable).map(PathBuf::from));
        let usual = || environment.path_folders().into_iter().chain(USUAL.map(PathBuf::from));
        let places = by_user.as_ref().map_or_else(|| usual().collect(), |it| vec![it.clone()]);
        let mut tried = Vec::new();
        for folder in &places {
            let paths = self.names.iter().map(|name| folder.join(name));
            for path in paths.filter(|path| path.is_file()) {
                match self.version_of(&path, environment) {
                    Ok(version) => return Ok(Program { path, version }),
                    Err(reason) => tried.push(format!("{}: {reason}", path.display())),
                }
            }
        }
        if let (Some(folder), true) = (&by_user, tried.is_empty()) {
            tried.push(format!("{}: no {}", folder.display(), self.names.join(", no ")));
        }
        Err(Error::NotFound { product: self.product, tried, install: self.install })
    }

    fn version_of(&self, path: &Path, environment: &Environment) -> Result<String, String> {
        let mut command = Command::new(path);
        command.arg("--version").stdin(Stdio::null()).env_clear().envs(environment.handed_on());
        let output = command.output().map_err(|error| format!("it can't be run: {error}"))?;
        let printed = String::from_utf8_lossy(&output.stdout);
        let version = (self.version)(&printed);
        version.map(str::to_owned).ok_or_else(|| "it tells no version".to_owned())
    }
}
