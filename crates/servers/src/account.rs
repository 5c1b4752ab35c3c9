//! Whom a server runs as.
//!
//! PostgreSQL refuses to run as root, so when we are root its programs run as an unprivileged
//! user, and what they write belongs to that user. When we are not root, everything is ours.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Gid, Uid, User};

use crate::error::Error;

/// The user that a server's programs run as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Account {
    /// Our own.
    Ours,
    /// Another one, since we are root.
    Other { uid: Uid, gid: Gid },
}

impl Account {
    /// Picks ours, or when we are root, the first of the names that exists and is not root too.
    pub(crate) fn choose(product: &'static str, names: &[&'static str]) -> Result<Account, Error> {
        if !Uid::effective().is_root() {
            return Ok(Account::Ours);
        }
        let found = names.iter().find_map(|name| {
            let user = User::from_name(name).ok().flatten()?;
            (!user.uid.is_root()).then_some(Account::Other { uid: user.uid, gid: user.gid })
        });
        found.ok_or_else(|| Error::NoUser { product, tried: names.to_vec() })
    }

    /// Makes a program run as this user (supplementary groups are dropped with root).
    pub(crate) fn apply(self, command: &mut Command) {
        if let Account::Other { uid, gid } = self {
            command.uid(uid.as_raw()).gid(gid.as_raw());
        }
    }

    /// Gives a file or folder to this user.
    pub(crate) fn give(self, path: &Path) -> Result<(), Error> {
        let Account::Other { uid, gid } = self else { return Ok(()) };
        std::os::unix::fs::chown(path, Some(uid.as_raw()), Some(gid.as_raw()))
            .map_err(Error::io(format!("give {} to the server's user", path.display())))
    }
}
