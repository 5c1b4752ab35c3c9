//! Throwaway PostgreSQL, Redis and PgBouncer servers on free ports, which leave nothing behind.
//!
//! A server belongs to the process that started it: it ends when its value is dropped, when the
//! process exits or panics, on a signal (if [`clean_up_on_signals`] was called), and, on Linux,
//! when the process is killed. Its folder goes with it; the folder of a killed owner is removed
//! by whoever starts the next server.
//!
//! Not test-only: zero-configuration runs use the same servers. The crate reads no environment
//! (it is handed an [`Environment`]) and installs no signal handler unless asked.

mod account;
mod deadline;
mod environment;
mod error;
mod folder;
mod home;
mod instance;
mod launch;
mod pgbouncer;
mod place;
mod port;
mod postgres;
mod process;
mod program;
mod redis;
mod registry;
mod signals;
mod url;

pub use environment::Environment;
pub use error::Error;
pub use pgbouncer::{PgBouncer, PgBouncerOptions, PoolMode};
pub use postgres::{AuthMethod, Postgres, PostgresOptions, TlsFiles};
pub use redis::{Redis, RedisOptions};
pub use registry::stop_all;
pub use signals::{clean_up_on_signals, is_ignored};
