//! `make test-diagnosis`: each rule's condition is made on a real server, and the diagnosis has to
//! name it first, with true numbers; loads that nothing is wrong with must come to nothing.
//!
//! Not part of `cargo test`: scenes need the machine for themselves, so they run one after another,
//! for about ten minutes, and a harness of threads would be of no use. A rule, or a part of a
//! scene's name, as argument runs only those scenes. A whole run holds `docs/diagnosis.md` to what it saw;
//! `UPDATE_DOCS=1` renews it. Called with `load`, this is the program itself with one more workload.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail the test, as its body does")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a test's own harness")]

mod clean;
mod connections;
mod cpu;
mod document;
#[path = "../../../monitor/tests/it/follower.rs"]
mod follower;
mod generator;
mod indexes;
mod latches;
mod locks;
mod memory;
mod network;
mod place;
mod replication;
#[allow(dead_code, reason = "shared with the other tests, which need more of it")]
#[path = "../it/running.rs"]
mod running;
mod scene;
mod seen;
mod settings;
mod storage;
mod tables;
mod transactions;
mod wal;
mod workload;

use scene::Scene;
use std::process::ExitCode;

/// All of them, in the order of the document.
const ALL: [&[Scene]; 15] = [
    &locks::SCENES,
    &latches::SCENES,
    &transactions::SCENES,
    &connections::SCENES,
    &cpu::SCENES,
    &network::SCENES,
    &generator::SCENES,
    &memory::SCENES,
    &wal::SCENES,
    &replication::SCENES,
    &storage::SCENES,
    &tables::SCENES,
    &indexes::SCENES,
    &settings::SCENES,
    &clean::SCENES,
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|it| it == "load") {
        return workload::program();
    }
    let wanted: Vec<&String> = arguments.iter().filter(|it| !it.starts_with('-')).collect();
    let scenes = ALL.iter().copied().flatten();
    let fits = |it: &Scene, word: &str| {
        it.name.contains(word) || it.rule.is_some_and(|(code, _)| code.contains(word))
    };
    let is_wanted = |it: &&Scene| wanted.is_empty() || wanted.iter().any(|word| fits(it, word));
    let chosen: Vec<&Scene> = scenes.filter(is_wanted).collect();
    let outcomes = scene::play(&chosen);
    let complaint = wanted.is_empty().then(|| document::hold(&outcomes)).flatten();
    if let Some(complaint) = &complaint {
        eprintln!("{complaint}");
    }
    let failed = outcomes.iter().filter(|it| it.failure.is_some()).count();
    println!("{} scenes, {failed} failed", outcomes.len());
    ExitCode::from(u8::from(failed > 0 || complaint.is_some() || outcomes.is_empty()))
}
