//! A program run to its end, with what the system charged it for.
//!
//! CPU time is that of this one child (`wait4`), so runs can't be mixed up. The peak of its memory
//! is read from `/proc` while it runs: `ru_maxrss` would also count the memory of the process that
//! started it, which is more than pgbench itself needs.

use nix::libc;
use std::fs::File;
use std::io::{Read, Seek};
use std::mem::MaybeUninit;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Often enough to see the peak shortly before the end, rare enough to cost nothing.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A program that has ended.
pub struct Ended {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// User and system time of the process.
    pub cpu_s: f64,
    /// How long it took.
    pub wall_s: f64,
    /// The most memory that it had resident; none where the system doesn't tell.
    pub peak_bytes: Option<u64>,
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

impl Ended {
    /// The last lines of what it said, for messages.
    pub fn complaint(&self) -> String {
        let text = if self.stderr.trim().is_empty() { &self.stdout } else { &self.stderr };
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(3)..].join("; ")
    }
}

/// A child that is killed when nobody waits for it any more.
struct Guard {
    child: Child,
    reaped: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.reaped {
            // It is ours and has not been waited for, so the id is still its own.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// A command that sees nothing of our environment but where programs are: a stray `PGOPTIONS`
/// would change what is compared.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C");
    for name in ["PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// Runs a command to its end; `look` sees its process id every now and then.
pub fn run_watched(
    command: &mut Command,
    patience: Duration,
    look: &mut dyn FnMut(u32),
) -> Result<Ended, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let file = || tempfile::tempfile().map_err(|error| format!("cannot make a file: {error}"));
    let (mut stdout, mut stderr) = (file()?, file()?);
    let shared = |file: &File| {
        file.try_clone().map(Stdio::from).map_err(|error| format!("cannot share a file: {error}"))
    };
    command.stdin(Stdio::null()).stdout(shared(&stdout)?).stderr(shared(&stderr)?);
    let began = Instant::now();
    let child = command.spawn().map_err(|error| format!("cannot start {name}: {error}"))?;
    let mut guard = Guard { child, reaped: false };
    let pid = guard.child.id();
    let mut peak_bytes = None;
    let (status, usage) = loop {
        if let Some(ended) = try_wait(pid)? {
            guard.reaped = true;
            break ended;
        }
        if began.elapsed() > patience {
            return Err(format!("{name} has not ended after {} s", patience.as_secs()));
        }
        peak_bytes = status_bytes(pid, "VmHWM:").or(peak_bytes);
        look(pid);
        std::thread::sleep(LOOK_EVERY);
    };
    let code = libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status));
    Ok(Ended {
        code,
        cpu_s: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        wall_s: began.elapsed().as_secs_f64(),
        peak_bytes,
        stdout: contents(&mut stdout)?,
        stderr: contents(&mut stderr)?,
    })
}

/// Runs a command to its end.
pub fn run(command: &mut Command, patience: Duration) -> Result<Ended, String> {
    run_watched(command, patience, &mut |_| {})
}

/// Runs a command that has to succeed.
pub fn run_well(command: &mut Command, patience: Duration) -> Result<Ended, String> {
    let ended = run(command, patience)?;
    if ended.code == Some(0) {
        return Ok(ended);
    }
    let name = command.get_program().to_string_lossy();
    Err(format!("{name} ended with {:?}: {}", ended.code, ended.complaint()))
}

/// A line of `/proc/PID/status` that is given in kB.
pub fn status_bytes(pid: u32, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

fn try_wait(pid: u32) -> Result<Option<(libc::c_int, libc::rusage)>, String> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // A process id fits pid_t: the system gave it as one.
    let pid = pid as libc::pid_t;
    // SAFETY: both pointers are to memory of ours of the right type.
    let waited = unsafe { libc::wait4(pid, &mut status, libc::WNOHANG, usage.as_mut_ptr()) };
    match waited {
        0 => Ok(None),
        // SAFETY: all zeroes are a valid rusage, and the system has filled it.
        ended if ended == pid => Ok(Some((status, unsafe { usage.assume_init() }))),
        _ => Err(format!("cannot wait for process {pid}: {}", std::io::Error::last_os_error())),
    }
}

fn seconds(time: libc::timeval) -> f64 {
    time.tv_sec as f64 + time.tv_usec as f64 / 1e6
}

fn contents(file: &mut File) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = file.rewind().and_then(|()| file.read_to_end(&mut bytes));
    read.map_err(|error| format!("cannot read what a program printed: {error}"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
