//! When actions are meant to start: values, no clock.
//!
//! A [`Curve`] is the offered rate over time, a [`Schedule`] is one thread's share of the
//! intended starts along it. Both are pure, so count, order and mean rate are tested in virtual
//! time. [`Users`] is the number of users over time. A closed loop needs no schedule: its intended starts are the ends of the actions before.

mod curve;
mod schedule;
mod users;

pub use curve::{Curve, Stage};
pub(crate) use schedule::jitter;
pub use schedule::{Arrivals, Lane, Schedule};
pub(crate) use users::{Change, Ramp, ranks};
pub use users::{UserStage, Users};
