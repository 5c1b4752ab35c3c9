//! When load happens and how long it took.
//!
//! `pace` says when each action is meant to start and owns no clock; `client` is one connection's
//! states; a `worker` per core drives clients over a `poller` (io_uring, else epoll); `recorder`
//! keeps counts and histograms per thread; `collector` merges them; `run` coordinates. The engine
//! knows no PostgreSQL and no game: it drives a [`Backend`] on behalf of [`Player`]s. It never
//! prints and never judges.

mod action_log;
pub mod backend;
mod client;
mod collector;
mod gate;
mod outages;
pub mod pace;
pub mod player;
pub mod poller;
mod recorder;
mod run;
mod settings;
mod worker;

pub use action_log::{ActionNote, Notes, Outcome};
pub use backend::{Address, Answered, Backend, Connection, Progress};
pub use collector::Observer;
pub use player::{Last, Loss, Moment, Next, Player, Wish};
pub use run::{Error, Finished, run};
pub use settings::{Control, Load, Shape, Unit};
