//! One server while it exists: its process and its folders, whoever holds it.
//!
//! Shared by the server's value and the registry, so either can end it. The lock is held for
//! single steps only (never while waiting for a server to start), so a signal finds it free.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::account::Account;
use crate::deadline::wait_for;
use crate::environment::Environment;
use crate::error::Error;
use crate::folder::Folder;
use crate::home::Home;
use crate::process::Process;

/// How long a server may take to end after being told, before it is killed.
const END_LIMIT: Duration = Duration::from_secs(10);

/// What a product needs done differently.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manners {
    /// PostgreSQL, Redis or PgBouncer.
    pub(crate) product: &'static str,
    /// Ends a server whose data is not needed any more, fast.
    pub(crate) drop_signal: Signal,
    /// The files outside its folder that a killed process leaves behind.
    pub(crate) outside: fn(Pid) -> Vec<PathBuf>,
    /// Removes what a killed server left outside its folder: those files, and what else is known.
    pub(crate) sweep: fn(&Path, Vec<PathBuf>),
}

/// One server.
#[derive(Debug)]
pub(crate) struct Instance {
    manners: Manners,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    process: Option<Process>,
    pid: u32,
    /// Whether that is the server itself, and not a program that makes its data.
    is_server: bool,
    /// The first holds the data; empty once the server is removed.
    folders: Vec<Folder>,
    /// Files outside the folders that a killed server can't remove itself.
    outside: Vec<PathBuf>,
    owner: u32,
}

impl Instance {
    /// Makes a server's folders and lists it, so that no signal comes in between: what is not listed
    /// would be left to the next start.
    pub(crate) fn settle(
        manners: Manners,
        environment: &Environment,
        base_dir: Option<&Path>,
        account: Account,
    ) -> Result<(Arc<Instance>, Home), Error> {
        let _ends_wait = crate::registry::settling();
        let (folders, home) = Home::make(environment, base_dir, account)?;
        Ok((Instance::new(manners, folders), home))
    }

    /// Takes over a server's folders and lists it.
    fn new(manners: Manners, folders: Vec<Folder>) -> Arc<Instance> {
        let owner = std::process::id();
        let (process, pid, is_server, outside) = (None, 0, false, Vec::new());
        let state = State { process, pid, is_server, folders, outside, owner };
        let instance = Arc::new(Instance { manners, state: Mutex::new(state) });
        crate::registry::enroll(&instance);
        instance
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere is no reason to leave a server behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, as long as the server has not been removed.
    fn living(&self) -> Result<MutexGuard<'_, State>, Error> {
        let state = self.state();
        if state.folders.is_empty() {
            return Err(Error::Stopped { product: self.manners.product });
        }
        Ok(state)
    }

    /// Starts a program that makes what the server needs; it dies with us.
    pub(crate) fn launch_maker(&self, command: Command) -> Result<(), Error> {
        self.living()?.launch(command, Signal::SIGKILL)
    }

    /// Starts the server itself, which ends with us like one that is dropped.
    pub(crate) fn launch_server(&self, command: Command) -> Result<(), Error> {
        let mut state = self.living()?;
        state.launch(command, self.manners.drop_signal)?;
        state.is_server = true;
        // It takes care of what one before it has left.
        state.outside.clear();
        Ok(())
    }

    /// How the program ended, where it has; an error when the server was removed meanwhile.
    pub(crate) fn exited(&self) -> Result<Option<ExitStatus>, Error> {
        Ok(self.living()?.process.as_mut().and_then(Process::exited))
    }

    /// The process id of the program started last.
    pub(crate) fn pid(&self) -> u32 {
        self.state().pid
    }

    /// Ends the server, keeping its data; kills it when it takes longer than `limit`.
    pub(crate) fn end(&self, signal: Signal, limit: Duration) {
        self.tell(signal);
        // Asked anew each time, so that a removal meanwhile can hurry it up.
        let ended = wait_for(limit, || {
            let mut state = self.state();
            state.process.as_mut().is_none_or(|process| process.exited().is_some()).then_some(())
        });
        if ended.is_none() {
            self.kill();
        }
    }

    /// Sends a signal that a paused server hears, too.
    fn tell(&self, signal: Signal) {
        if let Some(process) = self.state().process.as_mut() {
            process.signal(signal);
            process.thaw();
        }
    }

    /// Kills the server with all its processes, as a crash would.
    pub(crate) fn kill(&self) {
        self.state().kill(self.manners);
    }

    /// Stops the server in its tracks.
    pub(crate) fn freeze(&self) {
        if let Some(process) = self.state().process.as_mut() {
            process.freeze();
        }
    }

    /// Lets a stopped server go on.
    pub(crate) fn thaw(&self) {
        if let Some(process) = self.state().process.as_mut() {
            process.thaw();
        }
    }

    /// Tells the server to end, without waiting for it.
    pub(crate) fn tell_to_end(&self) {
        if self.is_ours() && self.state().is_server {
            self.tell(self.manners.drop_signal);
        }
    }

    /// Ends the server and removes all that is left of it. The second time nothing happens.
    pub(crate) fn remove(&self) {
        if !self.is_ours() {
            return;
        }
        if self.state().is_server {
            self.end(self.manners.drop_signal, END_LIMIT);
        }
        let mut state = self.state();
        if !state.is_server {
            // A program that makes the data has nothing to put in order, but children that write
            // on when it ends first: they all go at once.
            state.kill(self.manners);
        }
        let outside = std::mem::take(&mut state.outside);
        if let Some(folder) = state.folders.first() {
            (self.manners.sweep)(folder.path(), outside);
        }
        for folder in state.folders.drain(..) {
            folder.remove();
        }
    }
}

impl Instance {
    /// A forked child that ends must not take its parent's servers with it.
    fn is_ours(&self) -> bool {
        self.state().owner == std::process::id()
    }
}

impl State {
    fn launch(&mut self, command: Command, on_our_death: Signal) -> Result<(), Error> {
        let doing = format!("start {}", command.get_program().to_string_lossy());
        let process = Process::start(command, on_our_death).map_err(Error::io(doing))?;
        self.pid = process.pid().as_raw().cast_unsigned();
        self.process = Some(process);
        self.is_server = false;
        Ok(())
    }

    fn kill(&mut self, manners: Manners) {
        if let Some(process) = self.process.as_mut() {
            let frozen = process.freeze();
            self.outside.extend(frozen.iter().flat_map(|pid| (manners.outside)(*pid)));
            process.kill(&frozen);
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.remove();
    }
}
