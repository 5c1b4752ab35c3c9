//! A running test on a screen: lines of text, made from what the engine hands over each second.
//!
//! Nothing is printed here. On a terminal the program draws [`Progress::line`] over the last one
//! ([`redrawn`]); elsewhere it prints [`Progress::plain`] whenever there is one.

mod progress;

pub use progress::{Length, Progress, redrawn};
