//! How a pooler behaves, found out with two connections through it that ask harmless things.
//!
//! Nothing is written, and what is prepared is forgotten again.

use super::Mode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wire::blocking::Client;
use wire::settings::Settings;
use wire::tls::Tls;

/// A pooler without a free server connection lets us wait: for this long, each time.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often both connections ask. Most poolers hand out the connection that was used last, so
/// that the first round tells; some go round all of them.
const ROUNDS: usize = 8;

/// A second connection, which gives up soon.
pub(super) fn connect(settings: &Settings, tls: Option<&Arc<Tls>>) -> Result<Client, wire::Error> {
    let mut client = Client::connect(settings, tls.cloned(), Instant::now() + PATIENCE)?;
    client.set_timeout(PATIENCE);
    Ok(client)
}

/// The server's process that answers.
pub(super) fn process(client: &mut Client) -> Result<i32, wire::Error> {
    let row = client.query_one("SELECT pg_catalog.pg_backend_pid()", &[])?;
    Ok(row.value(0)?)
}

/// Two connections that are both open and were answered by the same process share it. When each
/// stays with its own, however often they ask, they keep it; so do they when the second one waits
/// in vain for one.
pub(super) fn mode(one: &mut Client, other: &mut Client) -> Option<Mode> {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ones.push(process(one).ok()?);
        match process(other) {
            Ok(process) => others.push(process),
            Err(error) if error.is_timeout() => return Some(Mode::Session),
            Err(_) => return None,
        }
        let changed = |them: &[i32]| them.iter().any(|it| *it != them[0]);
        if ones.iter().any(|it| others.contains(it)) || changed(&ones) || changed(&others) {
            return Some(Mode::Transaction);
        }
    }
    Some(Mode::Session)
}

/// Whether a transaction may have several statements. It ends with the connection: a ROLLBACK, and
/// a BEGIN of the usual words, would be counted with those of the load.
pub(super) fn takes_transactions(mut client: Client) -> bool {
    client.batch("BEGIN READ ONLY").and_then(|()| client.batch("SELECT 1")).is_ok()
}

/// Whether each connection finds its own statement under a name that both use. It is so where both
/// were answered, each by its own statement, by the same process of the server.
pub(super) fn keeps_prepared(one: &mut Client, other: &mut Client) -> Option<bool> {
    let name = format!("pgsurge_probe_{}", one.process_id().unwrap_or_default());
    let answer = prepared_on_both(one, other, &name);
    for client in [one, other] {
        // Where it is not known any more, that is as good.
        let _gone = client.forget_prepared(&name);
    }
    answer
}

fn prepared_on_both(one: &mut Client, other: &mut Client, name: &str) -> Option<bool> {
    let mut both = [(one, 1), (other, 2)];
    for (client, number) in &mut both {
        let sql = format!("SELECT {number}, pg_catalog.pg_backend_pid()");
        match client.prepare(name, &sql) {
            Ok(()) => {}
            // The other's statement is in the way (42P05).
            Err(error) => return denied(&error),
        }
    }
    let mut processes = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for ((client, number), processes) in both.iter_mut().zip(&mut processes) {
            match client.run_prepared(name, &[]) {
                Ok(rows) => {
                    let row = rows.first()?;
                    if row.value::<i32>(0).ok()? != *number {
                        return Some(false);
                    }
                    processes.push(row.value::<i32>(1).ok()?);
                }
                Err(error) => return denied(&error),
            }
        }
        if processes[0].iter().any(|it| processes[1].contains(it)) {
            return Some(true);
        }
    }
    None
}

/// What an error says: the server's, that the statement is not there or another's is.
fn denied(error: &wire::Error) -> Option<bool> {
    matches!(error.code(), Some("26000" | "42P05")).then_some(false)
}
