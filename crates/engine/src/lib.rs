//! When load happens and how long it took.
//!
//! `pace` says when each action is meant to start and owns no clock; `client` is one connection's
//! states; an event loop per core drives clients over a `poller` (io_uring, else epoll);
//! `recorder` keeps counts and histograms per thread; `run` coordinates. The engine knows no
//! PostgreSQL and no game: it drives a [`Backend`] on behalf of [`Player`]s. It never prints and
//! never judges.

pub mod backend;
pub mod player;

pub use backend::{Address, Answered, Backend, Connection, Progress};
pub use player::{Last, Loss, Moment, Next, Player, Wish};
