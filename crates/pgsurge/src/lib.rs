//! PostgreSQL load testing and migration rehearsal.
