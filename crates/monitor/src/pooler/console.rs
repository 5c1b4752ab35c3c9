//! The connection to the console, and what its answers say.

use super::PoolerConsole;
use model::database_metrics::{Status, Unread};
use std::time::{Duration, Instant};
use wire::blocking::{Client, OwnedRow, Stop};

/// How long connecting, and each answer, may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// How soon a connect is tried again.
const RETRY: Duration = Duration::from_secs(1);
const NEVER: Duration = Duration::from_secs(366 * 24 * 3600);

/// Connections of a database's pools at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Pools {
    /// Clients active and waiting, servers active and idle.
    pub(super) connections: [f64; 4],
    /// How long the first in the queue had waited.
    pub(super) wait_max_ms: f64,
}

/// Counters of a database; what the pooler does not count is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) transactions: Option<u64>,
    pub(super) statements: Option<u64>,
    pub(super) wait_us: Option<u64>,
}

impl Counted {
    /// What came since an earlier look; none of what ran backwards.
    pub(super) fn since(&self, earlier: &Counted) -> Counted {
        let added = |now: Option<u64>, then: Option<u64>| now?.checked_sub(then?);
        Counted {
            transactions: added(self.transactions, earlier.transactions),
            statements: added(self.statements, earlier.statements),
            wait_us: added(self.wait_us, earlier.wait_us),
        }
    }
}

/// See the module.
pub(super) struct Console {
    pooler: PoolerConsole,
    stop: Stop,
    client: Option<Client>,
    retry_at: Instant,
    trouble: Unread,
}

impl Console {
    pub(super) fn new(pooler: &PoolerConsole, stop: &Stop) -> Console {
        Console {
            pooler: pooler.clone(),
            stop: stop.clone(),
            client: None,
            retry_at: Instant::now(),
            trouble: Unread::missing("the pools could not be looked at in the measured time"),
        }
    }

    /// Why nothing was seen.
    pub(super) fn trouble(&self) -> Unread {
        self.trouble.clone()
    }

    pub(super) fn pools(&mut self) -> Result<Pools, Unread> {
        let rows = self.show("POOLS")?;
        Ok(self.of_database(&rows).fold(Pools::default(), |mut all, row| {
            let names = ["cl_active", "cl_waiting", "sv_active", "sv_idle"];
            for (sum, name) in all.connections.iter_mut().zip(names) {
                *sum += number(row, name).unwrap_or(0) as f64;
            }
            let whole_s = number(row, "maxwait").unwrap_or(0) as f64;
            let rest_us = number(row, "maxwait_us").unwrap_or(0) as f64;
            all.wait_max_ms = all.wait_max_ms.max(whole_s * 1000.0 + rest_us / 1000.0);
            all
        }))
    }

    pub(super) fn counted(&mut self) -> Result<Counted, Unread> {
        let rows = self.show("STATS")?;
        // A database that nobody has asked for yet has no row: nothing was counted of it.
        let sum = |name: &str| {
            rows.first().and_then(|row| number(row, name))?;
            let ours = self.of_database(&rows).filter_map(|row| number(row, name));
            Some(ours.fold(0, u64::saturating_add))
        };
        Ok(Counted {
            transactions: sum("total_xact_count"),
            statements: sum("total_query_count"),
            wait_us: sum("total_wait_time"),
        })
    }

    fn of_database<'a>(&'a self, rows: &'a [OwnedRow]) -> impl Iterator<Item = &'a OwnedRow> {
        let ours = move |row: &&OwnedRow| {
            row.named::<&str>("database").is_ok_and(|it| it == self.pooler.database)
        };
        rows.iter().filter(ours)
    }

    fn show(&mut self, what: &str) -> Result<Vec<OwnedRow>, Unread> {
        self.ensure()?;
        let Some(client) = &mut self.client else { return Err(self.trouble.clone()) };
        let answers = client.simple_query(&format!("SHOW {what}"));
        let is_broken = client.is_broken();
        answers.map(|all| all.into_iter().flat_map(|it| it.rows).collect()).map_err(|error| {
            self.trouble = self.why(&format!("ask it to SHOW {what}"), &error);
            if is_broken {
                self.client = None;
                self.retry_at = Instant::now() + RETRY;
            }
            self.trouble.clone()
        })
    }

    /// Connects where there is no connection and it is time to try.
    fn ensure(&mut self) -> Result<(), Unread> {
        if self.client.is_some() {
            return Ok(());
        }
        if Instant::now() < self.retry_at {
            return Err(self.trouble.clone());
        }
        let (settings, tls) = (&self.pooler.settings, self.pooler.tls.clone());
        match Client::connect(settings, tls, Instant::now() + PATIENCE) {
            Ok(mut client) => {
                client.set_timeout(PATIENCE);
                client.set_stop(self.stop.clone());
                self.client = Some(client);
                Ok(())
            }
            Err(error) => {
                self.trouble = self.why("connect", &error);
                let soon = self.trouble.status != Status::NoPrivilege;
                // Who may not look now may not look later, and each try takes a client's place.
                self.retry_at = Instant::now() + if soon { RETRY } else { NEVER };
                Err(self.trouble.clone())
            }
        }
    }

    fn why(&self, doing: &str, error: &wire::Error) -> Unread {
        let user = &self.pooler.settings.user;
        // What it says to a user whom its lists do not name.
        if error.to_string().contains("not allowed") {
            let reason = format!(
                "PgBouncer's console is not for \"{user}\": a line `stats_users = {user}` in \
                 pgbouncer.ini, and RELOAD, lets it look, or --pooler-admin names another user"
            );
            return Unread { status: Status::NoPrivilege, reason };
        }
        let status = match error.code() {
            Some("28000" | "28P01" | "42501") => Status::NoPrivilege,
            _ if error.is_timeout() => Status::Timeout,
            _ => Status::Missing,
        };
        Unread { status, reason: format!("PgBouncer's console: {doing}: {error}") }
    }
}

fn number(row: &OwnedRow, column: &str) -> Option<u64> {
    row.named::<&str>(column).ok()?.parse().ok()
}
