//! PgBouncer's own console: a database called `pgbouncer` that answers `SHOW` commands, for those
//! whom its `admin_users` or `stats_users` name.

use super::probe;
use std::sync::Arc;
use wire::blocking::{Client, OwnedRow};
use wire::settings::Settings;
use wire::tls::Tls;

/// What it says of itself. A number that it does not say is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Console {
    /// Such as `1.18.0`.
    pub version: String,
    /// Clients that it takes, at most.
    pub max_clients: Option<u64>,
    /// Connections to the server that our user and database may have.
    pub pool_size: Option<u64>,
}

/// How the same user reaches the console.
pub fn console_of(settings: &Settings) -> Settings {
    Settings {
        database: "pgbouncer".to_owned(),
        runtime_parameters: Vec::new(),
        options: None,
        ..settings.clone()
    }
}

/// Whether it is a PgBouncer, and what its console says where we may look at it.
pub(super) fn look(settings: &Settings, tls: Option<&Arc<Tls>>) -> (bool, Option<Console>) {
    match probe::connect(&console_of(settings), tls) {
        Ok(mut client) => {
            let console = read(&mut client, &settings.database);
            (console.is_some(), console)
        }
        // Its refusal of a user who is no administrator. A server's would be 3D000: no such
        // database.
        Err(error) => (error.to_string().contains("not allowed (08P01)"), None),
    }
}

/// None where the database is an ordinary one that happens to have this name.
fn read(client: &mut Client, database: &str) -> Option<Console> {
    let version = show(client, "VERSION").into_iter().find_map(|row| text(&row, 0))?;
    let version = version.strip_prefix("PgBouncer ")?.split(' ').next()?.to_owned();
    let config = show(client, "CONFIG");
    let of = |name: &str| {
        let row = config.iter().find(|row| text(row, 0).as_deref() == Some(name))?;
        text(row, 1)?.parse().ok()
    };
    // A database can have a size of its own.
    let databases = show(client, "DATABASES");
    let ours =
        databases.iter().find(|row| row.named::<&str>("name").is_ok_and(|it| it == database));
    let own = ours.and_then(|row| row.named::<&str>("pool_size").ok()?.parse().ok());
    let pool_size = own.or_else(|| of("default_pool_size"));
    Some(Console { version, max_clients: of("max_client_conn"), pool_size })
}

fn show(client: &mut Client, what: &str) -> Vec<OwnedRow> {
    let answers = client.simple_query(&format!("SHOW {what}")).unwrap_or_default();
    answers.into_iter().flat_map(|answer| answer.rows).collect()
}

fn text(row: &OwnedRow, column: usize) -> Option<String> {
    row.value::<&str>(column).ok().map(str::to_owned)
}
