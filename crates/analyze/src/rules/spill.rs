//! Temporary files: what sorts and hashes put there when `work_mem` is too small for them.

use super::{BLOCK_BYTES, Rule, Ruling, again, beginning};
use crate::diagnosis::{Facts, Found, Role, fact, said};
use model::database_metrics::StatementLoad;
use model::finding::{Evidence, Severity};
use model::units::{bytes, count, percent};

/// The rules.
pub(super) const RULES: [Rule; 1] = [Rule {
    code: "temp_spill",
    category: "memory",
    source: "Amazon RDS, wait events IO:BufFileRead and IO:BufFileWrite; pgEdge's rule reference \
             (more than 10 temporary files)",
    judge: temp_spill,
}];

/// Fewer files in a run are the odd report (pgEdge's rule reference).
const SPILLED_FILES: u64 = 10;
/// From this share of the time on, what spills limits.
const SPILL_PERCENT: f64 = 20.0;
/// Waiting for temporary files.
const TEMP_FILES: &[&str] = &["IO:BufFile*"];

/// M5: sorts and hashes that do not fit into `work_mem`.
fn temp_spill(facts: &Facts<'_>) -> Ruling {
    let temp = facts.section(|it| &it.temp_files)?;
    if temp.files <= SPILLED_FILES {
        return Ok(None);
    }
    let spilled = spilling(facts);
    let explained = spill_share(facts, &spilled, temp.files);
    let limits = explained.is_some_and(|percent| percent >= SPILL_PERCENT);
    let severity = if limits { Severity::High } else { Severity::Medium };
    let role = if limits { Role::Cause } else { Role::Remark };
    let each = temp.bytes as f64 / temp.files as f64;
    let (files, size) = (count(temp.files), bytes(temp.bytes as f64));
    let title = format!("{files} temporary files, {size}: work_mem is too small");
    let which = spilled.first().and_then(|it| it.text.as_deref()).map(beginning);
    let which = which.map_or_else(String::new, |it| format!(" of `{it}`"));
    let now = facts.setting("work_mem").map(|it| format!(" (now {it})")).unwrap_or_default();
    let found = Found::new(severity, role, title);
    let found = match explained {
        Some(percent) => found.explains(percent / 100.0),
        None => found,
    };
    Ok(Some(
        found
            .seen([
                fact(
                    format!("{files} files"),
                    "database_metrics.temp_files.files",
                    temp.files as f64,
                ),
                fact(
                    format!("{size} in them, {} each", bytes(each)),
                    "database_metrics.temp_files.bytes",
                    temp.bytes as f64,
                ),
            ])
            .seen(spilled.iter().take(3).map(|it| spilled_by(it)))
            .because(
                "sorts or hashes need more memory than work_mem gives them and go through files",
            )
            .advise(
                format!(
                    "raise work_mem{now} for the role or the session{which}: files of {} on \
                     average ask for about {}; mind that each sort of each connection may take as \
                     much. Or give it an index that sorts",
                    bytes(each),
                    bytes((each * 2.0).max(BLOCK_BYTES))
                ),
                again("database_metrics.temp_files.files is 0"),
            ),
    ))
}

/// The share of the time that spilling explains, in hundredths: that of the statements that spill,
/// as far as their calls made a file each, or of the waiting for such files where that is more.
/// Files of a few calls say nothing of what the others take. Nobody counts the files of a statement:
/// each is taken to have made as large a part of them as of the blocks in them. None where neither
/// statements nor waits were seen.
fn spill_share(facts: &Facts<'_>, spilled: &[&StatementLoad], files: u64) -> Option<f64> {
    let blocks = |it: &StatementLoad| it.temp_blocks_written.unwrap_or(0) as f64;
    let all: f64 = spilled.iter().map(|it| blocks(it)).sum();
    let explained = |it: &&StatementLoad| {
        let made = files as f64 * blocks(it) / all.max(1.0);
        it.share_percent * (made / it.calls.max(1) as f64).min(1.0)
    };
    let seen = facts.section(|it| &it.query_performance).is_ok();
    let share = seen.then(|| spilled.iter().map(explained).sum::<f64>());
    let waits = facts.waits().ok();
    let waiting = waits.map(|it| it.share(TEMP_FILES, 0.0).map_or(0.0, |it| it.percent));
    share.into_iter().chain(waiting).reduce(f64::max)
}

/// The statements that wrote temporary blocks, most time first.
fn spilling<'a>(facts: &Facts<'a>) -> Vec<&'a StatementLoad> {
    let queries = facts.section(|it| &it.query_performance);
    let all = queries.map(|it| it.statements.as_slice()).unwrap_or_default();
    all.iter().filter(|it| it.temp_blocks_written.is_some_and(|n| n > 0)).collect()
}

fn spilled_by(statement: &StatementLoad) -> Evidence {
    let written = statement.temp_blocks_written.unwrap_or_default() as f64 * BLOCK_BYTES;
    let text =
        statement.text.as_deref().map(beginning).unwrap_or_else(|| statement.queryid.clone());
    let share = percent(statement.share_percent);
    said(format!("{} written by ({share} of execution time): {text}", bytes(written)))
}
