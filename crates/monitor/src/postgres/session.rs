//! The monitor's own connection: every step has a deadline on our side, a lost connection comes
//! back by itself, and what went wrong is a reason, not an end.

use super::catalogue::Catalogue;
use super::kept::Kept;
use crate::timeline::Watched;
use model::database_metrics::{Status, Unread};
use std::time::{Duration, Instant};
use wire::blocking::{Client, OwnedRow, Param};
use wire::settings::Settings;

/// What each of our statements has behind its first word: `pg_stat_statements` keeps it, so that our
/// own cost can be told from the load's. Comments before a statement it drops from version 18 on.
pub(super) const MARK: &str = "/* pgsurge-monitor */";

const CONNECT: Duration = Duration::from_secs(2);
/// How long a statement may take, by our clock: a server that was stopped watches no timeout.
const CALL: Duration = Duration::from_secs(2);
/// The same by the server's, a little less, so that it gives up first.
const STATEMENT_TIMEOUT_MS: &str = "1800";
/// How soon a connect is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What our statements came to so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Cost {
    pub(super) statements: u64,
    pub(super) failed: u64,
    pub(super) connects: u64,
    pub(super) round_trips: Duration,
}

impl Cost {
    /// What came since an earlier moment.
    pub(super) fn since(&self, earlier: &Cost) -> Cost {
        Cost {
            statements: self.statements - earlier.statements,
            failed: self.failed - earlier.failed,
            connects: self.connects - earlier.connects,
            round_trips: self.round_trips - earlier.round_trips,
        }
    }

    /// What the server counts of it as commits: each statement, and each connect.
    pub(super) fn commits(&self) -> u64 {
        self.statements.saturating_sub(self.failed) + self.connects
    }
}

/// See the module.
pub(super) struct Session {
    settings: Settings,
    watched: Watched,
    client: Option<Client>,
    catalogue: Catalogue,
    kept: Kept,
    retry_at: Instant,
    trouble: Unread,
    /// What the load's own connections call themselves.
    application: String,
    pub(super) cost: Cost,
}

impl Session {
    pub(super) fn new(watched: &Watched) -> Session {
        let mut settings = Settings::clone(&watched.settings);
        let application = settings.application_name.replace("pgsurge-monitor".to_owned());
        settings.connect_timeout = Some(CONNECT);
        settings.runtime_parameters.retain(|(name, _)| name != "statement_timeout");
        Session {
            settings,
            watched: watched.clone(),
            client: None,
            catalogue: Catalogue::default(),
            kept: Kept::behind_pooler(watched.is_behind_pooler),
            retry_at: Instant::now(),
            trouble: Unread::missing("there was no connection"),
            application: application.unwrap_or_default(),
            cost: Cost::default(),
        }
    }

    /// What the server's views are made of; empty until a connection was there.
    pub(super) fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Whether all calls are to end.
    pub(super) fn is_stopped(&self) -> bool {
        self.watched.stop.is_raised()
    }

    /// What the load's own connections call themselves.
    pub(super) fn application(&self) -> &str {
        &self.application
    }

    /// The statement that shows our role what is hidden from it, to be run as it is.
    pub(super) fn grant(&self) -> String {
        format!("GRANT pg_monitor TO \"{}\"", self.settings.user.replace('"', "\"\""))
    }

    /// Which backend answers us, and the CPU time that it has taken; none where the server is not
    /// on this machine.
    pub(super) fn backend_cpu(&self) -> Option<(i32, Duration)> {
        let backend = self.client.as_ref()?.process_id()?;
        let server = self.watched.local_server.as_ref()?;
        Some((backend, crate::host::backend_cpu(server, backend)?))
    }

    /// Why the sessions were never seen.
    pub(super) fn no_samples(&self) -> Unread {
        match self.cost.connects {
            0 => self.trouble.clone(),
            _ => Unread::missing("the sessions could not be looked at in the measured time"),
        }
    }

    /// Connects where there is no connection and it is time to try.
    pub(super) fn ensure(&mut self) -> Result<(), Unread> {
        if self.client.is_some() {
            return Ok(());
        }
        if Instant::now() < self.retry_at {
            return Err(self.trouble.clone());
        }
        let connected = self.connect().and_then(|client| {
            self.cost.connects += 1;
            self.client = Some(client);
            self.kept.forget();
            Catalogue::read(self)
        });
        match connected {
            Ok(catalogue) => {
                self.catalogue = catalogue;
                Ok(())
            }
            Err(unread) => {
                self.client = None;
                self.trouble = unread.clone();
                // From now on: an attempt may have taken longer than the time between two.
                self.retry_at = Instant::now() + RETRY;
                Err(unread)
            }
        }
    }

    fn connect(&self) -> Result<Client, Unread> {
        let try_with = |settings: &Settings| {
            Client::connect(settings, self.watched.tls.clone(), Instant::now() + CONNECT)
        };
        let mut limited = self.settings.clone();
        let limit = ("statement_timeout".to_owned(), STATEMENT_TIMEOUT_MS.to_owned());
        limited.runtime_parameters.push(limit);
        let connected = match try_with(&limited) {
            // A pooler takes no such parameter (08P01); our own clock still limits every call.
            Err(error) if error.code() == Some("08P01") => try_with(&self.settings),
            tried => tried,
        };
        let mut client = connected.map_err(|error| unread("connect", &error))?;
        client.set_timeout(CALL);
        client.set_stop(self.watched.stop.clone());
        Ok(client)
    }

    /// Runs one statement of ours; `what` says what is read, for the reason why not.
    pub(super) fn query(
        &mut self,
        what: &str,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<OwnedRow>, Unread> {
        self.call(what, |client, _| client.query(&marked(sql), params))
    }

    /// Runs one that comes again and again: the server keeps it, so that only its first run costs
    /// reading and planning it, which take several times as long as the looks themselves.
    pub(super) fn poll(
        &mut self,
        what: &str,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<OwnedRow>, Unread> {
        self.call(what, |client, kept| kept.run(client, &marked(sql), params))
    }

    fn call(
        &mut self,
        what: &str,
        run: impl FnOnce(&mut Client, &mut Kept) -> Result<Vec<OwnedRow>, wire::Error>,
    ) -> Result<Vec<OwnedRow>, Unread> {
        self.ensure()?;
        let Some(client) = &mut self.client else { return Err(self.trouble.clone()) };
        let began = Instant::now();
        let answer = run(client, &mut self.kept);
        let is_broken = client.is_broken();
        self.cost.statements += 1;
        self.cost.round_trips += began.elapsed();
        answer.map_err(|error| {
            self.cost.failed += 1;
            let unread = unread(&format!("read {what}"), &error);
            if is_broken {
                self.client = None;
                self.trouble = unread.clone();
            }
            unread
        })
    }
}

fn marked(sql: &str) -> String {
    match sql.trim_start().split_once(char::is_whitespace) {
        Some((first, rest)) => format!("{first} {MARK} {rest}"),
        None => format!("{sql} {MARK}"),
    }
}

/// Why something could not be read, from what the connection says.
fn unread(doing: &str, error: &wire::Error) -> Unread {
    let status = match error.code() {
        Some("42501" | "28000" | "28P01") => Status::NoPrivilege,
        Some("57014" | "55P03") => Status::Timeout,
        _ if error.is_timeout() => Status::Timeout,
        _ => Status::Missing,
    };
    Unread { status, reason: format!("{doing}: {error}") }
}

/// A number of a row; none where it is NULL or no number.
pub(super) fn number(row: &OwnedRow, column: usize) -> Option<f64> {
    row.value::<Option<f64>>(column).ok().flatten().filter(|value| value.is_finite())
}

/// A text of a row; none where it is NULL.
pub(super) fn text(row: &OwnedRow, column: usize) -> Option<String> {
    row.value::<Option<&str>>(column).ok().flatten().map(str::to_owned)
}
