//! All servers of this process, so that they can be stopped from one place.
//!
//! Values in statics are not dropped when a process ends, and nothing is dropped on a signal.
//! So every server is listed here; the first one arranges that a normal exit stops them all.

use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, Weak};

use crate::instance::Instance;

static INSTANCES: Mutex<Vec<Weak<Instance>>> = Mutex::new(Vec::new());

/// Held while folders are made and their server is not listed yet.
static SETTLING: Mutex<()> = Mutex::new(());

/// Keeps [`stop_all`] waiting until it is dropped: for the moment in which a server has folders and
/// is not listed.
pub(crate) fn settling() -> MutexGuard<'static, ()> {
    SETTLING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lists a server, for as long as it lives.
pub(crate) fn enroll(instance: &Arc<Instance>) {
    static AT_EXIT: Once = Once::new();
    AT_EXIT.call_once(|| {
        // SAFETY: registers a function that lives as long as the program and doesn't unwind.
        // A failure (out of memory) costs what a SIGKILL costs: the next start cleans up.
        unsafe { nix::libc::atexit(stop_all_at_exit) };
    });
    let mut instances = INSTANCES.lock().unwrap_or_else(PoisonError::into_inner);
    instances.retain(|listed| listed.strong_count() > 0);
    instances.push(Arc::downgrade(instance));
}

/// Stops and removes every server of this process, those that are just starting included: their
/// `start` ends with [`crate::Error::Stopped`].
///
/// For a program that handles signals itself; [`crate::clean_up_on_signals`] is for the others.
pub fn stop_all() {
    let _all_are_listed = settling();
    let listed = INSTANCES.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let running: Vec<Arc<Instance>> = listed.iter().filter_map(Weak::upgrade).collect();
    // All are told before any is waited for: they end side by side.
    for instance in &running {
        instance.tell_to_end();
    }
    for instance in &running {
        instance.remove();
    }
}

extern "C" fn stop_all_at_exit() {
    // A panic must not unwind into C.
    let _ = std::panic::catch_unwind(stop_all);
}
