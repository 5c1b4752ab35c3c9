//! The servers that runs are aimed at: one that all tests share, each with a database of its
//! own, and private ones for tests that kill, stop or fill them.

use servers::{Environment, PgBouncer, PgBouncerOptions, PoolMode, Postgres, PostgresOptions};
use std::net::TcpListener;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use wire::blocking::Client;
use wire::settings::{Host, Settings, SslMode};

static SHARED: LazyLock<Postgres> = LazyLock::new(|| server(PostgresOptions::default()));

/// A small server that counts every statement.
pub fn server(options: PostgresOptions) -> Postgres {
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    // Statements of databases that are gone must not push out what a test still wants to count.
    let mut settings = vec![
        set("shared_buffers", "16MB"),
        set("pg_stat_statements.track", "all"),
        set("pg_stat_statements.max", "50000"),
    ];
    settings.extend(options.settings);
    let environment = Environment::from_pairs(std::env::vars_os());
    Postgres::start(&environment, &PostgresOptions { settings, ..options }).unwrap()
}

/// A server with nothing of its own.
pub fn private() -> Postgres {
    server(PostgresOptions::default())
}

/// Where to connect, without looking for TLS first.
pub fn url(server: &Postgres) -> String {
    url_of(server, server.database())
}

fn url_of(server: &Postgres, database: &str) -> String {
    let (host, port, user) = (server.host(), server.port(), server.user());
    format!("postgres://{user}@{host}:{port}/{database}?sslmode=disable&connect_timeout=5")
}

/// A PgBouncer of a test's own in front of `server`.
pub fn bouncer_to(server: &Postgres, options: &PgBouncerOptions) -> PgBouncer {
    let environment = Environment::from_pairs(std::env::vars_os());
    PgBouncer::start(&environment, server, options).unwrap()
}

/// A PgBouncer of a test's own in front of the shared server.
pub fn bouncer(pool_mode: PoolMode) -> PgBouncer {
    bouncer_to(&SHARED, &PgBouncerOptions { pool_mode, ..PgBouncerOptions::default() })
}

/// A database of the shared server, gone with this value.
pub struct Database {
    name: String,
}

impl Database {
    /// A new one.
    pub fn new(name: &str) -> Database {
        SHARED.psql(&format!("CREATE DATABASE {name}")).unwrap();
        Database { name: name.to_owned() }
    }

    /// Where to connect.
    pub fn url(&self) -> String {
        url_of(&SHARED, &self.name)
    }

    /// Where to connect as a new user who owns nothing, sees nothing of others, and may make tables.
    pub fn url_of_plain_user(&self, user: &str) -> String {
        self.psql(&format!(
            "CREATE ROLE \"{user}\" LOGIN;
             GRANT CREATE ON DATABASE {} TO \"{user}\";
             GRANT CREATE ON SCHEMA public TO \"{user}\"",
            self.name
        ));
        self.url().replacen(&format!("//{}@", SHARED.user()), &format!("//{user}@"), 1)
    }

    /// Where to connect to reach it through `bouncer`.
    pub fn url_through(&self, bouncer: &PgBouncer) -> String {
        let (host, port, name) = (bouncer.host(), bouncer.port(), &self.name);
        format!("postgres://postgres@{host}:{port}/{name}?sslmode=disable&connect_timeout=5")
    }

    /// A connection to it.
    pub fn client(&self) -> Client {
        client(&SHARED, &self.name)
    }

    /// What `psql` prints for statements that run in it.
    #[track_caller]
    pub fn psql(&self, sql: &str) -> String {
        SHARED.psql(&format!("\\connect {}\n{sql}", self.name)).unwrap()
    }

    /// The texts that the server ran in it, and how often each.
    pub fn calls(&self) -> Vec<(String, u64)> {
        assert!(SHARED.has_pg_stat_statements(), "pg_stat_statements is not installed");
        let dropped = SHARED.psql("SELECT dealloc FROM pg_stat_statements_info").unwrap();
        assert_eq!(dropped, "0", "the server has forgotten statements");
        // One line each: line breaks are blanks to SQL as well.
        let rows = SHARED.psql(&format!(
            "SELECT calls, translate(query, E'\\n', ' ') FROM pg_stat_statements s \
             JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = '{}'",
            self.name
        ));
        let row = |line: &str| {
            let (calls, text) = line.split_once('|').unwrap();
            (text.to_owned(), calls.parse().unwrap())
        };
        rows.unwrap().lines().map(row).collect()
    }

    /// All that it holds for a user: every column, index and constraint, and every row of every
    /// table, as a checksum per table.
    pub fn contents(&self) -> String {
        contents(|sql| self.psql(sql))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The server goes at the end of the tests anyway.
        let _gone = SHARED.psql(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

const USERS: &str = "relnamespace = 'public'::regnamespace";

/// See [`Database::contents`].
pub fn contents(psql: impl Fn(&str) -> String) -> String {
    let shape = psql(&format!(
        "SELECT c.relname, c.oid, c.relkind, pg_get_indexdef(c.oid) FROM pg_class c \
         WHERE {USERS} AND relname NOT LIKE 'pg_stat_statements%' ORDER BY 1;
         SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull \
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
         WHERE {USERS} AND c.relkind = 'r' AND a.attnum > 0 ORDER BY 1, a.attnum;
         SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint \
         WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"
    ));
    let tables = psql(&format!(
        "SELECT oid::regclass FROM pg_class WHERE {USERS} AND relkind = 'r' ORDER BY 1"
    ));
    let rows = tables.lines().map(|table| {
        let sums = psql(&format!(
            "SELECT count(*), md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM {table} t"
        ));
        format!("{table}: {sums}")
    });
    let rows: Vec<String> = rows.collect();
    format!("{shape}\n{}", rows.join("\n"))
}

/// A connection of a test's own.
pub fn client(server: &Postgres, database: &str) -> Client {
    let host = Host::Tcp(server.host().to_owned());
    let mut settings = Settings::new(host, server.user(), database);
    (settings.port, settings.ssl_mode) = (server.port(), SslMode::Disable);
    Client::connect(&settings, None, Instant::now() + Duration::from_secs(30)).unwrap()
}

/// A port of this machine that nobody listens on.
pub fn unused_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
