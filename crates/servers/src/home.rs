//! The folders and the log of one server, and its programs' way to them.
//!
//! The folder itself is ours; inside it, the data and the socket have folders that only the
//! server's user may enter. A socket's path has a short limit, so where the folder lies deep,
//! the socket gets another folder of the same kind elsewhere.

use std::fs::OpenOptions;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::account::Account;
use crate::environment::Environment;
use crate::error::{Error, last_lines};
use crate::folder::Folder;
use crate::place;

/// The name of the data folder in a server's folder.
pub(crate) const DATA: &str = "data";
/// Linux allows 107 bytes for a socket's path, macOS and the BSDs 103.
const SOCKET_PATH_LIMIT: usize = 103;
/// The longest name that one of the servers gives to its socket.
const LONGEST_SOCKET_NAME: &str = ".s.PGSQL.65535";

/// Where a server lives.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) data_dir: PathBuf,
    pub(crate) socket_dir: PathBuf,
    pub(crate) log_path: PathBuf,
    pub(crate) environment: Environment,
    account: Account,
}

impl Home {
    /// Makes the folders; they are the server's until they are removed.
    pub(crate) fn make(
        environment: &Environment,
        base_dir: Option<&Path>,
        account: Account,
    ) -> Result<(Vec<Folder>, Home), Error> {
        let base = place::choose(environment, base_dir, account)?;
        let mut folders = vec![Folder::create(&base)?];
        let path = folders[0].path();
        let (data_dir, log_path) = (path.join(DATA), path.join("server.log"));
        let mut socket_dir = path.join("socket");
        if socket_dir.join(LONGEST_SOCKET_NAME).as_os_str().len() > SOCKET_PATH_LIMIT {
            let short = Folder::create(&place::choose_short(account)?)?;
            socket_dir = short.path().join("socket");
            folders.push(short);
        }
        let environment = environment.clone();
        let home = Home { data_dir, socket_dir, log_path, account, environment };
        match home.make_private_folders() {
            Ok(()) => Ok((folders, home)),
            Err(error) => {
                folders.into_iter().for_each(Folder::remove);
                Err(error)
            }
        }
    }

    fn make_private_folders(&self) -> Result<(), Error> {
        for made in [&self.data_dir, &self.socket_dir] {
            let private = std::fs::Permissions::from_mode(0o700);
            std::fs::create_dir(made)
                .and_then(|()| std::fs::set_permissions(made, private))
                .map_err(Error::io(format!("create {}", made.display())))?;
            self.account.give(made)?;
        }
        Ok(())
    }

    /// Writes a file that only the server's user (and root) can read.
    pub(crate) fn write_private(&self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        options
            .open(path)
            .and_then(|mut file| std::io::Write::write_all(&mut file, bytes))
            .map_err(Error::io(format!("write {}", path.display())))?;
        self.account.give(path)
    }

    /// A program of the server, as its user, with its messages going to the log.
    pub(crate) fn command(&self, program: &Path) -> Result<Command, Error> {
        let doing = format!("write {}", self.log_path.display());
        let log = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.log_path);
        let log = log.map_err(Error::io(&doing))?;
        let mut command = Command::new(program);
        command.env_clear().envs(self.environment.handed_on());
        // Where the server's user may be, whatever our own folder is.
        command.current_dir(&self.data_dir).stdin(Stdio::null());
        command.stdout(log.try_clone().map_err(Error::io(&doing))?).stderr(log);
        self.account.apply(&mut command);
        Ok(command)
    }

    /// How long the log is now: where the messages of what comes next begin.
    pub(crate) fn log_length(&self) -> u64 {
        self.log_path.metadata().map_or(0, |found| found.len())
    }

    /// The last lines of the log, from a position on.
    pub(crate) fn log_tail(&self, position: u64) -> String {
        let bytes = std::fs::read(&self.log_path).unwrap_or_default();
        let start = usize::try_from(position).unwrap_or(0).min(bytes.len());
        last_lines(&String::from_utf8_lossy(&bytes[start..]))
    }
}
