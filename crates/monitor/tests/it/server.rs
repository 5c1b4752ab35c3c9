//! A server that all tests share, each with a database of its own, and what a load would do to it.

use model::run_result::StagePlan;
use model::series::{BusiestRow, Line, ServerRow};
use monitor::{LocalServer, Monitor, Monitored, NodeExporter, PoolerConsole, Watched};
use servers::{Environment, Postgres, PostgresOptions};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use wire::blocking::{Client, Stop};
use wire::settings::{Host, Settings, SslMode};

static SHARED: LazyLock<Postgres> = LazyLock::new(|| start(&[("max_connections", "60")]));

/// The server that all tests share.
pub fn shared() -> &'static Postgres {
    &SHARED
}

/// Ours.
pub fn environment() -> Environment {
    Environment::from_pairs(std::env::vars_os())
}

/// A small server whose autovacuum counts nothing in between.
pub fn start(settings: &[(&str, &str)]) -> Postgres {
    let usual = [("shared_buffers", "16MB"), ("autovacuum", "off"), ("log_temp_files", "-1")];
    let all = usual.iter().chain(settings);
    let settings = all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let options = PostgresOptions { settings, ..PostgresOptions::default() };
    let server = Postgres::start(&environment(), &options).unwrap();
    assert!(server.has_pg_stat_statements(), "pg_stat_statements is not installed");
    server
}

/// A database, and who connects to it.
pub struct Place {
    settings: Settings,
}

impl Place {
    /// A new database of the shared server, with `pg_stat_statements`.
    pub fn new(name: &str) -> Place {
        let place = Place::bare(name);
        place.sql("CREATE EXTENSION pg_stat_statements");
        place
    }

    /// The same without the extension.
    pub fn bare(name: &str) -> Place {
        SHARED.psql(&format!("CREATE DATABASE {name} TEMPLATE template0")).unwrap();
        Place::of(&SHARED, name)
    }

    /// The database of a server of the test's own.
    pub fn of(server: &Postgres, database: &str) -> Place {
        let host = Host::Tcp(server.host().to_owned());
        let mut settings = Settings::new(host, server.user(), database);
        (settings.port, settings.ssl_mode) = (server.port(), SslMode::Disable);
        Place { settings }
    }

    /// The same as another user.
    pub fn as_user(&self, user: &str) -> Place {
        Place { settings: Settings { user: user.to_owned(), ..self.settings.clone() } }
    }

    /// A connection.
    pub fn client(&self) -> Client {
        self.try_client().unwrap()
    }

    /// A connection, where the server takes one more.
    pub fn try_client(&self) -> Result<Client, wire::Error> {
        Client::connect(&self.settings, None, Instant::now() + Duration::from_secs(30))
    }

    /// A connection that asks for something of its own when it logs in.
    pub fn client_with(&self, name: &str, value: &str) -> Client {
        let mut settings = self.settings.clone();
        settings.runtime_parameters.push((name.to_owned(), value.to_owned()));
        Client::connect(&settings, None, Instant::now() + Duration::from_secs(30)).unwrap()
    }

    /// Runs statements over a connection of their own.
    pub fn sql(&self, sql: &str) {
        self.client().batch(sql).unwrap();
    }

    /// A number that a query answers.
    pub fn number(&self, sql: &str) -> f64 {
        self.client().query_one(sql, &[]).unwrap().value::<f64>(0).unwrap()
    }

    /// Watches `load` as a run without a warm-up; what was seen.
    pub fn watch(&self, load: impl FnOnce()) -> Monitored {
        self.watching(Duration::ZERO, true).during(load)
    }

    fn local_server(&self) -> Option<LocalServer> {
        let client = self.try_client().ok()?;
        LocalServer::of_backend(client.process_id()?, &self.settings.user, &self.settings.database)
    }

    /// A monitor of this database.
    pub fn watching(&self, warm_up: Duration, on_this_host: bool) -> Watching {
        let on_this_host = Some(on_this_host);
        Watching::start(Watched { warm_up, on_this_host, ..self.watched() })
    }

    /// The same with a node_exporter.
    pub fn watching_with(&self, node_exporter: NodeExporter) -> Watching {
        Watching::start(Watched { node_exporter: Some(node_exporter), ..self.watched() })
    }

    /// The same with a pooler.
    pub fn watching_pooler(&self, pooler: PoolerConsole) -> Watching {
        Watching::start(Watched {
            is_behind_pooler: true,
            pooler: Some(Ok(pooler)),
            ..self.watched()
        })
    }

    /// The same through a pooler that it is not told of.
    pub fn watching_through(&self, port: u16) -> Watching {
        let settings = Arc::new(self.through(port, self.database()));
        Watching::start(Watched { settings, ..self.watched() })
    }

    /// The same with stages of so many seconds.
    pub fn watching_stages(&self, lengths_s: &[f64]) -> Watching {
        let mut from_s = 0.0;
        let stage = |(at, length_s): (usize, &f64)| {
            let stage = StagePlan {
                name: format!("stage {at}"),
                from_s,
                length_s: *length_s,
                ..StagePlan::default()
            };
            from_s += length_s;
            stage
        };
        let stages = lengths_s.iter().enumerate().map(stage).collect();
        Watching::start(Watched { stages, ..self.watched() })
    }

    /// A database behind a pooler of this machine.
    pub fn through(&self, port: u16, database: &str) -> Settings {
        Settings { port, database: database.to_owned(), ..self.settings.clone() }
    }

    /// A connection through a pooler of this machine.
    pub fn client_through(&self, port: u16) -> Client {
        let settings = self.through(port, &self.settings.database);
        Client::connect(&settings, None, Instant::now() + Duration::from_secs(30)).unwrap()
    }

    /// Its name.
    pub fn database(&self) -> &str {
        &self.settings.database
    }

    fn watched(&self) -> Watched {
        Watched {
            settings: Arc::new(self.settings.clone()),
            tls: None,
            on_this_host: Some(true),
            local_server: self.local_server(),
            node_exporter: None,
            is_behind_pooler: false,
            pooler: None,
            stages: Vec::new(),
            warm_up: Duration::ZERO,
            duration: Duration::from_secs(60),
            stop: Stop::default(),
        }
    }
}

/// A monitor that has looked once.
pub struct Watching {
    monitor: Monitor,
    pub stop: Stop,
}

impl Watching {
    fn start(watched: Watched) -> Watching {
        Watching { monitor: Monitor::start(&watched).unwrap(), stop: watched.stop }
    }

    /// Lets `load` run; what was seen of it.
    pub fn during(self, load: impl FnOnce()) -> Monitored {
        self.monitor.begins(Instant::now());
        load();
        self.monitor.finish(Instant::now(), drop)
    }

    /// The same with the rows of its seconds.
    pub fn seconds(self, load: impl FnOnce()) -> (Monitored, Vec<ServerRow>) {
        let mut rows = Vec::new();
        self.monitor.begins(Instant::now());
        load();
        let seen = self.monitor.finish(Instant::now(), |line| {
            if let Line::Server(row) = line {
                rows.push(row);
            }
        });
        (seen, rows)
    }

    /// The same with the windows that were told. `load` is handed what waits for the next one.
    pub fn windows(self, load: impl FnOnce(&mut dyn FnMut())) -> (Monitored, Vec<BusiestRow>) {
        let mut windows = Vec::new();
        let of = |line| match line {
            Line::Busiest(row) => Some(*row),
            _ => None,
        };
        self.monitor.begins(Instant::now());
        load(&mut || {
            let told = windows.len();
            until("a window", || {
                windows.extend(self.monitor.lines().filter_map(of));
                windows.len() > told
            });
        });
        let seen = self.monitor.finish(Instant::now(), |line| windows.extend(of(line)));
        (seen, windows)
    }
}

/// Waits for a condition.
#[track_caller]
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < give_up, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Lets time go by that the monitor needs to see something: so many of its looks.
pub fn for_looks(looks: u32) {
    std::thread::sleep(Duration::from_millis(100) * looks);
}
