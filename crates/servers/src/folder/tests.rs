//! Which folders are removed, and which are not to be touched.

use super::*;

/// A folder as a killed owner leaves it: everything there, nobody holding the lock.
fn abandoned(base: &Path) -> PathBuf {
    let folder = Folder::create(base).unwrap();
    std::fs::write(folder.path().join("some file"), "x").unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    folder.path().to_owned()
}

#[test]
fn the_folder_of_a_dead_owner_is_removed_by_the_next_start() {
    let base = tempfile::tempdir().unwrap();
    let left = abandoned(base.path());
    assert!(left.exists());
    let _next = Folder::create(base.path()).unwrap();
    assert!(!left.exists());
}

#[test]
fn the_folder_of_a_living_owner_is_left_alone() {
    let base = tempfile::tempdir().unwrap();
    let living = Folder::create(base.path()).unwrap();
    let _next = Folder::create(base.path()).unwrap();
    assert!(living.path().join(LOCK).exists());
}

#[test]
fn a_folder_of_our_name_without_a_lock_file_is_not_ours() {
    let base = tempfile::tempdir().unwrap();
    let foreign = base.path().join(format!("{PREFIX}abc"));
    std::fs::create_dir(&foreign).unwrap();
    let _next = Folder::create(base.path()).unwrap();
    assert!(foreign.exists());
}

#[test]
fn a_lock_file_with_other_words_is_not_ours() {
    let base = tempfile::tempdir().unwrap();
    let foreign = abandoned(base.path());
    std::fs::write(foreign.join(LOCK), "mine").unwrap();
    let _next = Folder::create(base.path()).unwrap();
    assert!(foreign.join("some file").exists());
}

#[test]
fn a_lock_file_that_is_a_link_is_not_ours() {
    let base = tempfile::tempdir().unwrap();
    let foreign = abandoned(base.path());
    let elsewhere = base.path().join("elsewhere");
    std::fs::rename(foreign.join(LOCK), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, foreign.join(LOCK)).unwrap();
    let _next = Folder::create(base.path()).unwrap();
    assert!(foreign.join("some file").exists());
}

#[test]
fn a_folder_of_another_name_is_not_ours() {
    let base = tempfile::tempdir().unwrap();
    let renamed = base.path().join("important");
    std::fs::rename(abandoned(base.path()), &renamed).unwrap();
    let _next = Folder::create(base.path()).unwrap();
    assert!(renamed.join("some file").exists());
}

#[test]
fn a_link_to_a_folder_is_not_followed() {
    let base = tempfile::tempdir().unwrap();
    let renamed = base.path().join("important");
    std::fs::rename(abandoned(base.path()), &renamed).unwrap();
    std::os::unix::fs::symlink(&renamed, base.path().join(format!("{PREFIX}link"))).unwrap();
    let _next = Folder::create(base.path()).unwrap();
    assert!(renamed.join("some file").exists());
}

#[test]
fn a_removed_folder_is_gone() {
    let base = tempfile::tempdir().unwrap();
    let folder = Folder::create(base.path()).unwrap();
    folder.remove();
    assert_eq!(std::fs::read_dir(base.path()).unwrap().count(), 0);
}
