//! What the server and its host did, as a reader wants it: one line, and a few lines more.

use crate::markdown::shortened;
use crate::table::{ABSENT, Table};
use model::database_metrics::{DatabaseMetrics, MeanMax, StatementsOverTime, StatementsPart};
use model::run_result::RunResult;
use model::system_metrics::SystemMetrics;
use model::units::{bytes, count, decimal, milliseconds, percent, rate};

/// How many classes of waits the one line has room for.
const CLASSES: usize = 3;

/// The one line, of what was seen or why nothing was; none where nobody watched.
pub(crate) fn line(result: &RunResult) -> Option<String> {
    let database = result.database_metrics.as_ref()?;
    Some(seen(result, database).unwrap_or_else(|| {
        let reason = database.wait_events.reason.as_deref().unwrap_or("nothing was seen");
        format!("not seen: {reason}")
    }))
}

fn seen(result: &RunResult, database: &DatabaseMetrics) -> Option<String> {
    let mut parts = Vec::new();
    let cache = database.buffer_cache.data();
    parts.extend(cache.and_then(|it| it.hit_ratio).map(hit));
    parts.extend(active(database));
    let deadlocks = database.lock_contention.data().and_then(|it| it.deadlocks);
    parts.extend(deadlocks.map(|n| format!("{} deadlocks", count(n))));
    let host = result.system_metrics.as_ref().and_then(|it| it.server_host.data());
    parts.extend(host.map(|it| format!("host CPU {}", percent(it.cpu_usage_percent.mean))));
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn hit(ratio: f64) -> String {
    format!("cache hit {}", percent(ratio * 100.0))
}

/// `3.1 sessions active (CPU 2.0, IO 0.6)`.
fn active(database: &DatabaseMetrics) -> Option<String> {
    let waits = database.wait_events.data()?;
    let mut classes: Vec<(&String, &f64)> = waits.by_class.iter().collect();
    classes.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let shown = classes.iter().filter(|(_, mean)| **mean >= 0.05).take(CLASSES);
    let shown: Vec<String> = shown.map(|(class, mean)| format!("{class} {mean:.1}")).collect();
    let inside = if shown.is_empty() { String::new() } else { format!(" ({})", shown.join(", ")) };
    Some(format!("{} sessions active{inside}", decimal(waits.active_sessions.mean)))
}

/// The few lines, for Markdown; what was not seen has a section of its own there.
pub(crate) fn lines(result: &RunResult) -> Vec<String> {
    let Some(database) = &result.database_metrics else { return Vec::new() };
    let mut lines: Vec<String> = seen(result, database).into_iter().collect();
    lines.extend(database.connection_stats.data().map(|it| {
        format!(
            "Connections: at most {} of {} usable ({})",
            count(it.used_connections_max),
            count(it.usable_connections),
            percent(it.pool_usage_percent)
        )
    }));
    lines.extend(database.transaction_stats.data().map(|it| {
        let (commits, rollbacks) = (count(it.commits), count(it.rollbacks));
        format!("Transactions: {commits} committed, {rollbacks} rolled back")
    }));
    let log = database.wal_checkpoints.data();
    lines.extend(log.map(|it| {
        let wal = it.wal_bytes.map_or(ABSENT.to_owned(), |n| bytes(n as f64));
        let number = |number: Option<u64>| number.map_or(ABSENT.to_owned(), count);
        let (timed, asked) = (number(it.checkpoints_timed), number(it.checkpoints_requested));
        format!("WAL: {wal}; checkpoints: {timed} by time, {asked} asked for")
    }));
    let temp = database.temp_files.data().filter(|it| it.files > 0);
    lines.extend(
        temp.map(|it| format!("Temporary files: {}, {}", count(it.files), bytes(it.bytes as f64))),
    );
    lines.extend(result.system_metrics.as_ref().and_then(host));
    lines.extend(database.pooler.as_ref().and_then(|it| it.data()).map(|it| {
        format!(
            "Pooler: {} clients waited for a connection (at most {}), the longest {}",
            decimal(it.clients_waiting.mean),
            decimal(it.clients_waiting.max),
            milliseconds(it.wait_max_ms)
        )
    }));
    lines
}

/// `Host: CPU 71 % of 4, the server's processes 62 %, pgsurge 3.8 %; disk sda 45 % busy; …`.
fn host(system: &SystemMetrics) -> Option<String> {
    let host = system.server_host.data()?;
    let used = percent(host.cpu_usage_percent.mean);
    let mut cpu = vec![format!("CPU {used} of {}", count(host.cpus))];
    // Shares are of all CPUs, also where a control group gives the server fewer.
    let fewer = host.cpu_quota.filter(|quota| *quota < host.cpus as f64);
    cpu.extend(fewer.map(|quota| format!("limited to {}", decimal(quota))));
    let share = |of: Option<MeanMax>| of.map(|share| percent(share.mean));
    let server = system.server_processes.as_ref().and_then(|it| it.data());
    let server = share(server.and_then(|it| it.cpu_machine_percent));
    cpu.extend(server.map(|share| format!("the server's processes {share}")));
    // Where load and server share the machine, what we take the server can't have.
    let ours = system.generator_process.as_ref().and_then(|it| it.data());
    let ours = ours.filter(|_| system.generator_host.is_none());
    let ours = share(ours.and_then(|it| it.cpu_machine_percent));
    cpu.extend(ours.map(|share| format!("pgsurge {share}")));
    let mut parts = vec![cpu.join(", ")];
    let disk = host.disk.data().and_then(|it| it.devices.first());
    parts.extend(disk.and_then(|it| {
        Some(format!("disk {} {} busy", it.device, percent(it.utilisation_percent?.mean)))
    }));
    let io = host.pressure.data().and_then(|it| it.io);
    parts.extend(io.map(|io| format!("tasks waited for disks {}", percent(io.some_percent.mean))));
    let swap = host.swap_in_pages_per_s.filter(|swap| swap.max > 0.0);
    parts.extend(swap.map(|it| format!("at most {} pages/s came from swap", decimal(it.max))));
    Some(format!("Host: {}", parts.join("; ")))
}

/// The statements that took the server the most time.
pub(crate) fn statements(result: &RunResult) -> Table {
    let mut table = Table::new(["statement on the server", "calls", "total", "mean", "share"], 1);
    let performance = result.database_metrics.as_ref().and_then(|it| it.query_performance.data());
    let shown = performance.map(|it| it.statements.as_slice()).unwrap_or_default();
    table.rows.extend(shown.iter().take(10).map(|it| {
        vec![
            it.text.as_deref().map_or_else(|| ABSENT.to_owned(), shortened),
            count(it.calls),
            milliseconds(it.total_exec_time_ms),
            milliseconds(it.mean_exec_time_ms),
            percent(it.share_percent),
        ]
    }));
    table
}

/// How many statements are followed over time.
const FOLLOWED: usize = 3;

/// How those that took the most time changed from part to part; nothing where there is one part.
pub(crate) fn over_time(result: &RunResult) -> Table {
    let mut table =
        Table::new(["statement on the server", "part", "calls", "mean", "time per s"], 2);
    let over_time =
        result.database_metrics.as_ref().and_then(|it| it.statements_over_time.as_ref());
    let Some(over_time) = over_time.and_then(|it| it.data()).filter(|it| it.parts.len() > 1) else {
        return table;
    };
    for queryid in busiest(over_time) {
        let text = over_time.texts.get(queryid);
        let text = text.map_or_else(|| format!("queryid {queryid}"), |it| shortened(it));
        for (index, part) in over_time.parts.iter().enumerate() {
            let mut row = vec![if index == 0 { text.clone() } else { String::new() }, name(part)];
            // In a part where it is none of the busiest nothing is known of it.
            let it = part.statements.iter().find(|it| it.queryid == queryid);
            row.extend(match it {
                Some(it) => [
                    rate(it.calls_per_s),
                    milliseconds(it.mean_exec_time_ms),
                    milliseconds(it.exec_ms_per_s),
                ],
                None => [const { ABSENT }; 3].map(str::to_owned),
            });
            table.rows.push(row);
        }
    }
    table
}

/// Those that took the most time in all parts together.
fn busiest(over_time: &StatementsOverTime) -> Vec<&str> {
    let mut time = std::collections::BTreeMap::<&str, f64>::new();
    for part in &over_time.parts {
        for it in &part.statements {
            *time.entry(&it.queryid).or_default() += it.exec_ms_per_s * part.seen_s;
        }
    }
    let mut most: Vec<(&str, f64)> = time.into_iter().collect();
    most.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    most.into_iter().take(FOLLOWED).map(|(queryid, _)| queryid).collect()
}

fn name(part: &StatementsPart) -> String {
    let times = format!("{} s to {} s", decimal(part.from_s), decimal(part.to_s));
    part.stage.as_ref().map_or(times.clone(), |stage| format!("{stage} ({times})"))
}
