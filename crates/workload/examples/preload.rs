//! Measures preloading: 1,000,000 rows by `loading::load` against `psql`'s COPY of the same rows.
//!
//! `cargo run --release -p pgsurge-workload --example preload [pairs] [loaders]` starts a throwaway
//! server, loads in turn by either way into an emptied table, and prints both times and their
//! ratio for each pair and in the median. It only reports; what is owed is a median of at most 1.2.
#![allow(clippy::print_stdout, reason = "a measurement that nobody can read is none")]

use servers::{Environment, Postgres, PostgresOptions};
use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;
use wire::settings::{Host, Settings, SslMode};
use workload::Server;
use workload::loading::{Rows, TextRow, load};

const COUNT: u64 = 1_000_000;

/// Rows much like a game's events: a key, names, JSON with something to escape, a time.
struct Events;

impl Rows for Events {
    fn name(&self) -> &str {
        "events"
    }

    fn copy_sql(&self) -> String {
        "COPY events FROM STDIN".to_owned()
    }

    fn count(&self) -> u64 {
        COUNT
    }

    fn write_row(&self, index: u64, out: &mut TextRow<'_>) {
        let number = i64::try_from(index).unwrap_or(i64::MAX);
        out.int(number).text(&format!("game-{:08}", index / 52)).int(number % 52);
        out.text(&format!("{{\"card\": \"{}\", \"note\": \"a\\\\b\"}}", index % 13));
        out.timestamp_us(1_700_000_000_000_000 + number * 1000);
    }
}

const CREATE: &str = "CREATE TABLE events (event_id int8 PRIMARY KEY, game_id text NOT NULL, \
                      sequence int4 NOT NULL, data jsonb NOT NULL, created_at timestamp NOT NULL)";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let pairs = arguments.next().transpose()?.unwrap_or(5).max(1);
    let loaders = arguments.next().transpose()?.unwrap_or(2);

    let environment = Environment::from_pairs(std::env::vars_os());
    let postgres = Postgres::start(&environment, &PostgresOptions::default())?;
    postgres.psql(CREATE)?;
    let folder = scratch_folder(&postgres)?;
    let file = folder.join("events.copy");
    ours(&postgres, loaders)?;
    postgres.psql(&format!("\\copy events TO '{}'", file.display()))?;

    println!("{COUNT} rows, {loaders} loaders; seconds");
    let mut ratios = Vec::new();
    for _ in 0..pairs {
        empty(&postgres)?;
        let ours = ours(&postgres, loaders)?;
        empty(&postgres)?;
        let psql = psql(&postgres, &file)?;
        println!("ours {ours:.2}   psql {psql:.2}   ratio {:.2}", ours / psql);
        ratios.push(ours / psql);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median ratio {:.2}", ratios[ratios.len() / 2]);
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

/// For the file that psql reads.
fn scratch_folder(postgres: &Postgres) -> Result<std::path::PathBuf, Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("pgsurge-preload-{}", postgres.pid()));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Both begin with an empty table, a finished checkpoint and the same WAL to come.
fn empty(postgres: &Postgres) -> Result<(), Box<dyn Error>> {
    postgres.psql("TRUNCATE events; CHECKPOINT")?;
    Ok(())
}

fn ours(postgres: &Postgres, loaders: usize) -> Result<f64, Box<dyn Error>> {
    let host = Host::Tcp(postgres.host().to_owned());
    let mut settings = Settings::new(host, postgres.user(), postgres.database());
    (settings.port, settings.ssl_mode) = (postgres.port(), SslMode::Disable);
    let server = Server {
        settings: Arc::new(settings),
        tls: None,
        schema: None,
        loaders,
        patience: None,
        stop: Default::default(),
        progress: &|_| {},
    };
    let began = Instant::now();
    let loaded = load(&server, &[&Events])?;
    let elapsed_s = began.elapsed().as_secs_f64();
    if loaded == COUNT { Ok(elapsed_s) } else { Err(format!("only {loaded} rows").into()) }
}

fn psql(postgres: &Postgres, file: &Path) -> Result<f64, Box<dyn Error>> {
    let copy = format!("\\copy events FROM '{}'", file.display());
    let began = Instant::now();
    let mut command = Command::new(postgres.bin_dir().join("psql"));
    command.args(["--no-psqlrc", "--quiet", "--dbname", &postgres.url(), "--command", &copy]);
    let status = command.status()?;
    let elapsed_s = began.elapsed().as_secs_f64();
    if status.success() { Ok(elapsed_s) } else { Err(format!("psql: {status}").into()) }
}
