//! Workloads on a real PostgreSQL: one server for all tests, a database for each.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail the test, as its body does")]

mod allocations;
mod database;
mod driver;
mod hokm;
mod hokm_crash;
mod hokm_late;
mod hokm_losses;
mod hokm_scans;
mod hokm_session;
mod hokm_tables;
mod hokm_verification;
mod hokm_wishes;
mod loading;
mod mix;
mod own_tables;
mod ownership;
mod pgbench;
mod protocols;
mod schema;
mod statement_counts;
mod story;
