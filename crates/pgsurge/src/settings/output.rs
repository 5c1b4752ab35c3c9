//! Where the result goes, and that it can go there.
//!
//! A run of an hour must not find out at its end that it can't be saved: the folder is tried with a
//! real file before anything starts.

use super::fault::Fault;
use super::keys;
use super::layer::Layers;
use super::source::Source;
use crate::error::io_words;
use crate::surroundings::Surroundings;
use model::plan::{ActionLog, Format, Output};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use time::macros::format_description;

/// Settles the files of a result; what can't be written is a fault.
pub fn output(
    layers: &Layers,
    surroundings: &Surroundings,
    faults: &mut Vec<Fault>,
) -> (Output, Source) {
    let named = layers.text(&keys::OUTPUT).map(PathBuf::from);
    let source = match &named {
        Some(_) => layers.source(&keys::OUTPUT),
        None => layers.source(&keys::OUTPUT_DIRECTORY),
    };
    let folder = || PathBuf::from(layers.text(&keys::OUTPUT_DIRECTORY).unwrap_or_default());
    let path = named.unwrap_or_else(|| folder().join(file_name(surroundings)));
    let include_raw_data = layers.switch(&keys::INCLUDE_RAW_DATA);
    let log = log(layers, &path, include_raw_data);
    let output = Output {
        path,
        formats: formats(layers),
        include_raw_data,
        log,
        force: layers.switch(&keys::FORCE),
    };
    if let Err(words) = check(&output) {
        faults.push(Fault::new(source.clone(), words));
    }
    if let Some(log) = &output.log
        && let Err(words) = check_log(&output, &log.path)
    {
        faults.push(Fault::new(layers.source(&keys::LOG), words));
    }
    (output, source)
}

/// The file with a line per action: where it was asked for, or beside raw data.
fn log(layers: &Layers, output: &Path, include_raw_data: bool) -> Option<ActionLog> {
    let beside = || include_raw_data.then(|| output.with_extension("log"));
    let path = layers.text(&keys::LOG).map(PathBuf::from).or_else(beside)?;
    let sampling_rate = layers.number(&keys::SAMPLING_RATE).unwrap_or(1.0);
    Some(ActionLog { path, sampling_rate })
}

/// Why the log can't be written.
fn check_log(output: &Output, path: &Path) -> Result<(), String> {
    let shown = path.display();
    if output.files().iter().any(|(_, file)| file == path) || output.partial() == path {
        return Err(format!("{shown} is a file of the result: the log needs one of its own"));
    }
    if path.file_name().is_none() || path.is_dir() {
        return Err(format!("expected a file, found the folder {shown}"));
    }
    if path.exists() && !output.force {
        return Err(format!("{shown} exists; --force replaces what is there"));
    }
    try_folder(path).map_err(|e| format!("cannot write {shown}: {}", io_words(&e)))
}

/// `20260701T120000Z-load.json`: sorts by time and works on every file system.
fn file_name(surroundings: &Surroundings) -> String {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    let stamp = surroundings.now.format(&format);
    // Formatting a valid time by a fixed description has nothing that can fail; a name is due.
    format!("{}-load.json", stamp.unwrap_or_else(|_| surroundings.random.to_string()))
}

/// The formats: those that were listed, or JSON and the summary; JSON always, and first.
fn formats(layers: &Layers) -> Vec<Format> {
    let listed = layers.choices(&keys::FORMAT);
    let summary = match layers.rank(&keys::FORMAT) {
        // A list is complete, unless the same file also asks for the summary.
        Some(rank) => layers.rank(&keys::GENERATE_SUMMARY) == Some(rank),
        None => true,
    } && layers.switch(&keys::GENERATE_SUMMARY);
    let wanted = |format: &Format| match format {
        Format::Json => true,
        Format::Markdown if summary => true,
        other => listed.as_ref().is_some_and(|it| it.contains(&other.name())),
    };
    Format::ALL.into_iter().filter(wanted).collect()
}

/// Why the files can't be written.
fn check(output: &Output) -> Result<(), String> {
    let path = &output.path;
    let shown = path.display();
    let endings = Format::ALL.into_iter().filter(|it| *it != Format::Json).map(Format::name);
    let ending = path.extension().and_then(|it| it.to_str()).unwrap_or_default();
    if endings.into_iter().any(|it| it == ending) {
        return Err(format!(
            "the result is JSON: expected a name that ends in .json, found {shown}"
        ));
    }
    if path.file_name().is_none() || path.is_dir() {
        return Err(format!("expected a file, found the folder {shown}"));
    }
    let mut files: Vec<PathBuf> = output.files().into_iter().map(|(_, path)| path).collect();
    files.push(output.partial());
    let existing: Vec<String> =
        files.iter().filter(|it| it.exists()).map(|it| it.display().to_string()).collect();
    if !existing.is_empty() && !output.force {
        let verb = if existing.len() == 1 { "exists" } else { "exist" };
        let existing = existing.join(", ");
        return Err(format!("{existing} {verb}; --force replaces what is there"));
    }
    let record = output.partial();
    if record.is_file() && is_being_written(&record) {
        return Err(format!("{} is being written by another run", record.display()));
    }
    match files.iter().find(|it| it.is_dir()) {
        Some(folder) => Err(format!("expected a file, found the folder {}", folder.display())),
        None => try_folder(path).map_err(|e| format!("cannot write {shown}: {}", io_words(&e))),
    }
}

/// Whether a run that still goes on holds this record.
fn is_being_written(record: &Path) -> bool {
    let locked = |file: File| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    File::open(record).is_ok_and(locked)
}

/// Creates an empty file beside where the result will be, or in the nearest folder above that
/// exists, and removes it again.
fn try_folder(path: &Path) -> std::io::Result<()> {
    // Plans may be resolved by several threads at the same time, which must not meet.
    static TRIALS: AtomicU64 = AtomicU64::new(0);
    let trial = TRIALS.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.{trial}.trial", std::process::id()));
    let above =
        path.ancestors().skip(1).map(|it| if it == Path::new("") { Path::new(".") } else { it });
    let folder = above.into_iter().find(|it| it.symlink_metadata().is_ok());
    let trial = folder.unwrap_or(Path::new(".")).join(name);
    OpenOptions::new().write(true).create_new(true).open(&trial)?;
    std::fs::remove_file(&trial)
}
