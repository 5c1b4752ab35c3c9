//! Where a scene is played: a server of its own, and the load on it.

use crate::running::{Load, Running};
use crate::workload::NAME;
use servers::{Environment, Postgres, PostgresOptions};
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use wire::blocking::Client;
use wire::settings::{Host, Settings, SslMode};

/// A server, gone with this value.
pub struct Place {
    server: Postgres,
}

impl Deref for Place {
    type Target = Postgres;

    fn deref(&self) -> &Postgres {
        &self.server
    }
}

impl DerefMut for Place {
    fn deref_mut(&mut self) -> &mut Postgres {
        &mut self.server
    }
}

impl Place {
    /// A server as the product starts it, but for these settings. JIT and parallel workers are off:
    /// what one session does is to be one session's.
    pub fn new(settings: &[(&str, &str)]) -> Place {
        Place::with(settings, PostgresOptions::default())
    }

    /// The same with other options as well.
    pub fn with(settings: &[(&str, &str)], options: PostgresOptions) -> Place {
        let usual = [("jit", "off"), ("max_parallel_workers_per_gather", "0")];
        let all = usual.iter().chain(settings);
        let settings = all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let options = PostgresOptions { settings, ..options };
        let server = Postgres::start(&Environment::from_pairs(std::env::vars_os()), &options);
        Place { server: server.unwrap() }
    }

    /// The same with a table `game` of so many rows and a column `n` that changes.
    pub fn with_game(settings: &[(&str, &str)], rows: u32) -> Place {
        let place = Place::new(settings);
        place.sql("CREATE TABLE game (id int PRIMARY KEY, n int NOT NULL, body text)");
        let row = "i, i % 1000, repeat('x', 50)";
        place.sql(&format!("INSERT INTO game SELECT {row} FROM generate_series(1, {rows}) i"));
        place.sql("VACUUM ANALYZE game");
        place
    }

    /// What psql prints for statements.
    #[track_caller]
    pub fn sql(&self, sql: &str) -> String {
        self.server.psql(sql).unwrap()
    }

    /// A number that a query answers.
    #[track_caller]
    pub fn number(&self, sql: &str) -> f64 {
        let told = self.sql(sql);
        told.parse().unwrap_or_else(|_| panic!("{sql}: {told}"))
    }

    /// A program of PostgreSQL's, to be run by the user whose data this is.
    pub fn program(&self, name: &str) -> Command {
        let owner = std::fs::metadata(self.data_dir()).unwrap();
        let mut command = Command::new(self.bin_dir().join(name));
        command.uid(owner.uid()).gid(owner.gid()).current_dir("/").stdout(Stdio::null());
        command
    }

    /// Where to connect as `user` through `port`.
    pub fn url(&self, user: &str, port: u16) -> String {
        let database = self.database();
        format!("postgres://{user}@127.0.0.1:{port}/{database}?sslmode=disable&connect_timeout=5")
    }

    /// A load with these arguments: 6 s without a warm-up, so that the server's counters and ours are
    /// about the same time; as fast as it answers, where no rate is given.
    pub fn load(&self, arguments: &str) -> Load {
        self.load_at(&self.url(self.user(), self.port()), arguments)
    }

    /// The same at another address.
    pub fn load_at(&self, url: &str, arguments: &str) -> Load {
        let load = Load::by(&std::env::current_exe().unwrap()).watched();
        let load = load.env("PGSURGE_WARM_UP", "0").env("PGSURGE_DURATION", "6s");
        let load = load.args("--database-url").arg(url).args(arguments);
        if arguments.contains("--rate") { load } else { load.args("--qps-target 0") }
    }

    /// A load of statements that the scene brings, each action with a row of 1 to `rows`.
    pub fn statements(&self, sql: &str, rows: u32, arguments: &str) -> Load {
        let load = self.load(arguments).args("--workload").arg(NAME);
        let load = load.args("--workload-option").arg(&format!("sql={sql}"));
        load.args(&format!("--workload-option rows={rows}"))
    }

    /// A connection of somebody else.
    pub fn client(&self) -> Client {
        self.try_client().unwrap()
    }

    /// The same, where the server takes one more.
    pub fn try_client(&self) -> Result<Client, wire::Error> {
        let host = Host::Tcp(self.host().to_owned());
        let mut settings = Settings::new(host, self.user(), self.database());
        (settings.port, settings.ssl_mode) = (self.port(), SslMode::Disable);
        Client::connect(&settings, None, Instant::now() + Duration::from_secs(30))
    }

    /// How many sessions of `running`, on average, fit `condition` on `pg_stat_activity`.
    #[track_caller]
    pub fn sessions(&self, running: &mut Running, condition: &str) -> f64 {
        self.looks(running, [condition], Duration::from_millis(50))[0]
    }

    /// Looks at the sessions of `running` from its first second to its fifth, with such a pause
    /// after each look: how many of the active ones, on average, fit each condition on
    /// `pg_stat_activity`.
    #[track_caller]
    pub fn looks<const N: usize>(
        &self,
        running: &mut Running,
        conditions: [&str; N],
        pause: Duration,
    ) -> [f64; N] {
        let mut client = self.client();
        running.wait_for_second(1);
        let counts = conditions.map(|it| format!("count(*) FILTER (WHERE {it})"));
        let sql = format!(
            "SELECT {} FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()",
            counts.join(", ")
        );
        let (mut sums, mut looks) = ([0; N], 0);
        let until = Instant::now() + Duration::from_secs(4);
        while Instant::now() < until {
            let row = client.query_one(&sql, &[]).unwrap();
            for (at, sum) in sums.iter_mut().enumerate() {
                *sum += row.value::<i64>(at).unwrap();
            }
            looks += 1;
            std::thread::sleep(pause);
        }
        sums.map(|sum| sum as f64 / f64::from(looks))
    }
}
