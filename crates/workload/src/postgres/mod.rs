//! PostgreSQL behind the engine's seam: statements, requests, answers, and the connection that
//! carries them by the simple, the extended or the prepared protocol.

mod answer;
mod backend;
mod call;
mod connection;
mod encode;
mod failure;
mod literal;
mod request;
mod statement;
pub(crate) mod timestamp;

pub use answer::{Answer, Reply, Row};
pub use backend::Postgres;
pub use call::Call;
pub use connection::PostgresConnection;
pub use failure::of_value;
pub use request::Request;
pub use statement::{
    BEGIN, COMMIT, FIRST, Protocol, ROLLBACK, Statement, Type, transaction_control,
};
