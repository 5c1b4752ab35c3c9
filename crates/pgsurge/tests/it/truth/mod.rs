//! Numbers of whole runs against something that knows the answer: the server's own counters and
//! clock, and what was done to it on purpose.

pub mod counts;
mod pace;
mod sleep;
mod stall;
mod starved;
