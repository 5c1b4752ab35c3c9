//! Whole runs in virtual time: a scripted backend, a poller that is its own clock.
//!
//! A second passes in microseconds and every latency is known exactly, so what a run must count
//! is arithmetic. That no test here mentions a database is the proof that the engine knows none.

mod attending;
mod clock;
mod counting;
mod faults;
mod noting;
mod world;
