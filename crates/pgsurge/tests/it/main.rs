//! The program from outside: its binary, its documents, and the rules of its source.

mod bad_settings;
mod command_line;
mod docs;
mod plan;
mod precedence;
mod program;
mod target;
mod tidy;
