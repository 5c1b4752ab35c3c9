//! The hot path takes no memory: what is counted here is every allocation of this thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use bytes::BytesMut;
use wire::frame::{self, Bind};
use wire::settings::{Host, Settings, SslMode};
use wire::{Connection, Event};

/// The system's allocator, which counts per thread: other tests run at the same time.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: everything is the system allocator's; counting touches no memory of the heap.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that is going away is counted no more.
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are the same.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

fn ready() -> Connection {
    let mut settings = Settings::new(Host::Tcp("localhost".into()), "u", "d");
    settings.ssl_mode = SslMode::Disable;
    let mut connection = Connection::new(Arc::new(settings), None);
    let mut out = BytesMut::new();
    connection.start(&mut out).unwrap();
    connection.feed(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I", &mut out, &mut |_| {}).unwrap();
    connection
}

/// Bind complete, one row of two columns, completion, Ready.
const ANSWER: &[u8] = b"2\0\0\0\x04D\0\0\0\x12\0\x02\0\0\0\x04\0\0\0\x09\xff\xff\xff\xff\
                        C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I";

/// Sends a prepared statement and takes its answer in pieces of this size.
fn query(connection: &mut Connection, buffers: &mut [BytesMut; 2], piece: usize) -> i64 {
    let [requests, out] = buffers;
    out.clear();
    let bind = Bind::new(requests, "s1", 4).int4(7).text("some text").jsonb("[1, 2]");
    bind.text_array(["a", "b"]).finish().unwrap();
    frame::execute(requests, 0);
    frame::sync(requests);
    connection.send(requests, out).unwrap();
    let mut sum = 0;
    for piece in ANSWER.chunks(piece) {
        let add = &mut |event: Event<'_>| {
            if let Event::Row(row) = event {
                sum += row.value::<i64>(0).unwrap();
            }
        };
        connection.feed(piece, out, add).unwrap();
    }
    assert!(connection.is_ready());
    sum
}

#[test]
fn a_query_and_its_answer_take_no_memory() {
    let mut connection = ready();
    let mut buffers = [BytesMut::new(), BytesMut::new()];
    for piece in [ANSWER.len(), 7] {
        // The first ones make the buffers grow.
        let warm = (0..3).map(|_| query(&mut connection, &mut buffers, piece)).sum::<i64>();
        let mut sum = warm;
        let taken = allocations(|| {
            for _ in 0..1000 {
                sum += query(&mut connection, &mut buffers, piece);
            }
        });
        assert_eq!((sum, taken), (9 * 1003, 0), "pieces of {piece}");
    }
}

#[test]
fn the_count_sees_an_allocation() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}
