//! What fits into memory and what does not.

use super::shown::{setting_bytes, sized};
use super::waiting::{evidence, severity};
use super::{BLOCK_BYTES, Rule, Ruling, again, beginning};
use crate::diagnosis::{Facts, Found, Missing, Role, fact, said};
use model::database_metrics::{BufferCache, StatementLoad};
use model::finding::{Confidence, Evidence, Severity};
use model::units::{bytes, percent};

/// The rules.
pub(super) const RULES: [Rule; 4] = [
    Rule {
        code: "cache_misses",
        category: "memory",
        source: "the alerts of postgres_exporter (hit ratio below 98 %) and Amazon RDS, wait event \
                 IO:DataFileRead; a ratio alone is no verdict, so sessions must wait as well",
        judge: cache_misses,
    },
    Rule {
        code: "shared_buffers_small",
        category: "memory",
        source: "PGTune and pganalyze: a quarter of the memory, where pages are missed at all",
        judge: shared_buffers_small,
    },
    Rule {
        code: "memory_overcommitted",
        category: "memory",
        source: "postgresqltuner: shared_buffers above 40 % of the memory, or what connections may \
                 take besides above all of it",
        judge: overcommitted,
    },
    Rule {
        code: "memory_pressure",
        category: "memory",
        source: "pgEdge's rule reference (85 %); swapping at all, as Brendan Gregg's USE method",
        judge: pressure,
    },
];

/// Below this share of hits pages are missed more than now and then (MIX and APA 0.98, PMM 0.9).
const HIT_RATIO: f64 = 0.99;
/// Sessions that wait for reads this much feel it.
const READ_PERCENT: f64 = 10.0;
const READS: &[&str] = &["IO:DataFileRead", "IO:DataFilePrefetch", "IPC:BufferIO", "IO:Aio*"];
/// Fewer blocks than this say nothing about a cache.
const MIN_BLOCKS: u64 = 10_000;

/// M1: what the load needs does not fit into shared_buffers.
fn cache_misses(facts: &Facts<'_>) -> Ruling {
    let cache = facts.section(|it| &it.buffer_cache)?;
    let waits = facts.waits()?;
    let Some(ratio) = cache.hit_ratio else { return Ok(None) };
    if ratio >= HIT_RATIO || cache.blocks_hit + cache.blocks_read < MIN_BLOCKS || all_fits(facts) {
        return Ok(None);
    }
    let Some(share) = waits.share(READS, READ_PERCENT) else { return Ok(None) };
    let title = format!(
        "the working set does not fit into shared_buffers: {} of the blocks were found there",
        percent(ratio * 100.0)
    );
    let now = facts.setting("shared_buffers").map(|it| format!(" (now {it})")).unwrap_or_default();
    let reads = bytes(cache.blocks_read as f64 * BLOCK_BYTES);
    let memory = facts.host().ok().and_then(|it| it.memory_bytes);
    let quarter =
        memory.map(|it| format!(", a quarter of the memory is {}", bytes(it as f64 / 4.0)));
    let size = facts.section(|it| &it.database_size).ok().map(|it| {
        let text = format!("the database has {}", bytes(it.end_bytes as f64));
        fact(text, "database_metrics.database_size.end_bytes", it.end_bytes as f64)
    });
    Ok(Some(
        Found::new(severity(facts, &share), Role::Cause, title)
            .explains(share.percent / 100.0)
            .sure(share.confidence)
            .seen([
                fact(
                    format!("{reads} were asked for from the operating system"),
                    "database_metrics.buffer_cache.blocks_read",
                    cache.blocks_read as f64,
                ),
                fact(
                    format!("a hit ratio of {ratio:.3}"),
                    "database_metrics.buffer_cache.hit_ratio",
                    ratio,
                ),
            ])
            .seen(size)
            .seen(evidence(&share))
            .seen(readers(facts))
            .within(waits.window)
            .because("what the statements read is more than the cache holds: pages come and go")
            .advise(
                format!(
                    "raise shared_buffers{now}{}; or read less: an index for what scans tables, \
                     fewer columns, partitions for what is old",
                    quarter.unwrap_or_default()
                ),
                again("hit_ratio rises and the share of IO:DataFileRead falls"),
            ),
    ))
}

/// Whether what was missed was read for the first time: the whole database has room in
/// shared_buffers, and no more was read than it has. Then more memory would not have had it.
fn all_fits(facts: &Facts<'_>) -> bool {
    let size = facts.section(|it| &it.database_size).map(|it| it.end_bytes as f64);
    let read = facts.section(|it| &it.buffer_cache).map(|it| it.blocks_read as f64 * BLOCK_BYTES);
    let buffers = setting_bytes(facts, "shared_buffers");
    let (Ok(size), Ok(read), Ok(buffers)) = (size, read, buffers) else { return false };
    size < buffers && read <= size
}

/// The statements that asked for the most blocks.
fn readers(facts: &Facts<'_>) -> Vec<Evidence> {
    let queries = facts.section(|it| &it.query_performance);
    let mut all: Vec<&StatementLoad> =
        queries.map(|it| it.statements.iter().collect()).unwrap_or_default();
    all.retain(|it| it.blocks_read.is_some_and(|n| n > 0));
    all.sort_by_key(|it| std::cmp::Reverse(it.blocks_read));
    let told = all.iter().take(2).map(|it| {
        let read = bytes(it.blocks_read.unwrap_or_default() as f64 * BLOCK_BYTES);
        said(format!("{read} read by: {}", named(it)))
    });
    told.collect()
}

/// A statement by its text, or its number where we may not see that.
fn named(statement: &StatementLoad) -> String {
    statement.text.as_deref().map(beginning).unwrap_or_else(|| statement.queryid.clone())
}

/// Of the memory (PGTune; pganalyze).
const BUFFERS_SHARE: f64 = 0.25;

/// M2: shared_buffers could be larger, and would be of use.
fn shared_buffers_small(facts: &Facts<'_>) -> Ruling {
    let cache = facts.section(|it| &it.buffer_cache)?;
    let (buffers, memory) = (setting_bytes(facts, "shared_buffers")?, memory(facts)?);
    let missed = missed(facts, cache) / (cache.blocks_hit + cache.blocks_read).max(1) as f64;
    if missed <= 1.0 - HIT_RATIO
        || cache.blocks_hit + cache.blocks_read < MIN_BLOCKS
        || all_fits(facts)
    {
        return Ok(None);
    }
    if buffers >= memory * BUFFERS_SHARE * 0.9 {
        return Ok(None);
    }
    let share = percent(buffers * 100.0 / memory);
    let title = format!("shared_buffers is {share} of the memory, and pages are missed");
    Ok(Some(
        Found::new(Severity::Medium, Role::Remark, title)
            .seen([sized(
                format!("{} of {}", bytes(buffers), bytes(memory)),
                "shared_buffers",
                buffers,
            )])
            .because("the server keeps fewer pages than it could, and asks the system for others")
            .advise(
                format!("set shared_buffers to about {}", bytes(memory * BUFFERS_SHARE)),
                again("database_metrics.buffer_cache.hit_ratio rises"),
            ),
    ))
}

/// Blocks that were asked for and not there. Up to version 15, which have no `pg_stat_io`, the server
/// counts those among them that a table grew by (`ReadBufferExtended` with `P_NEW`, bufmgr.c).
fn missed(facts: &Facts<'_>, cache: &BufferCache) -> f64 {
    let grown = match facts.section(|it| &it.io) {
        Ok(_) => 0,
        Err(_) => facts.section(|it| &it.database_size).map_or(0, |it| it.growth_bytes),
    };
    (cache.blocks_read as f64 - grown.max(0) as f64 / BLOCK_BYTES).max(0.0)
}

/// Of the memory (postgresqltuner): above it the system's own cache is squeezed out.
const BUFFERS_TOO_MUCH: f64 = 0.4;

/// M3: more memory is promised than there is.
fn overcommitted(facts: &Facts<'_>) -> Ruling {
    let (buffers, memory) = (setting_bytes(facts, "shared_buffers")?, memory(facts)?);
    let work_mem = setting_bytes(facts, "work_mem")?;
    let used = facts.section(|it| &it.connection_stats)?.used_connections_max as f64;
    let possible = buffers + work_mem * used;
    if buffers <= memory * BUFFERS_TOO_MUCH && possible <= memory {
        return Ok(None);
    }
    let (all, have) = (bytes(possible), bytes(memory));
    let title = format!("shared_buffers and work_mem may take {all} of {have} memory");
    Ok(Some(
        Found::new(Severity::Medium, Role::Remark, title)
            .seen([
                sized(format!("shared_buffers {}", bytes(buffers)), "shared_buffers", buffers),
                sized(
                    format!("work_mem {} for each of {used} sessions", bytes(work_mem)),
                    "work_mem",
                    work_mem,
                ),
            ])
            .because("little is left for the system's cache, and the server may run out of memory")
            .advise(
                format!(
                    "lower shared_buffers to about {}, work_mem, or the number of connections",
                    bytes(memory * BUFFERS_SHARE)
                ),
                again("shared_buffers + work_mem x sessions stays below the memory"),
            ),
    ))
}

/// A host this full has no room for a cache (pgEdge).
const MEMORY_PERCENT: f64 = 85.0;
/// A page now and then may be somebody who woke up.
const SWAPPED_PAGES_PER_S: f64 = 10.0;

/// M6: the host runs out of memory.
fn pressure(facts: &Facts<'_>) -> Ruling {
    let host = facts.host()?;
    let used = host.memory_usage_percent.map(|it| it.mean);
    let swapped = host.swap_in_pages_per_s.map(|it| it.mean);
    if used.is_none() && swapped.is_none() {
        return Err(Missing::because("the host does not tell how much of its memory is used"));
    }
    let is_full = used.is_some_and(|it| it >= MEMORY_PERCENT);
    let swaps = swapped.is_some_and(|it| it >= SWAPPED_PAGES_PER_S);
    if !is_full && !swaps {
        return Ok(None);
    }
    let title = match (swaps, used) {
        (true, _) => "the server's host swaps".to_owned(),
        (false, used) => format!("the host's memory is {} full", percent(used.unwrap_or(0.0))),
    };
    let severity = if swaps { Severity::High } else { Severity::Medium };
    let role = if swaps { Role::Cause } else { Role::Remark };
    // The kernel's own word for the time that tasks stood still for want of memory.
    let stalled = host.pressure.data().and_then(|it| it.memory).map(|it| it.some_percent.mean);
    let found = Found::new(severity, role, title);
    let found = match stalled {
        Some(percent) if swaps => found.explains(percent / 100.0),
        Some(_) => found,
        None => found.sure(Confidence::Medium),
    };
    Ok(Some(
        found
            .seen(stalled.map(|it| {
                fact(
                    format!("{} of the time something waited for memory", percent(it)),
                    "system_metrics.pressure.memory.some_percent.mean",
                    it,
                )
            }))
            .seen(used.map(|it| {
                fact(
                    format!("{} used", percent(it)),
                    "system_metrics.memory_usage_percent.mean",
                    it,
                )
            }))
            .seen(swapped.map(|it| {
                let text = format!("{it:.0} pages a second came back from swap");
                fact(text, "system_metrics.swap_in_pages_per_s.mean", it)
            }))
            .because("what programs need is more than the machine has: the cache of files shrinks")
            .advise(
                "lower work_mem, shared_buffers or the number of connections, or give the host \
                 more memory",
                again("memory stays below 85 % and nothing comes back from swap"),
            ),
    ))
}

fn memory(facts: &Facts<'_>) -> Result<f64, Missing> {
    let why = "how much memory the server's host has is not known";
    let bytes = facts.host()?.memory_bytes.filter(|it| *it > 0);
    bytes.map(|it| it as f64).ok_or_else(|| Missing::because(why))
}
