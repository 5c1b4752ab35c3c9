//! `pg_stat_statements`: what each statement took, by the difference of two looks. Texts are read
//! once, at the end, and only of those that are shown: `statement_texts`.

use super::catalogue::Wanted;
use super::counters::Counters;
use super::session::{MARK, Session, number};
use super::statement_texts::texts;
use crate::timeline::round;
use model::database_metrics::{QueryPerformance, Section, StatementLoad, Status, Unread};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const VIEW: &str = "pg_stat_statements";
const COLUMNS: &[Wanted] = &[
    Wanted { name: "calls", columns: &["calls"] },
    // Up to version 1.7 of the extension there is one time.
    Wanted { name: "exec_ms", columns: &["total_exec_time", "total_time"] },
    Wanted { name: "plan_ms", columns: &["total_plan_time"] },
    Wanted { name: "rows", columns: &["rows"] },
    Wanted { name: "hit", columns: &["shared_blks_hit"] },
    Wanted { name: "read", columns: &["shared_blks_read"] },
    Wanted { name: "dirtied", columns: &["shared_blks_dirtied"] },
    Wanted { name: "temp_written", columns: &["temp_blks_written"] },
    Wanted { name: "wal_bytes", columns: &["wal_bytes"] },
    // Since version 1.10 of the extension.
    Wanted { name: "jit_generation", columns: &["jit_generation_time"] },
    Wanted { name: "jit_inlining", columns: &["jit_inlining_time"] },
    Wanted { name: "jit_optimization", columns: &["jit_optimization_time"] },
    Wanted { name: "jit_emission", columns: &["jit_emission_time"] },
];
/// What compiling takes, in parts. The time for functions that take rows apart (`jit_deform_time`,
/// since version 1.11) is a part of generation: EXPLAIN leaves it out of its sum as well.
const JIT: [&str; 4] = ["jit_generation", "jit_inlining", "jit_optimization", "jit_emission"];
const ONE_WAS_RESET: &str = "a statement of pg_stat_statements was reset while load ran";
/// How many statements a result names.
const SHOWN: usize = 20;
/// How many with the most time, and how many with the most blocks, are worth a look at their plan.
const EXPLAINED: usize = 20;
/// The view holds at most `pg_stat_statements.max`; whoever set a million gets the largest.
const MOST: usize = 20_000;
pub(super) const DATABASE: &str =
    "dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())";

/// What the texts of transaction control are like.
pub(super) const CONTROL: &str =
    "'^\\s*(begin|start transaction|commit|end|rollback|abort|savepoint|release)\\M'";

/// A statement of a user: its number and the user's.
type Key = (i64, u32);

/// All statements at one moment.
#[derive(Clone, Debug)]
pub(super) struct Statements {
    by_key: BTreeMap<Key, Counters>,
    /// Statements of other users that we may not see.
    hidden: u64,
    reset_at: Option<f64>,
    dealloc: Option<f64>,
}

impl Statements {
    pub(super) fn read(session: &mut Session) -> Result<Statements, Unread> {
        session.ensure()?;
        let catalogue = session.catalogue();
        let Some(view) = catalogue.qualified(VIEW) else {
            let reason = "the extension pg_stat_statements is not in this database: put it into \
                          shared_preload_libraries, then CREATE EXTENSION pg_stat_statements";
            return Err(Unread::missing(reason));
        };
        let list = catalogue.list(VIEW, COLUMNS);
        let top = match catalogue.has_column(VIEW, "toplevel") {
            true => "AND toplevel",
            false => "",
        };
        // Without texts the server need not read its file of them.
        let sql = format!(
            "SELECT queryid, userid, {list} FROM {view}(false) WHERE {DATABASE} {top} \
              ORDER BY calls DESC LIMIT {MOST}"
        );
        let rows = session.poll(VIEW, &sql, &[])?;
        let mut statements = Statements::empty(session)?;
        for row in &rows {
            match (row.value::<Option<i64>>(0), row.value::<u32>(1)) {
                (Ok(Some(queryid)), Ok(user)) => {
                    let counters = Counters::of(COLUMNS, row, 2);
                    statements.by_key.insert((queryid, user), counters);
                }
                _ => statements.hidden += 1,
            }
        }
        Ok(statements)
    }

    /// Without a statement yet, but with what the view says of itself (since version 1.9).
    fn empty(session: &mut Session) -> Result<Statements, Unread> {
        let (by_key, hidden) = (BTreeMap::new(), 0);
        let Some(info) = session.catalogue().qualified("pg_stat_statements_info") else {
            return Ok(Statements { by_key, hidden, reset_at: None, dealloc: None });
        };
        let sql =
            format!("SELECT extract(epoch FROM stats_reset)::float8, dealloc::float8 FROM {info}");
        let rows = session.poll("pg_stat_statements_info", &sql, &[])?;
        let read = |at| rows.first().and_then(|row| number(row, at));
        Ok(Statements { by_key, hidden, reset_at: read(0), dealloc: read(1) })
    }

    /// Fails where all statements were forgotten since `earlier`.
    fn not_reset(&self, earlier: &Statements) -> Result<(), Unread> {
        let is_reset = self.reset_at != earlier.reset_at
            || (self.reset_at.is_none()
                && !earlier.by_key.is_empty()
                && self.gone(earlier) == earlier.by_key.len());
        match is_reset {
            true => Err(Unread::missing("pg_stat_statements was reset while load ran")),
            false => Ok(()),
        }
    }

    /// As many calls may a statement have had that is not here: those with the most are, where not
    /// all had room.
    fn most_calls_of_unlisted(&self) -> u64 {
        if self.by_key.len() as u64 + self.hidden < MOST as u64 {
            return 0;
        }
        self.by_key.values().map(|it| it.count("calls")).min().unwrap_or(u64::MAX)
    }

    /// How many are no longer there.
    fn gone(&self, earlier: &Statements) -> usize {
        earlier.by_key.keys().filter(|key| !self.by_key.contains_key(key)).count()
    }

    /// What was added to each since `earlier`; none of it where a counter went backwards, or where
    /// it began is not known.
    pub(super) fn each_since<'a>(
        &'a self,
        earlier: &'a Statements,
    ) -> Result<impl Iterator<Item = (i64, Option<Counters>)> + 'a, Unread> {
        self.not_reset(earlier)?;
        let unlisted = earlier.most_calls_of_unlisted();
        let since = move |key: &Key, counters: &Counters| match earlier.by_key.get(key) {
            Some(began) => counters.since(began).ok(),
            None if is_old(counters, unlisted) => None,
            None => Some(counters.clone()),
        };
        let each = move |(key, counters): (&Key, &Counters)| (key.0, since(key, counters));
        // Where the view does not say when it was reset, one that went backwards may be all of them.
        let backwards = |it: (&Key, &Counters)| {
            earlier.by_key.contains_key(it.0) && since(it.0, it.1).is_none()
        };
        if self.reset_at.is_none() && self.by_key.iter().any(backwards) {
            return Err(Unread::missing(ONE_WAS_RESET));
        }
        Ok(self.by_key.iter().map(each))
    }

    /// What was added since `earlier`, and how many statements the view forgot meanwhile.
    fn since(&self, earlier: &Statements) -> Result<(BTreeMap<Key, Counters>, u64), Unread> {
        self.not_reset(earlier)?;
        let has_forgotten = self.dealloc > earlier.dealloc;
        let unlisted = earlier.most_calls_of_unlisted();
        let mut added = BTreeMap::new();
        for (key, counters) in &self.by_key {
            let began = earlier.by_key.get(key).cloned();
            if began.is_none() && is_old(counters, unlisted) {
                continue;
            }
            let since = counters.since(&began.unwrap_or_else(|| counters.zero()));
            let since = match since {
                Ok(since) => since,
                // Forgotten to make room and counted anew: what it has since is less than the
                // truth, which `evicted` says of all.
                Err(_) if has_forgotten => counters.clone(),
                Err(_) => return Err(Unread::missing(ONE_WAS_RESET)),
            };
            if since.count("calls") > 0 {
                added.insert(*key, since);
            }
        }
        let evicted = match (self.dealloc, earlier.dealloc) {
            (Some(now), Some(then)) => (now - then).max(0.0) as u64,
            _ => self.gone(earlier) as u64,
        };
        Ok((added, evicted))
    }
}

/// Whether much of what a statement has may be from before the look that had no room for it, which
/// `unlisted` calls may have been: a twentieth is little.
fn is_old(counters: &Counters, unlisted: u64) -> bool {
    counters.count("calls") < unlisted.saturating_mul(20)
}

/// What was found of the load, and what the monitor's own statements took.
pub(super) struct Found {
    pub(super) performance: QueryPerformance,
    pub(super) own_exec_ms: f64,
    /// Those whose plan is worth a look, those that matter most first.
    pub(super) to_explain: Vec<i64>,
    /// What could not be seen.
    pub(super) gap: Option<Unread>,
}

/// Compares two looks, and asks for the texts of what is shown.
pub(super) fn compare(
    session: &mut Session,
    now: &Statements,
    earlier: &Statements,
) -> Result<Found, Unread> {
    let (added, evicted) = now.since(earlier)?;
    let (own, control) = special(session)?;
    let mut by_query: BTreeMap<i64, Counters> = BTreeMap::new();
    let mut own_exec_ms = 0.0;
    for ((queryid, _), counters) in &added {
        if own.contains(queryid) {
            own_exec_ms += counters.get("exec_ms").unwrap_or(0.0);
        } else if !control.contains(queryid) {
            match by_query.get_mut(queryid) {
                Some(sum) => sum.add(counters),
                None => drop(by_query.insert(*queryid, counters.clone())),
            }
        }
    }
    let gap = (now.hidden > 0).then(|| {
        let (hidden, grant) = (now.hidden, session.grant());
        let reason = format!("{grant} shows {hidden} hidden statements of other users");
        Unread { status: Status::NoPrivilege, reason }
    });
    let mut performance = performance(&by_query);
    performance.evicted = Some(evicted);
    let id = |it: &StatementLoad| it.queryid.parse::<i64>().ok();
    let ids: Vec<i64> = performance.statements.iter().filter_map(id).collect();
    let texts = texts(session, &ids)?;
    performance.statements.iter_mut().for_each(|it| {
        it.text = id(it).and_then(|id| texts.get(&id).cloned());
    });
    let to_explain = to_explain(&by_query);
    Ok(Found { performance, own_exec_ms: round(own_exec_ms), to_explain, gap })
}

/// The numbers of our own statements, and of transaction control.
fn special(session: &mut Session) -> Result<(BTreeSet<i64>, BTreeSet<i64>), Unread> {
    let view = session.catalogue().qualified(VIEW).unwrap_or_else(|| VIEW.to_owned());
    let sql = format!(
        "SELECT queryid, query LIKE '%{MARK}%' FROM {view} WHERE {DATABASE} \
            AND queryid IS NOT NULL AND (query LIKE '%{MARK}%' OR query ~* {CONTROL})"
    );
    let (mut own, mut control) = (BTreeSet::new(), BTreeSet::new());
    for row in session.query("the kinds of statements", &sql, &[])? {
        if let (Ok(queryid), Ok(is_own)) = (row.value::<i64>(0), row.value::<bool>(1)) {
            if is_own {
                own.insert(queryid)
            } else {
                control.insert(queryid)
            };
        }
    }
    Ok((own, control))
}

/// Those that took the most execution time and those that read the most blocks, wherever they came
/// from, in turn.
fn to_explain(by_query: &BTreeMap<i64, Counters>) -> Vec<i64> {
    let most = |of: fn(&Counters) -> f64| {
        let mut all: Vec<(&i64, &Counters)> = by_query.iter().collect();
        all.sort_by(|(_, a), (_, b)| of(b).total_cmp(&of(a)));
        all.into_iter().map(|(id, _)| *id).take(EXPLAINED).collect::<Vec<_>>()
    };
    let by_time = most(|it| it.get("exec_ms").unwrap_or(0.0));
    let by_blocks = most(|it| it.get("hit").unwrap_or(0.0) + it.get("read").unwrap_or(0.0));
    let mut seen = BTreeSet::new();
    let both = by_time.into_iter().zip(by_blocks).flat_map(|(one, other)| [one, other]);
    both.filter(|id| seen.insert(*id)).collect()
}

fn performance(by_query: &BTreeMap<i64, Counters>) -> QueryPerformance {
    let sum = |name| by_query.values().filter_map(|it| it.get(name)).sum::<f64>();
    let (calls, exec_ms, plan_ms) = (sum("calls"), sum("exec_ms"), sum("plan_ms"));
    let mut most: Vec<(&i64, &Counters)> = by_query.iter().collect();
    let exec = |counters: &Counters| counters.get("exec_ms").unwrap_or(0.0);
    most.sort_by(|(_, a), (_, b)| exec(b).total_cmp(&exec(a)));
    let shown = most.into_iter().take(SHOWN);
    QueryPerformance {
        calls: calls as u64,
        total_exec_time_ms: round(exec_ms),
        mean_exec_time_ms: (calls > 0.0).then(|| microseconds(exec_ms / calls)),
        // Where planning is not tracked every plan takes exactly nothing.
        total_plan_time_ms: (plan_ms > 0.0).then(|| round(plan_ms)),
        total_jit_time_ms: by_query.values().filter_map(jit_ms).reduce(|a, b| a + b).map(round),
        rows: sum("rows") as u64,
        evicted: None,
        statements: shown.map(|(id, counters)| load(*id, counters, exec_ms)).collect(),
    }
}

fn load(queryid: i64, counters: &Counters, all_exec_ms: f64) -> StatementLoad {
    let (calls, exec_ms) = (counters.count("calls"), counters.get("exec_ms").unwrap_or(0.0));
    StatementLoad {
        queryid: queryid.to_string(),
        text: None,
        calls,
        total_exec_time_ms: round(exec_ms),
        mean_exec_time_ms: microseconds(exec_ms / calls.max(1) as f64),
        share_percent: if all_exec_ms > 0.0 { round(exec_ms * 100.0 / all_exec_ms) } else { 0.0 },
        rows: counters.count("rows"),
        blocks_hit: counters.whole("hit"),
        blocks_read: counters.whole("read"),
        blocks_dirtied: counters.whole("dirtied"),
        temp_blocks_written: counters.whole("temp_written"),
        wal_bytes: counters.whole("wal_bytes"),
        total_plan_time_ms: counters.get("plan_ms").filter(|plan| *plan > 0.0).map(round),
        total_jit_time_ms: jit_ms(counters).map(round),
    }
}

/// The time for compiling; none where the extension does not count it.
fn jit_ms(counters: &Counters) -> Option<f64> {
    JIT.iter().map(|part| counters.get(part)).sum()
}

/// Six decimals: statements of a few µs have means that three would round to nothing.
fn microseconds(ms: f64) -> f64 {
    (ms * 1e6).round() / 1e6
}

/// The section, or why there is none.
pub(super) fn section(
    found: Result<Found, Unread>,
    window: (f64, f64),
) -> (Section<QueryPerformance>, Option<f64>) {
    match found {
        Ok(found) => {
            let section = Section::read(found.performance, window).with_gap(found.gap);
            (section, Some(found.own_exec_ms))
        }
        Err(unread) => (Section::unread(unread), None),
    }
}
