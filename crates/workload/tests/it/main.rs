//! Workloads on a real PostgreSQL: one server for all tests, a database for each.

mod database;
mod driver;
mod loading;
mod pgbench;
mod protocols;
mod schema;
mod statement_counts;
