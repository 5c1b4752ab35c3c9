//! SIGINT, SIGTERM and SIGHUP: once ends the load cleanly, twice saves and goes.
//!
//! A thread of its own waits for signals, so nothing is done inside a handler. The load ends by its
//! [`Control`]; set-up ends at the first signal, verification and clean-up at the second.

use engine::Control;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::{Handle, Signals};
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use wire::blocking::Stop;

/// Listens for signals as long as it lives.
pub struct Interrupt {
    control: Arc<Control>,
    once: Stop,
    twice: Stop,
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Interrupt {
    /// Begins to listen. `heard` is told what each signal will do.
    ///
    /// # Errors
    /// The system refuses to hand signals over.
    pub fn listen(heard: impl Fn(&str) + Send + 'static) -> io::Result<Interrupt> {
        // What `nohup` has ignored stays ignored: a load test outlives the terminal.
        let heeded = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|it| !servers::is_ignored(*it));
        let mut signals = Signals::new(heeded)?;
        // A limit on file sizes ends a write with an error, as a full disk does, and not the run.
        signal_hook::flag::register(SIGXFSZ, Arc::default())?;
        let control = Arc::new(Control::default());
        let (once, twice) = (Stop::default(), Stop::default());
        let handle = signals.handle();
        let (to_stop, first, second) = (control.clone(), once.clone(), twice.clone());
        let listen = move || {
            for _signal in signals.forever() {
                if first.is_raised() {
                    heard("saving what there is");
                    to_stop.stop_now();
                    second.raise();
                } else {
                    heard("stopping: actions in flight may end; once more to save and go at once");
                    to_stop.stop();
                    first.raise();
                }
            }
        };
        let thread = std::thread::Builder::new().name("signals".to_owned()).spawn(listen)?;
        Ok(Interrupt { control, once, twice, handle, thread: Some(thread) })
    }

    /// What ends the engine's run.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Lets a next load begin after one that something else than the user has ended.
    pub fn rearm(&self) {
        // A signal that comes in between is not lost: no load begins after the first.
        if !self.once.is_raised() {
            self.control.reset();
        }
    }

    /// Raised by the first signal.
    pub fn once(&self) -> &Stop {
        &self.once
    }

    /// Raised by the second.
    pub fn twice(&self) -> &Stop {
        &self.twice
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            // It only waits for the handle, which has just been closed.
            let _ended = thread.join();
        }
    }
}
