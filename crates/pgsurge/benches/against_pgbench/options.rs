//! What of the benchmark runs, how often and for how long.

use std::path::PathBuf;

/// The parts, in the order of the document.
pub const PARTS: [&str; 3] = ["speed", "pace", "preload"];
/// Fewer make no median worth writing down.
pub const ENOUGH_ROUNDS: usize = 5;

const USAGE: &str = "\
usage: cargo bench -p pgsurge --bench against_pgbench -- [OPTIONS]
  --rounds N        rounds, interleaved (default 5, PGSURGE_BENCH_ROUNDS)
  --seconds N       length of one run (default 5, PGSURGE_BENCH_SECONDS)
  --parts LIST      some of speed,pace,preload (default all, PGSURGE_BENCH_PARTS)
  --output FILE     the document (default docs/benchmarks.md; a short or partial benchmark writes
                    only where this or PGSURGE_BENCH_OUTPUT says)
  --date TEXT       the date to write down (default today, PGSURGE_BENCH_DATE)";

/// The options.
pub struct Options {
    /// How often everything is run.
    pub rounds: usize,
    /// How long one run takes.
    pub seconds: u64,
    /// Which of [`PARTS`].
    pub parts: Vec<String>,
    /// Where the document goes; none when this benchmark is too small to be one.
    pub output: Option<PathBuf>,
    /// When it was.
    pub date: Option<String>,
}

impl Options {
    /// Reads them from the arguments, else from the environment.
    pub fn read(arguments: &[String]) -> Result<Options, String> {
        // cargo adds `--bench`; it says nothing here.
        let arguments: Vec<&String> = arguments.iter().filter(|it| *it != "--bench").collect();
        let known = ["--rounds", "--seconds", "--parts", "--output", "--date"];
        for pair in arguments.chunks(2) {
            if pair.len() < 2 || !known.contains(&pair[0].as_str()) {
                return Err(USAGE.to_owned());
            }
        }
        let value = |name: &str| {
            let given = arguments.chunks(2).rfind(|pair| pair[0] == name);
            let variable = name.replace("--", "PGSURGE_BENCH_").to_uppercase();
            given.map(|pair| pair[1].clone()).or_else(|| std::env::var(variable).ok())
        };
        let rounds = number(value("--rounds"), ENOUGH_ROUNDS as u64)? as usize;
        let parts: Vec<String> = match value("--parts") {
            Some(list) => list.split(',').map(str::to_owned).collect(),
            None => PARTS.map(str::to_owned).to_vec(),
        };
        if parts.iter().any(|part| !PARTS.contains(&part.as_str())) {
            return Err(USAGE.to_owned());
        }
        let is_whole = rounds >= ENOUGH_ROUNDS && PARTS.iter().all(|part| has(&parts, part));
        let document =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join("benchmarks.md");
        let output = value("--output").map(PathBuf::from).or(is_whole.then_some(document));
        let seconds = number(value("--seconds"), 5)?;
        Ok(Options { rounds, seconds, parts, output, date: value("--date") })
    }

    /// Whether a part is to run.
    pub fn wants(&self, part: &str) -> bool {
        has(&self.parts, part)
    }
}

fn has(parts: &[String], part: &str) -> bool {
    parts.iter().any(|it| it == part)
}

fn number(text: Option<String>, otherwise: u64) -> Result<u64, String> {
    match text.map(|text| text.parse()) {
        None => Ok(otherwise),
        Some(Ok(number)) if (1..=1_000_000).contains(&number) => Ok(number),
        Some(_) => Err(USAGE.to_owned()),
    }
}
