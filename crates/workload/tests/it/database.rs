//! The server that the tests share, and a database of each test's own.

use model::catalog::Catalog;
use servers::{Environment, Postgres, PostgresOptions};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use wire::blocking::Client;
use wire::settings::{Host, Settings, SslMode};
use workload::postgres::{Statement, transaction_control};
use workload::{Server, Workload};

static SERVER: LazyLock<Postgres> = LazyLock::new(|| {
    let environment = Environment::from_pairs(std::env::vars_os());
    // Statements of databases that are gone must not push out what a test still wants to count.
    let settings = vec![("pg_stat_statements.max".to_owned(), "50000".to_owned())];
    let options = PostgresOptions { max_connections: 200, settings, ..PostgresOptions::default() };
    Postgres::start(&environment, &options).expect("a PostgreSQL server")
});

/// A new database on the shared server.
pub struct Database {
    pub name: String,
    pub settings: Arc<Settings>,
}

impl Database {
    pub fn new(name: &str) -> Database {
        SERVER.psql(&format!("CREATE DATABASE {name}")).expect("a database");
        let mut settings = Settings::new(Host::Tcp("127.0.0.1".into()), "postgres", name);
        settings.port = SERVER.port();
        settings.ssl_mode = SslMode::Disable;
        Database { name: name.to_owned(), settings: Arc::new(settings) }
    }

    /// The same as it stands now, under another name. Nobody may be connected to it.
    pub fn copy(&self, name: &str) -> Database {
        let create = format!("CREATE DATABASE {name} TEMPLATE {}", self.name);
        SERVER.psql(&create).expect("a copy of a database");
        let mut settings = (*self.settings).clone();
        settings.database = name.to_owned();
        Database { name: name.to_owned(), settings: Arc::new(settings) }
    }

    /// What workloads are handed.
    pub fn server(&self) -> Server<'static> {
        Server {
            settings: self.settings.clone(),
            tls: None,
            schema: None,
            loaders: 2,
            patience: Some(Duration::from_secs(120)),
            stop: Default::default(),
            progress: &|_| {},
        }
    }

    pub fn client(&self) -> Client {
        self.server().connect().expect("a connection")
    }

    /// Runs statements whose rows nobody wants.
    pub fn run(&self, sql: &str) {
        self.client().batch(sql).expect(sql);
    }

    /// The only value of the only row.
    pub fn number(&self, sql: &str) -> i64 {
        self.client().query_one(sql, &[]).expect(sql).value(0).expect(sql)
    }

    /// How often the server ran a text in this database.
    pub fn calls(&self, sql: &str) -> u64 {
        assert!(SERVER.has_pg_stat_statements(), "pg_stat_statements is not installed");
        let name = &self.name;
        let sql = sql.replace('\'', "''");
        let calls = SERVER.psql(&format!(
            "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements s JOIN pg_database d \
             ON d.oid = s.dbid WHERE d.datname = '{name}' AND s.query = '{sql}'"
        ));
        calls.expect("calls").parse().expect("a number")
    }

    /// The names and row counts of all tables.
    pub fn tables(&self) -> String {
        let sql = "SELECT string_agg(relname || ' ' || (xpath('/row/n/text()', query_to_xml( \
             format('SELECT count(*) AS n FROM %s', oid::regclass), false, true, '')))[1]::text, \
             ', ' ORDER BY relname) FROM pg_class \
             WHERE relkind = 'r' AND relnamespace NOT IN \
             ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)";
        let row = self.client().query_one(sql, &[]).expect(sql);
        row.value::<Option<String>>(0).expect(sql).unwrap_or_default()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The server goes at the end of the tests anyway.
        let _gone = SERVER.psql(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

/// The catalogue of a workload's run.
pub fn catalog<W: Workload>(workload: &W) -> Catalog {
    let statements = transaction_control().into_iter().chain(workload.statements());
    Catalog {
        actions: workload.actions(),
        statements: statements.map(|statement: Statement| statement.spec()).collect(),
    }
}
