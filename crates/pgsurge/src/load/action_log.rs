//! `--log`: a line per action, as CSV with a header. `docs/action-log.md` says what each column is.
//!
//! A thread of its own writes, so that a slow disk delays nobody who measures. What it can't keep
//! up with, and what a full disk does not take, is dropped and counted.

use super::error::LoadError;
use crate::error::io_words;
use crate::messages::Messages;
use engine::{ActionNote, Notes, Outcome};
use model::catalog::Catalog;
use model::plan::{self, Plan};
use model::run_result::ActionLogMetrics;
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

/// The first line.
pub const HEADER: &str =
    "start_s,client,action,outcome,tries,wait_us,lateness_us,service_us,response_us";
/// So many batches (a second of a thread each) may wait for the disk.
const WAITING: usize = 16;

/// See the module.
pub struct ActionLog {
    plan: plan::ActionLog,
    sender: SyncSender<Vec<ActionNote>>,
    writer: JoinHandle<Written>,
    dropped: u64,
}

/// What the writer came to.
#[derive(Default)]
struct Written {
    lines: u64,
    lost: u64,
    error: Option<io::Error>,
}

impl ActionLog {
    /// The log that the plan asks for, if it does.
    ///
    /// # Errors
    /// As [`ActionLog::create`].
    pub fn of_plan(plan: &Plan, catalog: &Catalog) -> Result<Option<ActionLog>, LoadError> {
        let output = &plan.output;
        output.log.as_ref().map(|log| ActionLog::create(log, output.force, catalog)).transpose()
    }

    /// Creates the file with its header; replaces one only by `force`.
    ///
    /// # Errors
    /// The file can't be created or written, or is there already.
    fn create(
        plan: &plan::ActionLog,
        force: bool,
        catalog: &Catalog,
    ) -> Result<ActionLog, LoadError> {
        let create = || {
            std::fs::create_dir_all(plan.path.parent().unwrap_or(Path::new("")))?;
            let mut options = OpenOptions::new();
            let options = options.write(true).create(true).truncate(true).create_new(!force);
            let mut file = BufWriter::with_capacity(256 * 1024, options.open(&plan.path)?);
            writeln!(file, "{HEADER}")?;
            file.flush()?;
            let (sender, receiver) = sync_channel(WAITING);
            let actions = catalog.actions.clone();
            let builder = std::thread::Builder::new().name("action-log".to_owned());
            let writer = builder.spawn(move || write(file, &actions, &receiver))?;
            Ok(ActionLog { plan: plan.clone(), sender, writer, dropped: 0 })
        };
        create().map_err(LoadError::output_of("--log", &plan.path))
    }

    /// Hands notes on; never waits for the disk.
    pub fn take(&mut self, notes: Notes) {
        self.dropped += notes.dropped;
        if let Err(TrySendError::Full(notes) | TrySendError::Disconnected(notes)) =
            self.sender.try_send(notes.notes)
        {
            self.dropped += notes.len() as u64;
        }
    }

    /// Ends the log of a run, and tells the user what it lacks.
    pub fn finish_telling(self, messages: &Messages) -> ActionLogMetrics {
        let (metrics, failed) = self.finish();
        let (path, dropped) = (&metrics.path, metrics.dropped);
        if let Some(error) = failed {
            let words = io_words(&error);
            messages.warn(&format!("the action log is incomplete: {path}: {words}"));
        } else if dropped > 0 {
            let text = format!("the action log lacks {dropped} lines: {path} was too slow");
            messages.warn(&format!("{text}; --sampling-rate makes it smaller"));
        }
        metrics
    }

    /// Ends the log of a run that measured nothing.
    pub fn discard(self) {
        let path = self.plan.path.clone();
        let _of_no_interest = self.finish();
        let _stays_if_it_must = std::fs::remove_file(path);
    }

    /// Waits until everything is written; what there is to say, and what went wrong.
    fn finish(self) -> (ActionLogMetrics, Option<io::Error>) {
        drop(self.sender);
        // A writer that panicked has said so itself; of its lines nothing is known.
        let written = self.writer.join().unwrap_or_default();
        let metrics = ActionLogMetrics {
            path: self.plan.path.display().to_string(),
            sampling_rate: self.plan.sampling_rate,
            lines: written.lines,
            dropped: self.dropped + written.lost,
        };
        (metrics, written.error)
    }
}

fn write(
    mut file: BufWriter<std::fs::File>,
    actions: &[String],
    batches: &Receiver<Vec<ActionNote>>,
) -> Written {
    let mut written = Written::default();
    for batch in batches {
        let lines = batch.len() as u64;
        let put = || -> io::Result<()> {
            batch.iter().try_for_each(|note| line(&mut file, actions, note))?;
            file.flush()
        };
        match written.error {
            Some(_) => written.lost += lines,
            None => match { put }() {
                Ok(()) => written.lines += lines,
                Err(error) => {
                    written.lost += lines;
                    written.error = Some(error);
                }
            },
        }
    }
    written
}

fn line(out: &mut impl Write, actions: &[String], note: &ActionNote) -> io::Result<()> {
    let sign = if note.intended_us < 0 { "-" } else { "" };
    let us = note.intended_us.unsigned_abs();
    let action = actions.get(usize::from(note.action)).map_or("", String::as_str);
    let (client, outcome, tries) = (note.client, word(note.outcome), note.tries);
    let (seconds, rest) = (us / 1_000_000, us % 1_000_000);
    write!(out, "{sign}{seconds}.{rest:06},{client},{action},{outcome},{tries}")?;
    for value in [note.wait_us, note.lateness_us, note.service_us, note.response_us] {
        match value {
            Some(us) => write!(out, ",{us}")?,
            None => out.write_all(b",")?,
        }
    }
    out.write_all(b"\n")
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Failed => "failed",
        Outcome::Unknown => "unknown",
        Outcome::Skipped => "skipped",
        Outcome::Unfinished => "unfinished",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_was_not_measured_is_empty() {
        let note = ActionNote {
            intended_us: -1_250_000,
            client: 3,
            action: 0,
            outcome: Outcome::Skipped,
            tries: 0,
            wait_us: None,
            lateness_us: None,
            service_us: None,
            response_us: None,
        };
        let mut out = Vec::new();
        line(&mut out, &["look".to_owned()], &note).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "-1.250000,3,look,skipped,0,,,,\n");
    }

    #[test]
    fn the_page_explains_every_column() {
        let page = include_str!("../../../../docs/action-log.md");
        HEADER.split(',').for_each(|it| assert!(page.contains(&format!("| `{it}` |")), "{it}"));
    }

    #[test]
    fn a_disk_that_is_full_costs_lines_and_says_how_many() {
        let plan = plan::ActionLog { path: "/dev/full".into(), sampling_rate: 1.0 };
        assert!(
            ActionLog::create(&plan, true, &Catalog::default()).is_err(),
            "the header is tried"
        );
    }
}
