//! A step under load allocates nothing once its buffers have grown: memory stays flat, and 60,000
//! steps a second stay cheap.

use crate::database::Database;
use crate::driver::Driver;
use engine::{Last, Moment, Next, Player};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use workload::Workload;
use workload::pgbench::{Pgbench, PgbenchOptions, Script};
use workload::postgres::{Answer, Protocol, Request};

/// Counts what each thread asks for; tests run side by side.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: everything is the system allocator's; the counter neither allocates nor has a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(block, layout, size) }
    }
}

/// How often this thread has asked for memory.
pub fn allocations() -> u64 {
    ALLOCATIONS.get()
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One action, from its wish to its success.
pub fn play(driver: &mut Driver, player: &mut impl Player<Request = Request, Answer = Answer>) {
    player.wish(Moment { elapsed: Default::default(), measured: true });
    let mut next = player.next(Last::Begin, &mut driver.request);
    while next == Next::Send {
        driver.send().unwrap();
        next = player.next(Last::Answer(&driver.answer), &mut driver.request);
    }
    assert_eq!(next, Next::Succeeded);
}

#[test]
fn actions_allocate_nothing_once_the_buffers_have_grown() {
    let database = Database::new("allocations");
    let scripts = Script::ALL.map(|script| (script, 1)).into();
    let run = "run".to_owned();
    let options = PgbenchOptions {
        scripts,
        scale: 1,
        schema: None,
        seed: 1,
        run,
        keep_data: false,
        pipeline: false,
        reuse_data: false,
    };
    let mut workload = Pgbench::new(options).unwrap();
    workload.set_up(&database.server()).unwrap();
    for protocol in [Protocol::Extended, Protocol::Prepared] {
        let mut driver = Driver::open(&database, workload.statements(), protocol);
        let mut player = workload.players(1).remove(0);
        (0..50).for_each(|_| play(&mut driver, &mut player));
        let before = ALLOCATIONS.get();
        (0..200).for_each(|_| play(&mut driver, &mut player));
        assert_eq!(ALLOCATIONS.get() - before, 0, "{}", protocol.name());
    }
}
