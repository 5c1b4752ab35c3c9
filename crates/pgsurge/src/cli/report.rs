//! `pgsurge report`: a saved result, rendered again.

use crate::error::Error;
use crate::exit_code::ExitCode;
use crate::load::place;
use crate::messages::Messages;
use crate::saved::{Rendering, Saved, name_files};
use crate::surroundings::Surroundings;
use ::report::terminal::Style;
use clap::{Args, ValueEnum};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What can be typed after `report`.
#[derive(Clone, Debug, Args)]
#[command(
    long_about = "Render a saved result again, in any format.\n\n\
        What comes out is byte for byte what the run itself wrote. A run that was killed left \
        OUTPUT.partial, the record of its seconds: that can be rendered too, and the report says \
        what is missing. The exit code is 0 when it was \
        rendered, whatever the verdict: that stands in the report.",
    after_help = EXAMPLES,
)]
pub struct ReportArgs {
    /// Render this result: the JSON of a run or a suite, or the OUTPUT.partial of a run that was
    /// killed
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub file: PathBuf,
    /// Render in these formats, separated by commas [default: text, or what --output ends in]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub format: Vec<Format>,
    /// Write to this file, or with several formats to files that share its stem; without it to
    /// standard output
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Replace files that exist
    #[arg(long)]
    pub force: bool,
}

/// A format, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The report that a run prints
    Text,
    /// The result itself
    Json,
    /// A summary for people
    Md,
    /// A summary in one line; to files, the series beside it
    Csv,
    /// The series alone, as CSV
    Series,
}

const EXAMPLES: &str = "\
Examples:
  pgsurge report pgsurge-results/20260701T120000Z-load.json
      the report of that run, as it was printed
  pgsurge report result.json.partial
      what is known of a run that was killed
  pgsurge report result.json --format md > summary.md
      the Markdown, to standard output
  pgsurge report result.json --format md,csv --output summary
      summary.md, summary.csv and summary.series.csv";

/// Renders a file.
///
/// # Errors
/// It is no result, or what was rendered can't be written.
pub fn run(
    arguments: &ReportArgs,
    surroundings: &Surroundings,
    messages: &Messages,
) -> Result<ExitCode, Error> {
    let renderings = renderings(arguments)?;
    let files = arguments.output.as_ref().map(|output| name_files(&renderings, output));
    files.iter().flatten().try_for_each(|(_, path)| check(arguments, path))?;
    let saved = Saved::open(&arguments.file)?;
    if let Some(words) = renderings.iter().find_map(|it| saved.objection(*it)) {
        return Err(Error::Usage(format!("--format: {words}")));
    }
    match files {
        Some(files) => to_files(&saved, &files, arguments.force, messages)?,
        None => to_standard_output(&saved, &renderings, surroundings.report_style())?,
    }
    Ok(ExitCode::Passed)
}

/// What is to be made.
fn renderings(arguments: &ReportArgs) -> Result<Vec<Rendering>, Error> {
    if arguments.format.is_empty() {
        let Some(output) = &arguments.output else { return Ok(vec![Rendering::Text]) };
        let text = format!(
            "--output {}: expected a name that ends in .txt, .json, .md or .csv, or --format",
            output.display()
        );
        return Rendering::of_name(output).map(|it| vec![it]).ok_or(Error::Usage(text));
    }
    if arguments.format.len() > 1 && arguments.output.is_none() {
        let text = "--format: standard output takes one format; several need --output FILE";
        return Err(Error::Usage(text.to_owned()));
    }
    let mut all = Vec::new();
    for format in &arguments.format {
        all.extend(match format {
            Format::Text => vec![Rendering::Text],
            Format::Json => vec![Rendering::Json],
            Format::Md => vec![Rendering::Markdown],
            Format::Csv if arguments.output.is_none() => vec![Rendering::Csv],
            Format::Csv => vec![Rendering::Csv, Rendering::SeriesCsv],
            Format::Series => vec![Rendering::SeriesCsv],
        });
    }
    let mut seen = Vec::new();
    all.retain(|it| {
        !seen.contains(it) && {
            seen.push(*it);
            true
        }
    });
    Ok(all)
}

/// Whether a file may be written.
fn check(arguments: &ReportArgs, path: &Path) -> Result<(), Error> {
    let same = |a: &Path, b: &Path| {
        a.canonicalize().ok().is_some_and(|a| b.canonicalize().ok() == Some(a))
    };
    if same(path, &arguments.file) {
        let text = format!("--output: {} is the file that is read", path.display());
        return Err(Error::Usage(text));
    }
    if path.is_dir() {
        let text = format!("--output: expected a file, found the folder {}", path.display());
        return Err(Error::Usage(text));
    }
    if path.exists() && !arguments.force {
        let text = format!("{} exists; --force replaces it", path.display());
        return Err(Error::Usage(text));
    }
    Ok(())
}

fn to_files(
    saved: &Saved,
    files: &[(Rendering, PathBuf)],
    force: bool,
    messages: &Messages,
) -> Result<(), Error> {
    // What a run prints where there is no terminal.
    let style = Style { colour: false, width: 100 };
    for (rendering, path) in files {
        place(path, force, |out| saved.render(*rendering, style, out))
            .map_err(|source| Error::Write { path: path.clone(), source })?;
    }
    let names: Vec<String> = files.iter().map(|(_, path)| path.display().to_string()).collect();
    messages.info(&format!("written: {}", names.join(", ")));
    Ok(())
}

fn to_standard_output(saved: &Saved, renderings: &[Rendering], style: Style) -> Result<(), Error> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut write = || {
        renderings.iter().try_for_each(|it| saved.render(*it, style, &mut out))?;
        out.flush()
    };
    match write() {
        // Whoever reads it, `head` perhaps, has seen enough.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::Output(error)),
        _ => Ok(()),
    }
}
