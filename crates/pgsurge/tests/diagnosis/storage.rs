//! The server's files: making them longer, making them safe, reading them from the disk itself.

use crate::latches::Queue;
use crate::place::Place;
use crate::running::{Load, until};
use crate::scene::{
    Place::{Found, Leads},
    Scene,
};
use crate::seen::{Seen, near};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

pub const SCENES: [Scene; 4] = [
    Scene {
        name: "16 clients add a page each to the same table",
        rule: Some(("relation_extension", Leads)),
        // Each page is locked in the table of locks, filled by all who waited for it, and up to
        // version 15 counts as written.
        also: &["cpu_saturated", "lock_manager", "hot_page", "backend_writes", "stale_statistics"],
        play: extension,
    },
    Scene {
        name: "the checkpointer is stuck, and 200 tables grow",
        rule: Some(("backend_fsyncs", Found)),
        also: &["backend_writes", "shared_buffers_small", "cache_misses", "wal_sync"],
        play: fsyncs,
    },
    Scene {
        name: "rows are read from a fast disk, and the planner takes it for a slow one",
        rule: Some(("random_page_cost", Found)),
        also: &["cache_misses", "shared_buffers_small"],
        play: page_cost,
    },
    Scene {
        name: "16 clients read rows from a disk that two backups keep busy",
        rule: Some(("storage_saturated", Found)),
        also: &["cache_misses", "shared_buffers_small", "buffer_mapping"],
        play: saturated,
    },
];

fn extension() -> Seen {
    let place = Place::new(&[]);
    place.sql("CREATE UNLOGGED TABLE bulk (i int, body text)");
    place.sql("ALTER TABLE bulk ALTER body SET STORAGE PLAIN");
    let sql = "INSERT INTO bulk VALUES ($1, repeat('x', 7000))";
    let queue = Queue::of("relation_extension", "'extend', 'DataFileExtend'");
    queue.load(&place, sql, 1000)
}

/// The checkpointer, stopped; it goes on with the end of this value.
struct Stuck(Pid);

impl Stuck {
    fn stop(place: &Place) -> Stuck {
        let sql = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'";
        let pid = Pid::from_raw(place.number(sql) as i32);
        kill(pid, Signal::SIGSTOP).unwrap();
        Stuck(pid)
    }
}

impl Drop for Stuck {
    fn drop(&mut self) {
        // Of a server that is gone already nothing is stopped.
        let _gone = kill(self.0, Signal::SIGCONT);
    }
}

/// With 1 MB of shared_buffers the checkpointer's queue has room for 128 files.
fn fsyncs() -> Seen {
    let place = Place::new(&[("shared_buffers", "1MB")]);
    place.sql(
        "CREATE TABLE page (body text); ALTER TABLE page ALTER body SET STORAGE PLAIN; \
         DO $$ BEGIN FOR i IN 1..200 LOOP \
         EXECUTE format('CREATE UNLOGGED TABLE grows_%s (LIKE page INCLUDING STORAGE)', i); \
         END LOOP; END $$; \
         CREATE FUNCTION grow(i int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN \
         EXECUTE format('INSERT INTO grows_%s VALUES (repeat(''x'', 7000))', i); END $$",
    );
    let synced = "SELECT buffers_backend_fsync FROM pg_stat_bgwriter";
    let before = place.number(synced);
    let load = place.statements("SELECT grow($1)", 200, "--connections 4 --rate 300");
    let mut running = load.start();
    running.wait_for_second(1);
    let stuck = Stuck::stop(&place);
    running.wait_for_second(4);
    drop(stuck);
    let seen = Seen::of(&running.wait());
    let truth = place.number(synced) - before;
    near("syncs", seen.value("backend_fsyncs", "backend_fsyncs"), truth, 2.0);
    seen
}

const A_ROW: &str = "SELECT n FROM wide WHERE id = $1";

/// A file of the server that the system is to read anew, for its copy in memory is thrown away.
struct Uncached {
    path: PathBuf,
    file: File,
}

impl Uncached {
    /// That of a table.
    fn table(place: &Place, name: &str) -> Uncached {
        let path = place.sql(&format!("SELECT pg_relation_filepath('{name}')"));
        let path = place.data_dir().join(path);
        Uncached { file: File::open(&path).unwrap(), path }
    }

    #[cfg(target_os = "linux")]
    fn forget(&self) {
        use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
        posix_fadvise(&self.file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED).unwrap();
    }

    #[cfg(not(target_os = "linux"))]
    fn forget(&self) {
        panic!("scenes of a disk need Linux, which tells what the disk of {:?} does", self.path);
    }

    /// Reads of the disk that has it, the milliseconds that they took together, and those in which
    /// the disk had something to do.
    fn disk(&self) -> [f64; 3] {
        let device = self.file.metadata().unwrap().dev();
        let (major, minor) = (nix::sys::stat::major(device), nix::sys::stat::minor(device));
        let stat = format!("/sys/dev/block/{major}:{minor}/stat");
        let text = std::fs::read_to_string(stat).unwrap();
        let columns: Vec<f64> =
            text.split_ascii_whitespace().map(|it| it.parse().unwrap()).collect();
        [columns[0], columns[3], columns[9]]
    }
}

/// Runs a load while what the system keeps of a table in memory is thrown away again and again: what
/// was seen, and meanwhile the milliseconds that a read of the disk took, and the hundredths of the
/// time that it had something to do.
fn uncached(load: Load, file: &Uncached) -> (Seen, f64, f64) {
    let running = load.start();
    until("the load begins", || running.path("result.json.partial").exists());
    let (began, before) = (Instant::now(), file.disk());
    while began.elapsed() < Duration::from_secs(6) {
        file.forget();
        std::thread::sleep(Duration::from_millis(5));
    }
    let (after, time_ms) = (file.disk(), began.elapsed().as_secs_f64() * 1000.0);
    let [reads, read_ms, busy_ms] = std::array::from_fn(|at| after[at] - before[at]);
    (Seen::of(&running.wait()), read_ms / reads, busy_ms * 100.0 / time_ms)
}

fn page_cost() -> Seen {
    let place = crate::memory::wide(&[("random_page_cost", "4")]);
    let file = Uncached::table(&place, "wide");
    let load = place.statements(A_ROW, 10_000, "--connections 4 --rate 500");
    let (seen, read_ms, _) = uncached(load, &file);
    near("a read", seen.value("random_page_cost", "read_await_ms.mean"), read_ms, 35.0);
    seen
}

/// Somebody who copies a file over and over, past the system's memory; ended with this value.
struct Backup(Child);

impl Backup {
    fn start(path: &Path) -> Backup {
        let copy = "while :; do dd if=\"$0\" of=/dev/null bs=4M iflag=direct 2>/dev/null; done";
        Backup(Command::new("sh").args(["-c", copy]).arg(path).spawn().unwrap())
    }
}

impl Drop for Backup {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn saturated() -> Seen {
    let place = crate::memory::wide(&[]);
    let file = Uncached::table(&place, "wide");
    let backups = [(); 2].map(|()| Backup::start(&file.path));
    let load = place.statements(A_ROW, 10_000, "--connections 16");
    let (seen, _, busy) = uncached(load, &file);
    drop(backups);
    near("busy", seen.value("storage_saturated", "utilisation_percent.mean"), busy, 10.0);
    seen
}
