//! What the server says, one event per message, borrowing the bytes that arrived.

use crate::row::{Columns, Row};
use crate::server_error::ServerError;
use crate::value::Oid;

/// Where the session stands in a transaction, told with every `Ready`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TransactionStatus {
    /// Outside a transaction.
    #[default]
    Idle,
    /// Inside one.
    InTransaction,
    /// Inside one that failed: only a rollback helps.
    Failed,
}

/// How COPY transfers data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyFormat {
    /// Binary, or text (and CSV).
    pub binary: bool,
    /// Columns per row.
    pub columns: u16,
}

/// One message of the server.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A batch (up to its Sync, or a simple query) is answered; also ends the login.
    Ready(TransactionStatus),
    /// A statement was parsed.
    ParseComplete,
    /// Parameters were bound.
    BindComplete,
    /// A statement or portal was closed.
    CloseComplete,
    /// The types of a statement's parameters.
    ParameterDescription(Parameters<'a>),
    /// The columns of the rows that follow.
    RowDescription(Columns<'a>),
    /// The statement returns no rows.
    NoData,
    /// One row.
    Row(Row<'a>),
    /// A statement is done.
    Complete {
        /// The command with its counts (`INSERT 0 5`).
        tag: &'a str,
        /// Rows returned or changed.
        rows: u64,
    },
    /// An empty statement is done.
    EmptyQuery,
    /// `max_rows` of Execute were sent; the portal has more.
    PortalSuspended,
    /// A statement failed; the server skips what follows up to the next Sync. A fatal one may also
    /// come while nothing is asked, when the server ends the connection.
    Error(ServerError<'a>),
    /// A notice or warning, at any moment.
    Notice(ServerError<'a>),
    /// A parameter of the session has this value now, at any moment.
    Parameter {
        /// Its name.
        name: &'a str,
        /// Its value.
        value: &'a str,
    },
    /// A message by NOTIFY, at any moment.
    Notification {
        /// The backend that sent it.
        process_id: i32,
        /// The channel.
        channel: &'a str,
        /// The text.
        payload: &'a str,
    },
    /// The server waits for COPY data.
    CopyIn(CopyFormat),
    /// COPY data follows.
    CopyOut(CopyFormat),
    /// A piece of it (in text formats one line).
    CopyData(&'a [u8]),
    /// That was all COPY data.
    CopyDone,
}

/// The types of a statement's parameters.
#[derive(Debug, Clone, Copy)]
pub struct Parameters<'a> {
    pub(crate) oids: &'a [u8],
}

impl<'a> Parameters<'a> {
    /// How many.
    pub fn len(&self) -> usize {
        self.oids.len() / 4
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.oids.is_empty()
    }

    /// Their types, in order.
    pub fn iter(&self) -> impl Iterator<Item = Oid> + 'a {
        self.oids.chunks_exact(4).map(|oid| u32::from_be_bytes([oid[0], oid[1], oid[2], oid[3]]))
    }
}
