//! Suites: their plans, whole runs of them, and what goes on after they were ended or killed.

mod ended;
mod plans;
mod running;
mod runs;
mod same;
mod sample;
mod seed;
