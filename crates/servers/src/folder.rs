//! A server's folder, and how others know whose it is.
//!
//! The owner holds a lock (flock) on `owner.lock` in the folder for as long as it lives; the
//! system lets go of it when the owner ends, however it ends. So a folder is left over exactly
//! when the lock can be had. Whatever has no such file, with our words in it, is none of ours
//! and is never touched.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::unistd::Uid;

use crate::deadline::wait_for;
use crate::error::Error;

/// What the names of our folders begin with.
const PREFIX: &str = "pgsurge-server-";
const LOCK: &str = "owner.lock";
/// What writes into a folder that goes has ended by then, or never will.
const REMOVE_LIMIT: Duration = Duration::from_secs(2);
/// Written only once the lock is held, so a folder without it is not yet (or not) ours to judge.
const WORDS: &str = "A throwaway server of pgsurge lives here while its owner holds this lock.\n";

/// A folder that is ours while this value lives; the lock goes with it.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    lock: File,
}

impl Folder {
    /// Makes a new folder in `base`, after removing what dead owners left there.
    pub(crate) fn create(base: &Path) -> Result<Folder, Error> {
        remove_leftovers(base);
        let template = base.join(format!("{PREFIX}XXXXXX"));
        let path = nix::unistd::mkdtemp(&template).map_err(|errno| {
            Error::io(format!("create a folder in {}", base.display()))(errno.into())
        })?;
        // The server's user has to pass through; what is inside has its own permissions.
        let open = std::fs::Permissions::from_mode(0o711);
        let doing = format!("prepare {}", path.display());
        std::fs::set_permissions(&path, open).map_err(Error::io(&doing))?;
        let lock = take_new_lock(&path.join(LOCK)).map_err(Error::io(&doing))?;
        Ok(Folder { path, lock })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it with all that is in it. What can't be removed stays for the next start.
    pub(crate) fn remove(self) {
        // A start that is cut short may be writing a file at this very moment, once.
        wait_for(REMOVE_LIMIT, || remove_locked(&self.path, &self.lock).then_some(()));
    }
}

fn take_new_lock(path: &Path) -> std::io::Result<File> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.lock()?;
    file.write_all(WORDS.as_bytes())?;
    Ok(file)
}

/// Removes the folders in `base` whose owners are gone, with the servers that may live on there.
fn remove_leftovers(base: &Path) {
    let Ok(entries) = std::fs::read_dir(base) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            let path = entry.path();
            if let Some(lock) = lock_of_dead_owner(&path) {
                crate::process::leftover::end_servers_in(&path);
                remove_locked(&path, &lock);
            }
        }
    }
}

/// The lock of a folder of ours whose owner is gone.
fn lock_of_dead_owner(path: &Path) -> Option<File> {
    let found = path.symlink_metadata().ok()?;
    if !found.is_dir() || found.uid() != Uid::effective().as_raw() {
        return None;
    }
    let no_links = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
    let mut file =
        OpenOptions::new().read(true).custom_flags(no_links).open(path.join(LOCK)).ok()?;
    file.try_lock().ok()?;
    let mut words = String::new();
    (&mut file).take(WORDS.len() as u64 + 1).read_to_string(&mut words).ok()?;
    (words == WORDS).then_some(file)
}

/// Removes everything, the lock file last: a removal that is cut short can be taken up again.
/// Returns whether nothing is left.
fn remove_locked(path: &Path, _held: &File) -> bool {
    let Ok(entries) = std::fs::read_dir(path) else { return !path.exists() };
    let mut emptied = true;
    for entry in entries.flatten().filter(|entry| entry.file_name() != LOCK) {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let removed = if is_folder {
            std::fs::remove_dir_all(entry.path())
        } else {
            std::fs::remove_file(entry.path())
        };
        emptied &= removed.is_ok();
    }
    let unlocked = emptied
        && match std::fs::remove_file(path.join(LOCK)) {
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
            Ok(()) => true,
        };
    unlocked && std::fs::remove_dir(path).is_ok()
}

#[cfg(test)]
mod tests;
