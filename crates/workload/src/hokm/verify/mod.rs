//! After the load: what the server holds, against what the players remember.
//!
//! Everything is read in one snapshot. For all that is counted, acknowledged ≤ stored ≤
//! acknowledged + unknown; what is unknown is only what no read-back could settle before the run
//! ended. Memory stays bounded: live games are compared in chunks, ended ones by count and
//! checksum, players by number.

mod events;
mod games;
mod players;
mod remembered;
mod sessions;

use super::memory::Tally;
use super::of_run;
use super::player::HokmPlayer;
use super::statements::Tables;
use super::world::World;
use crate::error::Error;
use crate::workload::Server;
use model::verification::{Check, Verification};
use remembered::Remembered;
use wire::blocking::{Client, OwnedRow, Param};
use wire::value::Decode;

/// One comparison after the other, in one snapshot.
struct Verifier<'a> {
    world: &'a World,
    tables: &'a Tables,
    client: Client,
    remembered: Remembered,
    checks: Vec<Check>,
}

/// Compares everything.
pub fn verify(
    world: &World,
    server: &Server<'_>,
    tables: &Tables,
    players: &[HokmPlayer],
) -> Result<Verification, Error> {
    let unfollowed = world.given_up.unfollowed();
    if unfollowed > 0 {
        return Err(Error::NotFollowed { games: unfollowed });
    }
    let mut client = server.connect()?;
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    client.batch(begin).map_err(Error::server("verifying"))?;
    // Events are grouped by game and number: millions of them should not go to disk for it. Of
    // this transaction only: behind a pooler the next one may be anybody's.
    client.batch("SET LOCAL work_mem = '64MB'").map_err(Error::server("verifying"))?;
    let remembered = Remembered::of(players);
    let mut verifier = Verifier { world, tables, client, remembered, checks: Vec::new() };
    (server.progress)("verifying games");
    verifier.games()?;
    (server.progress)("verifying events");
    verifier.events()?;
    (server.progress)("verifying players and sessions");
    verifier.players()?;
    verifier.members()?;
    verifier.sessions()?;
    verifier.add("every_answer_was_as_acknowledged", verifier.remembered.answers.clone());
    // The snapshot ends with the connection: a COMMIT would be counted with those of the load.
    let checks = verifier.checks;
    Ok(Verification { passed: checks.iter().all(|check| check.violations == 0), checks })
}

impl Verifier<'_> {
    fn add(&mut self, name: &str, tally: Tally) {
        self.checks.push(tally.into_check(name));
    }

    fn query(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<OwnedRow>, Error> {
        self.client.query(sql, params).map_err(Error::server("verifying"))
    }

    fn query_one(&mut self, sql: &str, params: &[Param<'_>]) -> Result<OwnedRow, Error> {
        self.client.query_one(sql, params).map_err(Error::server("verifying"))
    }

    /// The condition on the run's rows in a table.
    fn of_run(&mut self, table: &str, key: &str) -> Result<String, Error> {
        of_run::condition(&mut self.client, (table, key), self.world.prefix())
    }
}

/// A column's value.
fn value<'a, T: Decode<'a>>(row: &'a OwnedRow, column: usize) -> Result<T, Error> {
    row.value(column).map_err(Error::unreadable("verifying"))
}

/// A count: the server's are never negative.
fn number(row: &OwnedRow, column: usize) -> Result<u64, Error> {
    Ok(value::<i64>(row, column)?.unsigned_abs())
}

/// How far `stored` is outside of what it may be.
fn outside(stored: u64, least: u64, most: u64) -> u64 {
    least.saturating_sub(stored) + stored.saturating_sub(most)
}

/// A count that must lie in a range: each one outside of it is a violation.
fn expect_count(tally: &mut Tally, what: &str, stored: u64, range: (u64, u64)) {
    let (least, most) = range;
    tally.checked += least;
    let outside = outside(stored, least, most);
    if outside > 0 {
        tally.add_violation(|| format!("{stored} {what} are stored, not {least} to {most}"));
        tally.violations += outside - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hokm::HokmProfile;
    use crate::hokm::doubt::MOST_FOLLOWED;
    use std::sync::Arc;
    use wire::settings::{Host, Settings};

    #[test]
    fn games_that_were_not_followed_are_no_pass_but_an_error_that_counts_them() {
        let world = World::new(HokmProfile::default());
        (0..MOST_FOLLOWED + 7).for_each(|_| _ = world.given_up.add());
        // Nobody listens there: it is said without asking the server.
        let settings = Settings::new(Host::Tcp("127.0.0.1".into()), "nobody", "nothing");
        let server = Server {
            settings: Arc::new(settings),
            tls: None,
            schema: None,
            loaders: 1,
            patience: None,
            stop: Default::default(),
            progress: &|_| {},
        };
        let error = verify(&world, &server, &Tables::new(None), &[]).unwrap_err();
        assert!(error.to_string().starts_with("7 more games than can be followed"), "{error}");
    }
}
