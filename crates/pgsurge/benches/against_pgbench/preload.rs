//! Preloading: 1,000,000 rows by our loader, and the same rows from a file by psql's COPY.

use crate::bench::Bench;
use crate::figures::{Bar, Row, median, quotient};
use crate::options::Options;
use crate::process::{command, run_well};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wire::settings::Sources;
use workload::Server;
use workload::loading::{Rows, TextRow, load};

const ROWS: u64 = 1_000_000;
/// Shaped like the game's events, with the index that a loaded table has.
const TABLE: &str = "CREATE TABLE preloaded (event_id bigint PRIMARY KEY, game_id text NOT NULL, \
     event_type text NOT NULL, event_data jsonb, created_at timestamp NOT NULL)";
const PATIENCE: Duration = Duration::from_secs(300);

/// Rows computed from their index alone.
struct GameEvents;

impl Rows for GameEvents {
    fn name(&self) -> &str {
        "preloaded"
    }

    fn copy_sql(&self) -> String {
        "COPY preloaded FROM STDIN".to_owned()
    }

    fn count(&self) -> u64 {
        ROWS
    }

    fn write_row(&self, index: u64, out: &mut TextRow<'_>) {
        // A million rows fit.
        let number = index as i64;
        out.int(number).text(&format!("game-{:08}", index / 40)).text("card_played");
        out.text(&format!("{{\"seat\": {}, \"card\": {}, \"trick\": 7}}", index % 4, index % 52));
        out.timestamp_us(1_700_000_000_000_000 + number * 1_000);
    }
}

/// Seconds, round by round.
#[derive(Default)]
pub struct Preload {
    ours_s: Vec<f64>,
    psql_s: Vec<f64>,
}

/// Runs the part.
pub fn run(bench: &Bench, options: &Options) -> Result<Preload, String> {
    let mut preload = Preload::default();
    let file = bench.folder().join("rows");
    for round in 0..options.rounds {
        let ours_s = ours(bench)?;
        if round == 0 {
            export(bench, &file)?;
        }
        let psql_s = psql(bench, &file)?;
        eprintln!(
            "round {} of {}, {ROWS} rows: pgsurge {ours_s:.2} s, psql {psql_s:.2} s",
            round + 1,
            options.rounds
        );
        preload.ours_s.push(ours_s);
        preload.psql_s.push(psql_s);
    }
    bench.sql("DROP TABLE preloaded")?;
    Ok(preload)
}

/// An empty table, nothing left to write of the one before.
fn fresh_table(bench: &Bench) -> Result<(), String> {
    bench.sql(&format!("DROP TABLE IF EXISTS preloaded; {TABLE}"))?;
    bench.settle()
}

fn ours(bench: &Bench) -> Result<f64, String> {
    fresh_table(bench)?;
    let nothing = BTreeMap::new();
    let sources = Sources::new(&nothing).connection("the server", bench.server().url());
    let resolved = sources.resolve().map_err(|error| error.to_string())?;
    let server = Server {
        settings: Arc::new(resolved.settings),
        tls: None,
        schema: None,
        loaders: std::thread::available_parallelism().map_or(1, usize::from),
        patience: Some(PATIENCE),
        stop: Default::default(),
        progress: &|_| {},
    };
    let began = Instant::now();
    let loaded = load(&server, &[&GameEvents]).map_err(|error| error.to_string())?;
    let took_s = began.elapsed().as_secs_f64();
    expect_all_rows(bench)?;
    if loaded == ROWS { Ok(took_s) } else { Err(format!("loaded {loaded} rows of {ROWS}")) }
}

/// psql's start counts, as connecting does in ours.
fn psql(bench: &Bench, file: &Path) -> Result<f64, String> {
    fresh_table(bench)?;
    let ended = copy(bench, &format!("\\copy preloaded from '{}'", file.display()))?;
    expect_all_rows(bench)?;
    Ok(ended)
}

fn export(bench: &Bench, file: &Path) -> Result<(), String> {
    copy(bench, &format!("\\copy preloaded to '{}'", file.display())).map(drop)
}

fn copy(bench: &Bench, text: &str) -> Result<f64, String> {
    let server = bench.server();
    let mut psql = command(server.bin_dir().join("psql"));
    psql.args(["--no-psqlrc", "--quiet", "--host", server.host(), "--username", server.user()]);
    psql.args(["--port", &server.port().to_string(), "--dbname", bench.database()]);
    psql.args(["--command", text]);
    run_well(&mut psql, PATIENCE).map(|ended| ended.wall_s)
}

fn expect_all_rows(bench: &Bench) -> Result<(), String> {
    let rows = bench.sql("SELECT count(*) FROM preloaded")?;
    let complete = rows == ROWS.to_string();
    if complete { Ok(()) } else { Err(format!("{rows} rows arrived of {ROWS}")) }
}

impl Preload {
    /// The figure with its bar.
    pub fn rows(&self) -> Vec<Row> {
        let (ours, psql) = (median(self.ours_s.clone()), median(self.psql_s.clone()));
        let what = "time to load 1,000,000 rows ÷ psql's COPY of the same rows";
        vec![Row::ratio(what, quotient(ours, psql), Bar::AtMost(1.2))]
    }

    /// Both medians, as a sentence.
    pub fn text(&self) -> String {
        match (median(self.ours_s.clone()), median(self.psql_s.clone())) {
            (Some(ours), Some(psql)) => format!("pgsurge {ours:.2} s, psql {psql:.2} s."),
            _ => "Not measured.".to_owned(),
        }
    }
}
