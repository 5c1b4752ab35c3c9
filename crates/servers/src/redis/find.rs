//! Where the Redis server's program is.
//!
//! Looked for in `PGSURGE_REDIS_BIN` (and nowhere else if it is set), in `PATH`, and in the
//! folders that distributions use; `redis-server` before `valkey-server`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::environment::Environment;
use crate::error::Error;
use crate::redis::PRODUCT;

const NAMES: [&str; 2] = ["redis-server", "valkey-server"];
const USUAL: [&str; 6] = [
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/opt/homebrew/bin",
    "/home/linuxbrew/.linuxbrew/bin",
];
const INSTALL: &str = "run scripts/install-deps, or install Redis or Valkey: \
     apt-get install redis-server (Debian, Ubuntu), dnf install valkey (Fedora, RHEL), \
     apk add valkey (Alpine), pacman -S valkey (Arch), brew install redis (macOS); \
     if it is installed, set PGSURGE_REDIS_BIN to the folder that has redis-server";

/// A program that works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) version: String,
}

/// Finds the program, in the folder that was named or else where it usually is.
pub(crate) fn program(environment: &Environment, named: Option<&Path>) -> Result<Program, Error> {
    let by_user = named.map(Path::to_owned);
    let by_user = by_user.or_else(|| environment.get("PGSURGE_REDIS_BIN").map(PathBuf::from));
    let places = match &by_user {
        Some(folder) => vec![folder.clone()],
        None => environment.path_folders().into_iter().chain(USUAL.map(PathBuf::from)).collect(),
    };
    let mut tried = Vec::new();
    for folder in &places {
        for path in NAMES.map(|name| folder.join(name)).into_iter().filter(|path| path.is_file()) {
            match version_of(&path, environment) {
                Ok(version) => return Ok(Program { path, version }),
                Err(reason) => tried.push(format!("{}: {reason}", path.display())),
            }
        }
    }
    if let (Some(folder), true) = (&by_user, tried.is_empty()) {
        tried.push(format!("{}: neither redis-server nor valkey-server", folder.display()));
    }
    Err(Error::NotFound { product: PRODUCT, tried, install: INSTALL })
}

fn version_of(path: &Path, environment: &Environment) -> Result<String, String> {
    let mut command = Command::new(path);
    command.arg("--version").stdin(Stdio::null()).env_clear().envs(environment.handed_on());
    let output = command.output().map_err(|error| format!("it can't be run: {error}"))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let version = printed.split_whitespace().find_map(|word| word.strip_prefix("v="));
    version.map(str::to_owned).ok_or_else(|| "it tells no version".to_owned())
}
