//! After the load: what we created and nobody needs any longer is dropped.
//!
//! In one transaction that no other run can come between: is anybody else on the list, does it
//! hold anything of others? Then it stays, and says why.

use super::Mark;
use super::owned::{self, Owned};
use crate::error::Error;
use crate::workload::{CleanUp, Server};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use wire::blocking::Client;

/// What became of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Release {
    /// It is not there, not ours, or not this run's: it was not touched.
    Untouched,
    /// These are gone.
    Dropped(Vec<String>),
    /// It stays, for this reason.
    Stays(String),
}

/// How to let go of it.
#[derive(Clone, Copy, Debug)]
pub struct How<'a> {
    /// The run that needs it no longer.
    pub run: &'a str,
    /// A query that finds a row when the thing holds anything of others.
    pub others: Option<&'a str>,
    /// Whether the run gives its place on the list up where the thing stays: not while it still
    /// has rows there, or whoever comes last would take them for somebody's.
    pub leave: bool,
}

/// A lock is asked for in vain only so long at a time: whoever comes after us waits behind us.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '2s'";
/// What the server says when that time is over, and when something depends on a thing.
const LOCK_NOT_AVAILABLE: &str = "55P03";
const DEPENDENT_OBJECTS: &str = "2BP01";
const DEPENDS: &str = "something else depends on it";
const DROPPING: &str = "dropping tables";
/// Until it is asked for again.
const BETWEEN: Duration = Duration::from_millis(200);

/// Lets go of all `things` together; drops them if the run is the last that needs them and nothing
/// of others is in them. Others may hold one locked for a while: that is waited for as long as
/// `server` has patience. What it ran is counted in `done`.
///
/// # Errors
/// The server can't be asked, or refuses.
pub fn release(
    server: &Server<'_>,
    client: &mut Client,
    things: &[Owned<'_>],
    (how, done): (How<'_>, &mut CleanUp),
) -> Result<Release, Error> {
    if marked(client, things, how.run)?.is_empty() {
        return Ok(Release::Untouched);
    }
    let give_up = server.patience.map(|it| Instant::now() + it);
    loop {
        done.statements.push(("begin", 1));
        match attempt(client, things, how) {
            Ok(release) => {
                client.batch("COMMIT").map_err(Error::server(DROPPING))?;
                done.statements.push(("commit", 1));
                return Ok(release);
            }
            Err(error) => match error.code() {
                Some(DEPENDENT_OBJECTS) => {
                    let ran = [("rollback", 1), ("begin", 1), ("commit", 1)];
                    done.statements.extend(ran);
                    return keep(client, things, how);
                }
                Some(LOCK_NOT_AVAILABLE)
                    if give_up.is_none_or(|it| Instant::now() < it) && !server.stop.is_raised() =>
                {
                    client.batch("ROLLBACK").map_err(Error::server(DROPPING))?;
                    done.statements.push(("rollback", 1));
                    (server.progress)("waiting for others to unlock a table that is to be dropped");
                    std::thread::sleep(BETWEEN);
                }
                _ => return Err(error),
            },
        }
    }
}

/// Lets go of the schema of `server`, if a run of ours made it, and puts what became of it into
/// `done`. Whatever is in it keeps it.
///
/// # Errors
/// The server can't be asked, or refuses.
pub fn release_schema(
    server: &Server<'_>,
    client: &mut Client,
    run: &str,
    done: &mut CleanUp,
) -> Result<(), Error> {
    let Some(name) = &server.schema else { return Ok(()) };
    let schema = Owned::Schema(name);
    let how = How { run, others: None, leave: true };
    match release(server, client, &[schema], (how, done))? {
        Release::Dropped(_) => done.dropped.push(schema.called()),
        // What depends on it may be what another workload of the run has yet to drop.
        Release::Stays(why) if why == DEPENDS => {}
        Release::Stays(why) => done.notes.push(format!("{} stays: {why}", schema.called())),
        Release::Untouched => {}
    }
    Ok(())
}

/// Those of `things` that are there and that `run` needs, with their marks.
fn marked<'a>(
    client: &mut Client,
    things: &[Owned<'a>],
    run: &str,
) -> Result<Vec<(Owned<'a>, Mark)>, Error> {
    let mut marked = Vec::new();
    for thing in things {
        let mark = thing.look_up(client)?.and_then(|it| it.mark);
        marked.extend(mark.filter(|it| it.names(run)).map(|it| (*thing, it)));
    }
    Ok(marked)
}

/// Everything inside the transaction but its end.
fn attempt(client: &mut Client, things: &[Owned<'_>], how: How<'_>) -> Result<Release, Error> {
    owned::begin(client, DROPPING)?;
    let marked = marked(client, things, how.run)?;
    let others: BTreeSet<&str> = marked.iter().flat_map(|(_, mark)| mark.others(how.run)).collect();
    if !others.is_empty() {
        let why = format!("run {} needs it", Vec::from_iter(others).join(", "));
        return stays(client, &marked, how, why);
    }
    for (thing, _) in &marked {
        let doing = format!("dropping {}", thing.called());
        if let Owned::Table(name) = thing {
            let lock = format!("{LOCK_TIMEOUT}; LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE");
            client.batch(&lock).map_err(Error::server(&doing))?;
        }
    }
    if let Some(sql) = how.others {
        let found = client.query(sql, &[]).map_err(Error::server("looking for rows of others"))?;
        if !found.is_empty() {
            return stays(client, &marked, how, "it has rows of others".to_owned());
        }
    }
    let mut dropped = Vec::new();
    for (thing, _) in &marked {
        let doing = format!("dropping {}", thing.called());
        let sql = format!("DROP {} {}", thing.kind(), thing.name());
        client.batch(&sql).map_err(Error::server(doing))?;
        dropped.push(thing.name());
    }
    Ok(if dropped.is_empty() { Release::Untouched } else { Release::Dropped(dropped) })
}

fn stays(
    client: &mut Client,
    marked: &[(Owned<'_>, Mark)],
    how: How<'_>,
    why: String,
) -> Result<Release, Error> {
    if how.leave {
        for (thing, mark) in marked {
            let mut mark = mark.clone();
            mark.leave(how.run);
            thing.set(client, &mark)?;
        }
    }
    Ok(Release::Stays(why))
}

/// Something else depends on one, a view of the user's perhaps: they stay, and the transaction has
/// failed.
fn keep(client: &mut Client, things: &[Owned<'_>], how: How<'_>) -> Result<Release, Error> {
    client.batch("ROLLBACK").map_err(Error::server(DROPPING))?;
    owned::begin(client, DROPPING)?;
    let marked = marked(client, things, how.run)?;
    // A schema may hold what another workload of the run has not dropped yet.
    let leave = how.leave && things.iter().all(|it| matches!(it, Owned::Table(_)));
    let how = How { leave, ..how };
    let release = stays(client, &marked, how, DEPENDS.to_owned())?;
    client.batch("COMMIT").map_err(Error::server(DROPPING))?;
    Ok(release)
}
