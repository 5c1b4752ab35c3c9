//! A server that becomes the hot standby of another one. Not a test: those of the diagnosis need it
//! as well.

use servers::Postgres;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// The line of `pg_hba.conf` that a primary needs.
pub const HBA: &str = "host replication postgres 127.0.0.1/32 trust";

/// Makes `standby` a copy of `primary`, which has `HBA`, that follows it. What says where it is
/// remains its own.
pub fn follow(primary: &Postgres, standby: &mut Postgres) {
    standby.shut_down();
    let folder = standby.data_dir().to_owned();
    let own = ["postgresql.conf", "pg_hba.conf"].map(|name| folder.join(name));
    let own = own.map(|path| (fs::read(&path).unwrap(), path));
    for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => fs::remove_dir_all(entry.path()).unwrap(),
            false => fs::remove_file(entry.path()).unwrap(),
        }
    }
    // Run by the user whose data this is.
    let owner = fs::metadata(&folder).unwrap();
    let mut copy = Command::new(primary.bin_dir().join("pg_basebackup"));
    copy.uid(owner.uid()).gid(owner.gid()).current_dir("/").stdout(Stdio::null());
    copy.args(["--write-recovery-conf", "--checkpoint=fast", "-h", "127.0.0.1", "-U", "postgres"]);
    copy.args(["-p", &primary.port().to_string(), "-D"]).arg(&folder);
    assert!(copy.status().unwrap().success(), "pg_basebackup failed");
    own.iter().for_each(|(text, path)| fs::write(path, text).unwrap());
    standby.restart().unwrap();
}
