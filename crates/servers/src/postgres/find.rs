//! Where PostgreSQL's programs are.
//!
//! Looked for in `PGSURGE_PG_BIN` (and nowhere else if it is set: the user has decided), in what
//! `pg_config --bindir` says, in `PATH`, and in the folders that distributions use, the newest
//! version first. A folder counts when its `initdb` and `postgres` work there, their share files
//! included: a lone client package, or a folder of links to something removed, doesn't.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::account::Account;
use crate::environment::Environment;
use crate::error::Error;
use crate::postgres::PRODUCT;

/// The oldest version that we start.
const OLDEST: u32 = 12;

const INSTALL: &str = "run scripts/install-deps, or install PostgreSQL with its contrib package: \
     apt-get install postgresql postgresql-contrib (Debian, Ubuntu), \
     dnf install postgresql-server postgresql-contrib (Fedora, RHEL), \
     apk add postgresql postgresql-contrib (Alpine), pacman -S postgresql (Arch), \
     brew install postgresql (macOS); if it is installed, set PGSURGE_PG_BIN to the folder that \
     has initdb and postgres";

/// A folder of programs that work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Programs {
    pub(crate) folder: PathBuf,
    pub(crate) version: String,
    pub(crate) major: u32,
}

/// Finds the programs, in the folder that was named or else where they usually are.
pub(crate) fn programs(
    environment: &Environment,
    named: Option<&Path>,
    account: Account,
) -> Result<Programs, Error> {
    let seek = Seek { environment, account };
    let mut tried = Vec::new();
    let by_user =
        named.map(Path::to_owned).or_else(|| environment.get("PGSURGE_PG_BIN").map(PathBuf::from));
    let places = match by_user {
        Some(folder) => vec![folder],
        None => seek.usual_places(),
    };
    for folder in places {
        match seek.look_at(&folder) {
            Ok(programs) => return Ok(programs),
            Err(reason) => tried.push(format!("{}: {reason}", folder.display())),
        }
    }
    Err(Error::NotFound { product: PRODUCT, tried, install: INSTALL })
}

struct Seek<'a> {
    environment: &'a Environment,
    account: Account,
}

impl Seek<'_> {
    fn usual_places(&self) -> Vec<PathBuf> {
        let mut places = Vec::new();
        if let Some(pg_config) = self.environment.find_in_path("pg_config")
            && let Ok(folder) = self.output_of(&pg_config, &["--bindir"])
        {
            places.push(PathBuf::from(folder));
        }
        // Folders of PATH that have nothing of PostgreSQL's would only make the error long.
        let has_any =
            |folder: &PathBuf| ["initdb", "postgres"].iter().any(|p| folder.join(p).exists());
        places.extend(self.environment.path_folders().into_iter().filter(has_any));
        places.extend(distribution_folders());
        let mut seen = Vec::new();
        for place in places {
            if !seen.contains(&place) {
                seen.push(place);
            }
        }
        seen
    }

    /// The programs of a folder, or what is wrong with them.
    fn look_at(&self, folder: &Path) -> Result<Programs, String> {
        let is_there = |program: &&str| folder.join(program).is_file();
        if let Some(missing) = ["initdb", "postgres"].iter().find(|program| !is_there(program)) {
            return Err(format!("no {missing}"));
        }
        let folder = home_of(folder);
        let version = self.output_of(&folder.join("postgres"), &["--version"])?;
        let initdb = self.output_of(&folder.join("initdb"), &["--version"])?;
        let (version, major) = version_in(&version).ok_or("postgres tells no version")?;
        if version_in(&initdb).is_none_or(|(other, _)| other != version) {
            return Err(format!("initdb and postgres are of different versions ({initdb})"));
        }
        if major < OLDEST {
            return Err(format!("version {version} is older than {OLDEST}"));
        }
        self.check_share_files(&folder.join("initdb"))?;
        Ok(Programs { folder, version: version.to_owned(), major })
    }

    /// `initdb --show` prints the files that it would use; the programs are no use without them.
    fn check_share_files(&self, initdb: &Path) -> Result<(), String> {
        let shown = self.output_of(initdb, &["--show", "--pgdata=/nonexistent"])?;
        let bki = shown.lines().find_map(|line| line.strip_prefix("POSTGRES_BKI="));
        match bki {
            Some(file) if !Path::new(file).is_file() => Err(format!("{file} is missing")),
            _ => Ok(()),
        }
    }

    /// What a program prints, or the first line of its complaint.
    fn output_of(&self, program: &Path, arguments: &[&str]) -> Result<String, String> {
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).current_dir("/");
        command.env_clear().envs(self.environment.handed_on());
        self.account.apply(&mut command);
        let output = command.output().map_err(|error| format!("{name} can't be run: {error}"))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        let complaint = text(&output.stderr);
        if output.status.success() {
            // initdb shows its files where others complain.
            let printed = text(&output.stdout);
            return Ok(if printed.is_empty() { complaint } else { printed });
        }
        let first = complaint.lines().next().unwrap_or_default();
        Err(format!("{name} doesn't work ({}): {first}", output.status))
    }
}

/// The folder where a program really is, if its companions are there too: links to single
/// programs hide the others (psql, pg_config) of the same installation.
fn home_of(folder: &Path) -> PathBuf {
    let real = folder.join("postgres").canonicalize().ok();
    let real = real.and_then(|program| Some(program.parent()?.to_owned()));
    match real {
        Some(real) if real.join("initdb").is_file() && real.join("postgres").is_file() => real,
        _ => folder.to_owned(),
    }
}

/// `postgres (PostgreSQL) 15.8 (Debian 15.8-1)` has version 15.8, `17beta1` is 17.
fn version_in(text: &str) -> Option<(&str, u32)> {
    let version = text.split_once("(PostgreSQL) ")?.1.split_whitespace().next()?;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((version, digits.parse().ok()?))
}

/// The folders that distributions use, as far as they exist, the newest version first.
fn distribution_folders() -> Vec<PathBuf> {
    // Parent, what the version stands behind, and the way to the programs from there.
    let versioned = [
        ("/usr/lib/postgresql", "", "bin"),          // Debian, Ubuntu
        ("/usr", "pgsql-", "bin"),                   // PGDG for RHEL, Fedora
        ("/usr/lib", "postgresql", "bin"),           // Gentoo, openSUSE
        ("/usr/libexec", "postgresql", ""),          // Alpine
        ("/opt/homebrew/opt", "postgresql@", "bin"), // Homebrew
        ("/usr/local/opt", "postgresql@", "bin"),    // Homebrew on Intel
        ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
        ("/Library/PostgreSQL", "", "bin"), // EDB's installer
    ];
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for (parent, before, after) in versioned {
        for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let version = name.to_str().and_then(|n| n.strip_prefix(before)?.parse().ok());
            found.extend(version.map(|version| (version, entry.path().join(after))));
        }
    }
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let plain = ["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"];
    let all = found.into_iter().map(|(_, folder)| folder).chain(plain.map(PathBuf::from));
    all.filter(|folder| folder.join("postgres").exists()).collect()
}

#[cfg(test)]
mod tests;
