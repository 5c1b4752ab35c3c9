//! SIGINT and SIGTERM: once ends the load cleanly, twice saves and goes.
//!
//! A thread of its own waits for signals, so nothing is done inside a handler. While no load
//! runs, the flag is looked at between steps.

use engine::Control;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

/// Listens for signals as long as it lives.
pub struct Interrupt {
    control: Arc<Control>,
    count: Arc<AtomicUsize>,
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Interrupt {
    /// Begins to listen. `heard` is told what each signal will do.
    ///
    /// # Errors
    /// The system refuses to hand signals over.
    pub fn listen(heard: impl Fn(&str) + Send + 'static) -> io::Result<Interrupt> {
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let (control, count) = (Arc::new(Control::default()), Arc::new(AtomicUsize::new(0)));
        let handle = signals.handle();
        let (to_stop, counted) = (control.clone(), count.clone());
        let listen = move || {
            for _signal in signals.forever() {
                if counted.fetch_add(1, Ordering::SeqCst) == 0 {
                    heard("stopping: actions in flight may end; once more to save and go at once");
                    to_stop.stop();
                } else {
                    heard("saving what there is");
                    to_stop.stop_now();
                }
            }
        };
        let thread = std::thread::Builder::new().name("signals".to_owned()).spawn(listen)?;
        Ok(Interrupt { control, count, handle, thread: Some(thread) })
    }

    /// What ends the engine's run.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// True after the first signal.
    pub fn is_raised(&self) -> bool {
        self.count.load(Ordering::SeqCst) > 0
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
