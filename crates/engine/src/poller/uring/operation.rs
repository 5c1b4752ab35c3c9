//! What a completion is about: the operation, the client, and which of its sockets, in 64 bits.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Connect = 1,
    Receive = 2,
    /// A send whose completion is waited for.
    Send = 3,
    /// A send that the answer proves done; it completes only when it fails.
    AnsweredSend = 4,
    Cancel = 5,
}

/// One completion.
#[derive(Clone, Copy, Debug)]
pub(super) struct Done {
    pub(super) data: u64,
    pub(super) result: i32,
    /// The buffer that holds what was received.
    pub(super) buffer: Option<u16>,
    /// The operation goes on: this is not its last completion.
    pub(super) more: bool,
}

pub(super) fn user_data(operation: Operation, client: usize, generation: u32) -> u64 {
    (operation as u64) << 60 | u64::from(generation & 0x0fff_ffff) << 32 | client as u64
}

pub(super) fn slot_key(data: u64) -> u64 {
    data & 0x0fff_ffff_ffff_ffff
}

pub(super) fn operation_of(data: u64) -> Option<Operation> {
    [
        Operation::Connect,
        Operation::Receive,
        Operation::Send,
        Operation::AnsweredSend,
        Operation::Cancel,
    ]
    .into_iter()
    .find(|&operation| operation as u64 == data >> 60)
}
