//! What a workload of one's own is written with: this crate alone, no other of ours.
//!
//! A workload is a [`Workload`] (what happens around the load) and a [`Player`] for each
//! connection (what a user does next), or a [`Story`] where an `async fn` reads better. It is
//! registered by name with [`Registry::with`], and [`crate::main_with`] is the program. Tables that
//! it makes for itself are [`OwnTables`]: who has them needs neither a set-up nor a clean-up.
//!
//! `examples/shop` and `examples/bank` in the repository are whole programs.

pub use crate::registry::{Making, Registry};
pub use ::workload::identifier::qualified;
pub use ::workload::postgres::{
    Answer, BEGIN, COMMIT, Call, FIRST, ROLLBACK, Reply, Request, Row, Statement, Type,
};
pub use ::workload::story::{Failed, Stories, Story, StoryPlayer, Talk, Told};
pub use ::workload::{CleanUp, Error, OwnTables, Server, SetUp, Workload};
pub use engine::{Last, Loss, Moment, Next, Player, Wish};
pub use model::catalog::Kind;
pub use model::failure::{ErrorClass, Failure};
pub use model::metric::Metric;
pub use model::random::{Generator, generator};
pub use model::values::Values;
pub use model::verification::{Check, Verification};
pub use rand::RngExt;
pub use wire::blocking::{Client, Param};
