//! The first faults, each on a real server: what is told, how it is counted, how the run ends.

mod crash;
mod freeze;
mod slots;
mod tables;
mod unreachable;
