//! Programs that end with us.
//!
//! On Linux a program asks for a signal on the death of its parent, after the change of user,
//! which would clear the wish. "Parent" is the thread that made it, not the process, so all
//! programs are made by one thread that lives as long as the process does.

pub(crate) mod leftover;
pub(crate) mod tree;

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::deadline::wait_for;

/// How long the kernel may take to carry out SIGKILL on a loaded machine.
const DEATH_LIMIT: Duration = Duration::from_secs(30);

/// A program of ours, running or ended but remembered.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts a program, in a process group of its own: the terminal's Ctrl-C is for us alone.
    pub(crate) fn start(mut command: Command, on_our_death: Signal) -> io::Result<Process> {
        command.process_group(0);
        die_with_parent(&mut command, on_our_death);
        let (reply, child) = sync_channel(1);
        maker()?.send(Job { command, reply }).map_err(io::Error::other)?;
        Ok(Process { child: child.recv().map_err(io::Error::other)?? })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// How it ended, where it has.
    pub(crate) fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits for its end, for some time.
    pub(crate) fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        wait_for(limit, || self.exited())
    }

    /// Sends a signal, where it still runs.
    pub(crate) fn signal(&mut self, signal: Signal) {
        if self.exited().is_none() {
            // Our child that was not waited for: the id can't have passed to someone else.
            let _ = kill(self.pid(), signal);
        }
    }

    /// Stops it and its descendants in their tracks, and says which they are.
    pub(crate) fn freeze(&mut self) -> Vec<Pid> {
        if self.exited().is_some() { Vec::new() } else { tree::freeze(self.pid()) }
    }

    /// Lets it and its descendants go on.
    pub(crate) fn thaw(&mut self) {
        if self.exited().is_none() {
            tree::thaw(self.pid());
        }
    }

    /// Kills the processes that [`Process::freeze`] has stopped, as a crash would, and waits until
    /// they are gone. Frozen first: what can't run can't make new processes while we kill.
    pub(crate) fn kill(&mut self, frozen: &[Pid]) {
        for pid in frozen {
            let _ = kill(*pid, Signal::SIGKILL);
        }
        self.wait(DEATH_LIMIT);
        wait_for(DEATH_LIMIT, || (!tree::any_alive(frozen)).then_some(()));
    }
}

/// Asks for `signal` when our process ends.
#[cfg(target_os = "linux")]
fn die_with_parent(command: &mut Command, signal: Signal) {
    let parent = Pid::this();
    let ask = move || {
        nix::sys::prctl::set_pdeathsig(signal)?;
        // Died in between: nobody would tell us any more.
        if nix::unistd::getppid() == parent { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
    };
    // SAFETY: runs between fork and exec, where only async-signal-safe functions are allowed;
    // prctl and getppid are, and nothing here allocates or takes a lock. The standard library
    // changes the user before it calls this.
    unsafe { command.pre_exec(ask) };
}

/// Elsewhere there is no such signal: the next start ends what a killed owner left.
#[cfg(not(target_os = "linux"))]
fn die_with_parent(_command: &mut Command, _signal: Signal) {}

struct Job {
    command: Command,
    reply: SyncSender<io::Result<Child>>,
}

/// The way to the thread that makes all programs.
fn maker() -> io::Result<Sender<Job>> {
    static MAKER: Mutex<Option<Sender<Job>>> = Mutex::new(None);
    let mut maker = MAKER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(sender) = &*maker {
        return Ok(sender.clone());
    }
    let (sender, jobs) = channel::<Job>();
    std::thread::Builder::new().name("pgsurge-servers".to_owned()).spawn(move || {
        // Never ends: the static above keeps a sender for as long as the process lives.
        for mut job in jobs {
            // A caller who is gone has nobody to take the program: it must not stay.
            if let Err(lost) = job.reply.send(job.command.spawn())
                && let Ok(mut child) = lost.0
            {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    })?;
    Ok(maker.insert(sender).clone())
}
