//! The set-up of the test: what it can't show, and what hides a part of it.

use super::shown::setting_bytes;
use super::{BLOCK_BYTES, Rule, Ruling, again};
use crate::diagnosis::{Facts, Found, Missing, Role, fact, said};
use model::finding::Severity;
use model::units::{bytes, count};

/// The rules.
pub(super) const RULES: [Rule; 3] = [
    Rule {
        code: "random_page_cost",
        category: "settings",
        source: "PGTune and postgresqltuner: 1.1 on SSDs",
        judge: random_page_cost,
    },
    Rule {
        code: "statements_evicted",
        category: "statements",
        source: "PostgreSQL manual, pg_stat_statements_info.dealloc",
        judge: evicted,
    },
    Rule {
        code: "cached_test",
        category: "set-up",
        source: "postgresqltuner: the size of the database against shared_buffers",
        judge: cached,
    },
];

/// The default, made for disks that turn.
const TURNING: f64 = 4.0;
/// A disk that turns needs more than this for a read.
const SSD_READ_MS: f64 = 2.0;

/// S9: the planner thinks that the disk turns.
fn random_page_cost(facts: &Facts<'_>) -> Ruling {
    let shown = facts.setting("random_page_cost")?;
    let cost: f64 =
        shown.parse().map_err(|_| Missing(format!("random_page_cost is no number: {shown}")))?;
    if cost < TURNING {
        return Ok(None);
    }
    let host = facts.host()?;
    let why = "how fast the disk reads is not known";
    let disk = host.disk.data().and_then(|it| it.devices.first());
    let read = disk.and_then(|it| it.read_await_ms).ok_or_else(|| Missing::because(why))?;
    if read.mean >= SSD_READ_MS {
        return Ok(None);
    }
    Ok(Some(
        Found::new(
            Severity::Low,
            Role::Remark,
            format!("random_page_cost is {shown} on a fast disk"),
        )
        .seen([fact(
            format!("a read takes {:.2} ms", read.mean),
            "system_metrics.disk.devices.read_await_ms.mean",
            read.mean,
        )])
        .because("the planner takes index scans for dearer than they are and may scan tables")
        .advise("set random_page_cost = 1.1", again("plans use the indexes, times fall")),
    ))
}

/// S11: more different statements than pg_stat_statements remembers.
fn evicted(facts: &Facts<'_>) -> Ruling {
    let why = "statements that were forgotten are counted since version 14";
    let queries = facts.section(|it| &it.query_performance)?;
    let n = queries.evicted.ok_or_else(|| Missing::because(why))?;
    if n == 0 {
        return Ok(None);
    }
    Ok(Some(
        Found::new(
            Severity::Medium,
            Role::Remark,
            format!("pg_stat_statements forgot statements {} times", count(n)),
        )
        .seen([fact(
            format!("{} times room had to be made", count(n)),
            "database_metrics.query_performance.evicted",
            n as f64,
        )])
        .because(
            "texts differ all the time (values in the text, lists of changing length): the numbers \
             by statement are too small, and each text is parsed and planned anew",
        )
        .advise(
            "pass values as parameters ($1, = ANY($1) instead of IN lists), or raise \
             pg_stat_statements.max",
            again("evicted is 0"),
        ),
    ))
}

/// G8: nothing was read from disk, and nothing could be.
fn cached(facts: &Facts<'_>) -> Ruling {
    let size = facts.section(|it| &it.database_size)?.end_bytes as f64;
    let cache = facts.section(|it| &it.buffer_cache)?;
    let buffers = setting_bytes(facts, "shared_buffers")?;
    if size >= buffers || cache.blocks_read as f64 * BLOCK_BYTES > size {
        return Ok(None);
    }
    let title = format!("the whole database ({}) fits into shared_buffers", bytes(size));
    Ok(Some(
        Found::new(Severity::Low, Role::Remark, title)
            .seen([
                fact(bytes(size), "database_metrics.database_size.end_bytes", size),
                said(format!("shared_buffers is {}", bytes(buffers))),
            ])
            .because("this run says nothing about reading from disk: production may have more data")
            .advise(
                "load more data (--scale, data_volume_multiplier) if production's does not fit",
                again("the database is larger than shared_buffers"),
            ),
    ))
}
