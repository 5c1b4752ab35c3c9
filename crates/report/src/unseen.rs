//! What was not seen of the server and its host, and what would show it: every section that could
//! not be read, or not all of it. Each reason is told once, whatever it hides, and those that a
//! GRANT mends come first. What a server's version does not have is no alarm: one line for all.

use model::database_metrics::{DatabaseMetrics, Section, Status, Unread};
use model::run_result::RunResult;
use model::system_metrics::{HostMetrics, SystemMetrics};

/// Where a result has nothing of the server at all.
const UNWATCHED: &str =
    "nobody watched the server and its host: a run with --monitor on has what they did meanwhile";
/// A section of a file that does not say more.
const UNSAID: &str = "the result does not say why";

/// One reason, and what it hides.
struct Gap {
    status: Status,
    reason: String,
    /// Names of sections, as a reader knows them.
    sections: Vec<String>,
}

/// All of it, in lines.
pub(crate) fn lines(result: &RunResult) -> Vec<String> {
    if result.database_metrics.is_none() && result.system_metrics.is_none() {
        return vec![UNWATCHED.to_owned()];
    }
    let (by_version, mut gaps): (Vec<Gap>, Vec<Gap>) =
        Gaps::of(result).0.into_iter().partition(|it| Unread::is_of_version(&it.reason));
    gaps.sort_by_key(|it| match it.status {
        Status::NoPrivilege => 0,
        Status::Timeout => 1,
        Status::Missing => 2,
        Status::Ok => 3,
    });
    let mut lines: Vec<String> =
        gaps.iter().map(|it| format!("{}: {}", it.sections.join(", "), it.reason)).collect();
    let absent: Vec<&str> = by_version.iter().map(|it| version_words(&it.reason)).collect();
    if !absent.is_empty() {
        lines.push(format!("not in this version of PostgreSQL: {}", absent.join("; ")));
    }
    lines
}

/// What a GRANT would show, in one line; none where nothing is hidden.
pub(crate) fn hidden(result: &RunResult) -> Option<String> {
    let gaps = Gaps::of(result).0;
    let mut hidden = gaps.into_iter().filter(|it| it.status == Status::NoPrivilege);
    hidden.next().map(|it| it.reason)
}

/// `pg_stat_io: PostgreSQL 16 and later have it`, of a whole reason.
fn version_words(reason: &str) -> &str {
    reason.split_once(Unread::NOT_IN_VERSION).map_or(reason, |(_, what)| what)
}

/// The reasons so far.
#[derive(Default)]
struct Gaps(Vec<Gap>);

impl Gaps {
    fn of(result: &RunResult) -> Gaps {
        let mut gaps = Gaps::default();
        result.database_metrics.iter().for_each(|it| gaps.database(it));
        result.system_metrics.iter().for_each(|it| gaps.system(it));
        gaps
    }

    fn database(&mut self, seen: &DatabaseMetrics) {
        self.look("sessions", &seen.connection_stats);
        self.look("waits", &seen.wait_events);
        self.look("locks", &seen.lock_contention);
        self.look("statements", &seen.query_performance);
        let waits = seen.wait_events.data().and_then(|it| it.by_statement_reason.as_ref());
        waits.iter().for_each(|reason| {
            self.add(Status::Missing, reason, "waits by statement".to_owned());
        });
        seen.statements_over_time.iter().for_each(|it| self.look("statements over time", it));
        self.look("plans", &seen.query_plans);
        self.look("transactions", &seen.transaction_stats);
        self.look("buffer cache", &seen.buffer_cache);
        self.look("WAL and checkpoints", &seen.wal_checkpoints);
        self.look("reads and writes by process", &seen.io);
        self.look("caches of transaction states", &seen.slru);
        self.look("temporary files", &seen.temp_files);
        self.look("tables", &seen.table_stats);
        self.look("indexes", &seen.index_usage);
        self.look("vacuum", &seen.vacuum);
        self.look("replication", &seen.replication);
        self.look("size of the database", &seen.database_size);
        self.look("settings", &seen.settings);
        seen.pooler.iter().for_each(|it| self.look("pooler", it));
        self.look("cost of watching", &seen.monitor);
    }

    fn system(&mut self, seen: &SystemMetrics) {
        self.host("the server's host", &seen.server_host);
        seen.generator_host.iter().for_each(|it| self.host("this machine", it));
        seen.generator_process.iter().for_each(|it| self.look("pgsurge's process", it));
        seen.server_processes.iter().for_each(|it| self.look("the server's processes", it));
    }

    /// A machine, and its parts where it could be read itself.
    fn host(&mut self, name: &str, section: &Section<HostMetrics>) {
        self.look(name, section);
        let Some(host) = section.data() else { return };
        self.look(&format!("disks of {name}"), &host.disk);
        self.look(&format!("network of {name}"), &host.network);
        self.look(&format!("pressure of {name}"), &host.pressure);
    }

    fn look<T>(&mut self, name: &str, section: &Section<T>) {
        if section.status == Status::Ok && section.reason.is_none() {
            return;
        }
        let part = if section.data.is_some() { " (in part)" } else { "" };
        let reason = section.reason.as_deref().unwrap_or(UNSAID);
        self.add(section.status, reason, format!("{name}{part}"));
    }

    /// A reason that another one has in it is the same, with the moment or the view before it.
    fn add(&mut self, status: Status, reason: &str, section: String) {
        let is_same = |it: &&mut Gap| it.reason.contains(reason) || reason.contains(&it.reason);
        match self.0.iter_mut().find(is_same) {
            Some(gap) => {
                gap.sections.push(section);
                if reason.len() < gap.reason.len() {
                    gap.reason = reason.to_owned();
                }
            }
            None => {
                let sections = vec![section];
                self.0.push(Gap { status, reason: reason.to_owned(), sections });
            }
        }
    }
}
