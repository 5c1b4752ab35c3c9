//! A server that all tests share, each with a database of its own, and what a load would do to it.

use monitor::{LocalServer, Monitor, Monitored, Watched};
use servers::{Environment, Postgres, PostgresOptions};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use wire::blocking::{Client, Stop};
use wire::settings::{Host, Settings, SslMode};

static SHARED: LazyLock<Postgres> = LazyLock::new(|| start(&[("max_connections", "60")]));

/// A small server whose autovacuum counts nothing in between.
pub fn start(settings: &[(&str, &str)]) -> Postgres {
    let usual = [("shared_buffers", "16MB"), ("autovacuum", "off"), ("log_temp_files", "-1")];
    let all = usual.iter().chain(settings);
    let settings = all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let options = PostgresOptions { settings, ..PostgresOptions::default() };
    let server = Postgres::start(&Environment::from_pairs(std::env::vars_os()), &options).unwrap();
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
        let watched = Watched {
            settings: Arc::new(self.settings.clone()),
            tls: None,
            on_this_host: Some(on_this_host),
            local_server: self.local_server(),
            warm_up,
            duration: Duration::from_secs(60),
            stop: Stop::default(),
        };
        Watching { monitor: Monitor::start(&watched).unwrap(), stop: watched.stop }
    }
}

/// A monitor that has looked once.
pub struct Watching {
    monitor: Monitor,
    pub stop: Stop,
}

impl Watching {
    /// Lets `load` run; what was seen of it.
    pub fn during(self, load: impl FnOnce()) -> Monitored {
        self.monitor.begins(Instant::now());
        load();
        self.monitor.finish(Instant::now(), drop)
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
