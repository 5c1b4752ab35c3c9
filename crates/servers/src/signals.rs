//! Ending the servers when a signal ends the process.
//!
//! For programs and tests that do nothing else about signals. A program that does (one that
//! saves its results first) calls [`crate::stop_all`] when it is done instead.

use std::io;
use std::sync::Mutex;
use std::sync::PoisonError;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Stops and removes all servers on SIGINT, SIGTERM and SIGHUP, and then lets the signal end the
/// process as it would have. A signal that is ignored (`nohup`) stays ignored. Calling it again
/// does nothing.
///
/// # Errors
/// When the handlers or their thread can't be set up.
pub fn clean_up_on_signals() -> io::Result<()> {
    static DONE: Mutex<bool> = Mutex::new(false);
    let mut done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    if *done {
        return Ok(());
    }
    let awaited: Vec<i32> =
        [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| !is_ignored(*signal)).collect();
    let mut signals = Signals::new(awaited)?;
    std::thread::Builder::new().name("pgsurge-signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            crate::stop_all();
            // Doesn't come back: the default of each of these is to end the process.
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    })?;
    *done = true;
    Ok(())
}

/// Whether whoever started us wants this signal ignored (`nohup`): it has to stay so.
pub fn is_ignored(signal: i32) -> bool {
    // SAFETY: sigaction is plain data, for which zero is a value; a null new action only asks.
    unsafe {
        let mut current: nix::libc::sigaction = std::mem::zeroed();
        nix::libc::sigaction(signal, std::ptr::null(), &mut current) == 0
            && current.sa_sigaction == nix::libc::SIG_IGN
    }
}
