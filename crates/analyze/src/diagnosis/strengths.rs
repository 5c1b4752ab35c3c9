//! What is well, each with its number: only what was measured, and only where there was enough of
//! it to say so.

use super::facts::Facts;
use model::units::{count, decimal, percent};

/// Fewer of anything prove nothing.
const ENOUGH: u64 = 1000;
/// Shares from which something is a strength.
const HIT_RATIO: f64 = 0.99;
const HOT_RATIO: f64 = 0.9;
/// Use of connections and of CPUs that leaves room.
const ROOM_PERCENT: f64 = 50.0;

/// All of them, in the order of the report.
pub(super) fn all(facts: &Facts<'_>) -> Vec<String> {
    let all = [
        no_failures(facts),
        kept_up(facts),
        no_deadlocks(facts),
        cache(facts),
        hot_updates(facts),
        no_temp_files(facts),
        checkpoints(facts),
        connections(facts),
        cpu(facts),
    ];
    all.into_iter().flatten().collect()
}

fn no_failures(facts: &Facts<'_>) -> Option<String> {
    let all = &facts.load().all_actions;
    (all.failed == 0 && all.succeeded >= ENOUGH)
        .then(|| format!("none of {} actions failed", count(all.succeeded)))
}

fn kept_up(facts: &Facts<'_>) -> Option<String> {
    let offered = facts.load().offered_per_s?;
    (!facts.is_pressed()).then(|| format!("it kept up with {} actions/s", decimal(offered)))
}

fn no_deadlocks(facts: &Facts<'_>) -> Option<String> {
    let stats = facts.section(|it| &it.transaction_stats).ok()?;
    let all = stats.commits + stats.rollbacks;
    (stats.deadlocks == 0 && all >= ENOUGH)
        .then(|| format!("no deadlock in {} transactions", count(all)))
}

fn cache(facts: &Facts<'_>) -> Option<String> {
    let cache = facts.section(|it| &it.buffer_cache).ok()?;
    let ratio = cache.hit_ratio.filter(|it| *it >= HIT_RATIO)?;
    (cache.blocks_hit >= ENOUGH)
        .then(|| format!("{} of the blocks were in shared_buffers", percent(ratio * 100.0)))
}

fn hot_updates(facts: &Facts<'_>) -> Option<String> {
    let tables = &facts.section(|it| &it.table_stats).ok()?.tables;
    let (updated, hot) = tables
        .iter()
        .fold((0, 0), |(all, hot), it| (all + it.rows_updated, hot + it.rows_hot_updated));
    let ratio = hot as f64 / updated.max(1) as f64;
    (updated >= ENOUGH && ratio >= HOT_RATIO).then(|| {
        format!("{} of {} updates changed no index", percent(ratio * 100.0), count(updated))
    })
}

fn no_temp_files(facts: &Facts<'_>) -> Option<String> {
    let files = facts.section(|it| &it.temp_files).ok()?.files;
    let calls = facts.section(|it| &it.query_performance).ok()?.calls;
    (files == 0 && calls >= ENOUGH).then(|| "no statement spilled to temporary files".to_owned())
}

fn checkpoints(facts: &Facts<'_>) -> Option<String> {
    let wal = facts.section(|it| &it.wal_checkpoints).ok()?;
    let timed = wal.checkpoints_timed.filter(|it| *it > 0)?;
    (wal.checkpoints_requested == Some(0)).then(|| match timed {
        1 => "the only checkpoint came by time".to_owned(),
        timed => format!("all {} checkpoints came by time", count(timed)),
    })
}

fn connections(facts: &Facts<'_>) -> Option<String> {
    let used = facts.section(|it| &it.connection_stats).ok()?.pool_usage_percent;
    (used <= ROOM_PERCENT)
        .then(|| format!("at most {} of the server's connections were used", percent(used)))
}

fn cpu(facts: &Facts<'_>) -> Option<String> {
    let used = facts.host().ok()?.cpu_usage_percent.mean;
    (used <= ROOM_PERCENT).then(|| format!("the server's host used {} of its CPU", percent(used)))
}
