//! A statement timeout goes with the login, and a pooler may refuse it there, or take it and not
//! hand it on. A limit that holds nowhere must not be believed in.

use super::{Refusal, probe};
use std::sync::Arc;
use std::time::Duration;
use wire::settings::Settings;
use wire::tls::Tls;

const HELD: &str =
    "SELECT setting::int8 FROM pg_catalog.pg_settings WHERE name = 'statement_timeout'";

/// The parameter of the startup message that sets it.
pub fn statement_timeout(timeout: Duration) -> (String, String) {
    ("statement_timeout".to_owned(), timeout.as_millis().max(1).to_string())
}

/// Whether the server hears of it, tried with a connection.
///
/// # Errors
/// It does not.
pub fn hands_on_timeout(
    settings: &Settings,
    tls: Option<&Arc<Tls>>,
    timeout: Duration,
) -> Result<(), Refusal> {
    let refused = |cause: wire::Error| Refusal::StatementTimeout(cause.root().to_string());
    let mut limited = settings.clone();
    limited.runtime_parameters.push(statement_timeout(timeout));
    let mut client = probe::connect(&limited, tls).map_err(refused)?;
    let row = client.query_one(HELD, &[]).map_err(refused)?;
    let held: i64 = row.value(0).map_err(|cause| refused(cause.into()))?;
    match u128::try_from(held) == Ok(timeout.as_millis().max(1)) {
        true => Ok(()),
        false => Err(Refusal::StatementTimeout("it takes it and ignores it".to_owned())),
    }
}
