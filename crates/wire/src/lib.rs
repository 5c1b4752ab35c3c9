//! PostgreSQL's protocol as a sans-IO state machine, and a small blocking connection on top.
//!
//! [`Connection`] takes the bytes that arrived and tells events; what must be sent it appends to a
//! buffer. Whoever owns the socket (an event loop, [`blocking::Client`], a fuzzer) moves the bytes.
//! It knows nothing of load tests, owns no clock and reads no environment.
//!
//! Start reading at [`connection`]; requests are made with [`frame`], answers read with [`value`].

pub mod blocking;
pub mod connection;
pub mod error;
pub mod event;
pub mod frame;
mod message;
pub mod row;
pub mod server_error;
pub mod settings;
pub mod tls;
pub mod value;

pub use connection::Connection;
pub use error::Error;
pub use event::{Event, TransactionStatus};
pub use row::{Column, Columns, Row};
pub use server_error::{OwnedServerError, ServerError, SqlState};
pub use value::Oid;
