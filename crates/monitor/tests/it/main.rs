//! The monitor against real servers: its numbers against what was provoked, and what it says where
//! it can't see.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail the test, as its body does")]

mod blocked;
mod faults;
mod follower;
mod host;
mod node_exporter;
mod plans;
mod pooler;
mod privileges;
mod provoke;
mod server;
mod standby;
mod truth;
mod windows;
