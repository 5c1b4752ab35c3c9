//! What the server says of itself, read in transactions that may only read.

use crate::check::settings::{Setting, Settings};
use wire::blocking::Client;

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Server {
    /// `server_version`.
    pub version: String,
    /// `server_version_num`.
    pub version_number: i64,
    /// It follows another server.
    pub is_standby: bool,
    /// Our transactions begin as ones that may only read.
    pub is_read_only: bool,
    /// Our role is a superuser.
    pub is_superuser: bool,
    /// Our role may read what monitoring needs.
    pub is_monitor: bool,
    /// The state of the extension `pg_stat_statements`.
    pub statements: Statements,
    /// Whether it runs on this machine; none where that can't be known.
    pub on_this_host: Option<bool>,
    /// Its settings, and our role and database.
    pub settings: Settings,
}

/// How far `pg_stat_statements` is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Statements {
    /// The server has no such extension.
    #[default]
    NotAvailable,
    /// It is not in `shared_preload_libraries`, whose value some may not see.
    NotLoaded {
        /// That value.
        preloaded: Option<String>,
    },
    /// It is not created in our database.
    NotCreated,
    /// Our role may not read it; the reason.
    NotReadable(String),
    /// It works; its version.
    Readable(String),
}

/// The settings that are judged or that help to judge.
const NAMES: &str = "'fsync', 'full_page_writes', 'synchronous_commit', 'log_statement', \
     'log_min_duration_statement', 'log_duration', 'autovacuum', 'track_counts', \
     'debug_assertions', 'shared_buffers', 'jit', 'jit_above_cost', 'shared_preload_libraries'";

const WHO: &str = "\
SELECT current_setting('server_version_num')::int8, pg_catalog.pg_is_in_recovery(),
       current_setting('default_transaction_read_only') = 'on',
       coalesce((SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user), false),
       pg_catalog.pg_has_role('pg_monitor', 'MEMBER'),
       current_user::text, current_database()::text,
       pg_catalog.inet_server_addr() IS NOT DISTINCT FROM pg_catalog.inet_client_addr()";

/// Asks it everything.
///
/// # Errors
/// It does not answer.
pub fn read(client: &mut Client) -> Result<Server, wire::Error> {
    let mut server = Server {
        version: client.parameter("server_version").unwrap_or_default().to_owned(),
        ..Server::default()
    };
    only_reading(client, |client| who(client, &mut server))?;
    only_reading(client, |client| settings(client, &mut server.settings))?;
    // Its settings are there exactly when it was loaded at the server's start.
    let (found, loaded) = only_reading(client, extension)?;
    server.statements = match (found, loaded) {
        (None, _) => Statements::NotAvailable,
        (_, false) => {
            let libraries = server.settings.all.get("shared_preload_libraries");
            Statements::NotLoaded { preloaded: libraries.map(|it| it.value.clone()) }
        }
        (Some((_, None)), true) => Statements::NotCreated,
        (Some((version, Some(schema))), true) => {
            match only_reading(client, |client| readable(client, &schema)) {
                Ok(()) => Statements::Readable(version),
                Err(cause) if cause.server().is_some() => {
                    Statements::NotReadable(cause.to_string())
                }
                Err(cause) => return Err(cause),
            }
        }
    };
    Ok(server)
}

/// Runs `ask` in a transaction that may only read, and ends it whatever came of it.
pub fn only_reading<T>(
    client: &mut Client,
    ask: impl FnOnce(&mut Client) -> Result<T, wire::Error>,
) -> Result<T, wire::Error> {
    client.batch("BEGIN TRANSACTION READ ONLY")?;
    let told = ask(client);
    let ended = client.batch("ROLLBACK");
    let told = told?;
    ended.map(|()| told)
}

fn who(client: &mut Client, server: &mut Server) -> Result<(), wire::Error> {
    let row = client.query_one(WHO, &[])?;
    server.version_number = row.value(0)?;
    server.is_standby = row.value(1)?;
    server.is_read_only = row.value(2)?;
    server.is_superuser = row.value(3)?;
    server.is_monitor = row.value(4)?;
    server.settings.user = row.value::<&str>(5)?.to_owned();
    server.settings.database = row.value::<&str>(6)?.to_owned();
    server.on_this_host = Some(row.value(7)?);
    Ok(())
}

fn settings(client: &mut Client, settings: &mut Settings) -> Result<(), wire::Error> {
    let sql = format!(
        "SELECT name, setting, source, context FROM pg_catalog.pg_settings WHERE name IN ({NAMES})"
    );
    for row in client.query(&sql, &[])? {
        let text = |column| row.value::<Option<&str>>(column).map(|it| it.unwrap_or("").to_owned());
        let setting = Setting { value: text(1)?, source: text(2)?, context: text(3)? };
        settings.all.insert(text(0)?, setting);
    }
    Ok(())
}

/// Version and, where it is created, schema.
type Extension = Option<(String, Option<String>)>;

fn extension(client: &mut Client) -> Result<(Extension, bool), wire::Error> {
    let found = client.query(
        "SELECT coalesce(e.extversion, a.default_version)::text, n.nspname::text \
         FROM pg_catalog.pg_available_extensions a \
         LEFT JOIN pg_catalog.pg_extension e ON e.extname = a.name \
         LEFT JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace \
         WHERE a.name = 'pg_stat_statements'",
        &[],
    )?;
    let loaded = client.query_one(
        "SELECT count(*) > 0 FROM pg_catalog.pg_settings WHERE name = 'pg_stat_statements.max'",
        &[],
    )?;
    let found = found.first().map(|row| {
        let version = row.value::<&str>(0)?.to_owned();
        Ok::<_, wire::Error>((version, row.value::<Option<&str>>(1)?.map(str::to_owned)))
    });
    Ok((found.transpose()?, loaded.value(0)?))
}

fn readable(client: &mut Client, schema: &str) -> Result<(), wire::Error> {
    let table = workload::identifier::qualified(Some(schema), "pg_stat_statements");
    client.query(&format!("SELECT count(*) FROM {table}"), &[]).map(|_| ())
}
