//! Reports of a run that was counted and assembled as the program does it.

mod fixture;
mod formats;
mod result_file;
mod schema;
mod watched;
