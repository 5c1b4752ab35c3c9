//! Buffers that the kernel picks from when bytes arrive: one pool per ring, for all its clients.
//!
//! A receive that stays armed (multishot) needs no buffer of its own while it waits, so memory
//! follows the bytes in flight, not the number of connections, and an answer costs one completion
//! and nothing else. A buffer belongs to the kernel from `give_back` until a completion names it.

use io_uring::IoUring;
use io_uring::types::BufRingEntry;
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::io;
use std::sync::atomic::{AtomicU16, Ordering};

/// Enough for the answers of most actions; a longer one comes in several.
pub(super) const BUFFER_BYTES: usize = 4096;
/// The only pool of a ring.
pub(super) const GROUP: u16 = 0;
/// What the kernel wants a ring of buffers to begin at.
const PAGE_BYTES: usize = 4096;

/// See the module.
pub(super) struct Buffers {
    /// Entries for the kernel, page-aligned.
    ring: *mut BufRingEntry,
    layout: Layout,
    /// `count` buffers behind one another.
    bytes: Box<[u8]>,
    count: u16,
    tail: u16,
}

impl Buffers {
    /// Registers buffers for `clients` clients with `ring`; they are to be unregistered before they are
    /// dropped.
    ///
    /// # Errors
    /// The kernel has no such buffers (before 5.19), or refuses the memory.
    pub(super) fn register(ring: &IoUring, clients: usize) -> io::Result<Buffers> {
        let count = clients.next_power_of_two().clamp(16, 1024) as u16;
        let bytes = usize::from(count) * size_of::<BufRingEntry>();
        let layout =
            Layout::from_size_align(bytes, PAGE_BYTES).map_err(|_| io::ErrorKind::OutOfMemory)?;
        // SAFETY: the size is not zero: at least 16 entries of 16 bytes.
        let entries = unsafe { alloc_zeroed(layout) }.cast::<BufRingEntry>();
        if entries.is_null() {
            handle_alloc_error(layout);
        }
        let bytes = vec![0; usize::from(count) * BUFFER_BYTES].into_boxed_slice();
        let mut buffers = Buffers { ring: entries, layout, bytes, count, tail: 0 };
        // SAFETY: the entries live until `buffers` is dropped, before which the owner unregisters
        // them, as it promised.
        unsafe {
            ring.submitter().register_buf_ring_with_flags(entries as u64, count, GROUP, 0)?;
        }
        (0..count).for_each(|buffer| buffers.give_back(buffer));
        Ok(buffers)
    }

    /// The first `length` bytes of `buffer`.
    pub(super) fn bytes(&self, buffer: u16, length: usize) -> &[u8] {
        let start = usize::from(buffer) * BUFFER_BYTES;
        self.bytes.get(start..start + length).unwrap_or_default()
    }

    /// Lets the kernel use `buffer` again.
    pub(super) fn give_back(&mut self, buffer: u16) {
        let index = usize::from(self.tail & (self.count - 1));
        let address = self.bytes[usize::from(buffer) * BUFFER_BYTES..].as_mut_ptr() as u64;
        // SAFETY: the index is below `count`, the number of entries. The kernel reads an entry
        // only after the tail has passed it, and the release store below orders the two.
        unsafe {
            let entry = &mut *self.ring.add(index);
            entry.set_addr(address);
            entry.set_len(BUFFER_BYTES as u32);
            entry.set_bid(buffer);
        }
        self.tail = self.tail.wrapping_add(1);
        // SAFETY: the tail lies in the first entry, which is valid and aligned for a u16; the
        // kernel only reads it.
        let tail = unsafe { AtomicU16::from_ptr(BufRingEntry::tail(self.ring).cast_mut()) };
        tail.store(self.tail, Ordering::Release);
    }
}

impl Drop for Buffers {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout, and the ring that used it is gone.
        unsafe { dealloc(self.ring.cast(), self.layout) };
    }
}
