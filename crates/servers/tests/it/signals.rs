//! However an owner ends, its servers end with it and their folders go, at the latest with the
//! next start.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use servers::{Redis, RedisOptions};

use crate::base::{Base, eventually, is_alive, is_listened_on, processes_in};
use crate::environment;
use crate::owner::Owner;

/// Far below the patience with a server that is told to end, and enough for a busy machine.
const AT_ONCE: Duration = Duration::from_secs(4);

fn start_another_server_in(base: &Base) -> Redis {
    let base_dir = Some(base.path().to_owned());
    Redis::start(&environment(), &RedisOptions { base_dir, ..Default::default() }).unwrap()
}

#[test]
fn killing_the_owner_ends_its_postgres_and_the_next_start_removes_the_folder() {
    let base = Base::new();
    let mut owner = Owner::start("postgres", &base);
    let held = owner.held();
    let left = base.folders();
    assert!(is_alive(held.pid) && left.len() == 1);
    owner.kill();
    eventually("the server ends", || processes_in(&left[0]).is_empty());
    assert!(!is_alive(held.pid) && !is_listened_on(held.port));
    drop(start_another_server_in(&base));
    assert!(base.folders().is_empty());
}

#[test]
fn killing_the_owner_ends_even_a_paused_postgres() {
    let base = Base::new();
    let mut owner = Owner::start("paused postgres", &base);
    let held = owner.held();
    let left = base.folders();
    // Its line comes before the pause: wait for the state that we want to see it leave.
    let stat = format!("/proc/{}/stat", held.pid);
    eventually("it pauses", || std::fs::read_to_string(&stat).unwrap().contains(") T "));
    owner.kill();
    drop(start_another_server_in(&base));
    assert!(processes_in(&left[0]).is_empty() && base.folders().is_empty());
}

#[test]
fn killing_the_owner_ends_its_redis() {
    let base = Base::new();
    let mut owner = Owner::start("redis", &base);
    let held = owner.held();
    assert!(is_alive(held.pid));
    owner.kill();
    eventually("the server ends", || !is_alive(held.pid));
}

/// The program of a running server, started once more where that one was, by nobody who would take
/// it along: as it is where its owner's death is not told to it.
#[cfg(target_os = "linux")]
struct Survivor(std::process::Child);

#[cfg(target_os = "linux")]
impl Survivor {
    fn of(pid: u32) -> impl FnOnce() -> Survivor {
        use std::os::unix::{ffi::OsStringExt, fs::MetadataExt, process::CommandExt};
        let place = std::path::PathBuf::from(format!("/proc/{pid}"));
        let [program, folder] =
            ["exe", "cwd"].map(|it| std::fs::read_link(place.join(it)).unwrap());
        let user = place.metadata().unwrap();
        let line = std::fs::read(place.join("cmdline")).unwrap();
        let words = line.split(|byte| *byte == 0).skip(1).filter(|it| !it.is_empty());
        let words: Vec<_> = words.map(|it| std::ffi::OsString::from_vec(it.to_vec())).collect();
        move || {
            let mut command = std::process::Command::new(program);
            command.args(words).current_dir(folder).uid(user.uid()).gid(user.gid());
            Survivor(
                command
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()
                    .unwrap(),
            )
        }
    }
}

#[cfg(target_os = "linux")]
impl Drop for Survivor {
    fn drop(&mut self) {
        // Ended already is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_pgbouncer_that_outlived_its_owner_is_ended_by_the_next_start_and_one_in_use_is_not() {
    let base = Base::new();
    let mut owner = Owner::start("pgbouncer", &base);
    let (_postgres, held) = (owner.held(), owner.held());
    drop(start_another_server_in(&base));
    assert!(is_alive(held.pid) && is_listened_on(held.port), "its owner lives");
    let start_again = Survivor::of(held.pid);
    owner.kill();
    eventually("the server ends", || !is_alive(held.pid));
    let survivor = start_again();
    eventually("it listens", || is_listened_on(held.port));
    drop(start_another_server_in(&base));
    assert!(!is_alive(survivor.0.id()) && !is_listened_on(held.port));
    assert!(base.folders().is_empty());
}

#[test]
fn a_signal_ends_the_owner_as_ever_and_leaves_nothing() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let base = Base::new();
        let mut owner = Owner::start("redis and signals", &base);
        let held = owner.held();
        owner.signal(signal);
        assert_eq!(owner.wait().signal(), Some(signal as i32));
        assert!(!is_alive(held.pid) && base.folders().is_empty(), "{signal}");
    }
}

#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let base = Base::new();
    let mut owner = Owner::start_ignoring_hangups("redis and signals", &base);
    owner.held();
    owner.signal(Signal::SIGHUP);
    owner.signal(Signal::SIGTERM);
    assert_eq!(owner.wait().signal(), Some(Signal::SIGTERM as i32));
}

#[test]
fn a_signal_leaves_nothing_of_a_postgres() {
    let base = Base::new();
    let mut owner = Owner::start("postgres and signals", &base);
    let held = owner.held();
    owner.signal(Signal::SIGTERM);
    assert_eq!(owner.wait().signal(), Some(Signal::SIGTERM as i32));
    assert!(!is_alive(held.pid) && base.folders().is_empty());
}

#[test]
fn a_signal_while_a_server_is_being_made_ends_and_removes_it_at_once() {
    let base = Base::new();
    let mut owner = Owner::start("starting and signals", &base);
    owner.line_with("STARTING");
    let initdb_works = |base: &Base| {
        base.folders().first().is_some_and(|folder| folder.join("data/base").exists())
    };
    eventually("initdb is at work", || initdb_works(&base));
    let folder = base.folders().remove(0);
    let began = Instant::now();
    owner.signal(Signal::SIGTERM);
    owner.wait();
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    assert!(processes_in(&folder).is_empty() && base.folders().is_empty());
}

#[test]
fn servers_in_statics_go_when_the_process_ends_by_itself() {
    let base = Base::new();
    let mut owner = Owner::start("servers in statics", &base);
    let (postgres, redis) = (owner.held(), owner.held());
    assert!(owner.wait().success());
    assert!(!is_alive(postgres.pid) && !is_alive(redis.pid) && base.folders().is_empty());
}

#[test]
fn a_panic_takes_the_server_along() {
    let base = Base::new();
    let mut owner = Owner::start("panic", &base);
    let held = owner.held();
    assert!(!owner.wait().success());
    assert!(!is_alive(held.pid) && base.folders().is_empty());
}

#[test]
fn an_owner_that_is_not_root_gets_a_server_too() {
    let base = Base::new();
    let mut owner = Owner::start_unprivileged("postgres and signals", &base);
    let held = owner.held();
    assert!(held.url.starts_with("postgresql://postgres@127.0.0.1:") && is_listened_on(held.port));
    let status = std::fs::read_to_string(format!("/proc/{}/status", held.pid)).unwrap();
    assert!(!status.contains("\nUid:\t0"), "{status}");
    owner.signal(Signal::SIGTERM);
    owner.wait();
    assert!(base.folders().is_empty());
}

#[test]
fn a_server_outlives_the_thread_that_started_it() {
    let base = Base::new();
    let path = base.path().to_owned();
    let start = move || {
        let options = RedisOptions { base_dir: Some(path), ..Default::default() };
        Redis::start(&environment(), &options).unwrap()
    };
    let server = std::thread::spawn(start).join().unwrap();
    // A signal on the thread's death would have been sent before join returned; the server
    // answers to a second start's worth of work after it.
    drop(start_another_server_in(&base));
    assert!(is_alive(server.pid()) && is_listened_on(server.port()));
}
