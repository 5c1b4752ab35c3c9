//! Where a server's folder goes: on a disk, writable, and open to the server's user.
//!
//! A server in memory (tmpfs) would be faster than any real one, so tmpfs is passed over. A
//! caller who names a folder gets that folder, tmpfs or not.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use crate::account::Account;
use crate::environment::Environment;
use crate::error::Error;

/// Tried in this order after `TMPDIR`; `/var/tmp` before `/tmp`, which often is in memory.
const USUAL: [&str; 2] = ["/var/tmp", "/tmp"];

/// The caller's folder, or the first usual one that will do.
pub(crate) fn choose(
    environment: &Environment,
    wanted: Option<&Path>,
    account: Account,
) -> Result<PathBuf, Error> {
    if let Some(folder) = wanted {
        return match fault(folder, account) {
            None => absolute(folder),
            Some(reason) => Err(Error::Option {
                option: "base_dir",
                reason: format!("{} {reason}", folder.display()),
            }),
        };
    }
    let from_user = environment.get("TMPDIR").map(PathBuf::from);
    let home = environment.get("HOME").map(PathBuf::from);
    let mut tried = Vec::new();
    for folder in from_user.into_iter().chain(USUAL.map(PathBuf::from)).chain(home) {
        let reason = fault(&folder, account)
            .or_else(|| is_in_memory(&folder).then(|| "is in memory, not on a disk".to_owned()));
        match reason {
            None => return absolute(&folder),
            Some(reason) => tried.push(format!("{} {reason}", folder.display())),
        }
    }
    Err(Error::NoPlace { tried })
}

/// The first folder with a path short enough for a socket in it.
pub(crate) fn choose_short(account: Account) -> Result<PathBuf, Error> {
    let found =
        ["/tmp", "/var/tmp"].map(Path::new).into_iter().find(|f| fault(f, account).is_none());
    found.map(Path::to_owned).ok_or_else(|| Error::NoPlace {
        tried: vec!["/tmp and /var/tmp can't be used for sockets".to_owned()],
    })
}

fn absolute(folder: &Path) -> Result<PathBuf, Error> {
    folder.canonicalize().map_err(Error::io(format!("resolve {}", folder.display())))
}

/// What is wrong with a folder, as the end of a sentence that starts with its path.
fn fault(folder: &Path, account: Account) -> Option<String> {
    if !folder.is_dir() {
        return Some("is not a folder".to_owned());
    }
    if access(folder, AccessFlags::W_OK | AccessFlags::X_OK).is_err() {
        return Some("can't be written".to_owned());
    }
    let closed = folder.canonicalize().ok()?;
    let closed = closed.ancestors().find(|ancestor| !may_enter(ancestor, account))?;
    Some(format!("can't be reached by the server's user ({} is closed)", closed.display()))
}

fn may_enter(folder: &Path, account: Account) -> bool {
    let Account::Other { uid, gid } = account else { return true };
    let Ok(found) = folder.metadata() else { return false };
    let execute_bit = match () {
        () if found.uid() == uid.as_raw() => 0o100,
        () if found.gid() == gid.as_raw() => 0o010,
        () => 0o001,
    };
    found.mode() & execute_bit != 0
}

#[cfg(target_os = "linux")]
fn is_in_memory(folder: &Path) -> bool {
    use nix::sys::statfs::{FsType, TMPFS_MAGIC, statfs};
    /// ramfs, which the nix crate has no name for.
    const RAMFS_MAGIC: FsType = FsType(0x8584_58f6);
    statfs(folder).is_ok_and(|found| [TMPFS_MAGIC, RAMFS_MAGIC].contains(&found.filesystem_type()))
}

#[cfg(not(target_os = "linux"))]
fn is_in_memory(_folder: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_folder_that_is_missing_is_an_error_that_names_it() {
        let missing = Path::new("/nonexistent/place");
        let error = choose(&Environment::default(), Some(missing), Account::Ours).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/place is not a folder"), "{error}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_folder_in_memory_is_passed_over() {
        assert!(is_in_memory(Path::new("/dev/shm")) && !is_in_memory(Path::new("/proc")));
        let environment = Environment::from_pairs([("TMPDIR", "/dev/shm")]);
        let chosen = choose(&environment, None, Account::Ours).unwrap();
        assert!(!chosen.starts_with("/dev/shm"), "{}", chosen.display());
    }

    #[test]
    fn a_folder_closed_to_the_servers_user_is_passed_over() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o700)).unwrap();
        let nobody = Account::Other { uid: 65_534.into(), gid: 65_534.into() };
        let reason = fault(folder.path(), nobody).expect("a fault");
        assert!(reason.contains("can't be reached"), "{reason}");
    }
}
