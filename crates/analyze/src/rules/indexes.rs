//! Indexes that cost and give nothing.

use super::{Rule, Ruling, again};
use crate::diagnosis::{Facts, Found, Missing, Role, fact, said};
use model::database_metrics::IndexLoad;
use model::finding::Severity;
use model::units::bytes;
use std::collections::BTreeMap;

/// The rules.
pub(super) const RULES: [Rule; 2] = [
    Rule {
        code: "invalid_index",
        category: "schema",
        source: "PostgreSQL manual, \"Building Indexes Concurrently\"; postgresqltuner",
        judge: invalid,
    },
    Rule {
        code: "duplicate_index",
        category: "schema",
        source: "pganalyze and postgresqltuner: indexes with the same definition",
        judge: duplicate,
    },
];

/// S8: indexes that no query may use.
fn invalid(facts: &Facts<'_>) -> Ruling {
    let indexes = &facts.section(|it| &it.index_usage)?.indexes;
    if !indexes.is_empty() && indexes.iter().all(|it| it.valid.is_none()) {
        return Err(Missing::because("whether indexes are valid was not read"));
    }
    let broken: Vec<_> = indexes.iter().filter(|it| it.valid == Some(false)).collect();
    let Some(first) = broken.first() else { return Ok(None) };
    let title = match broken.len() {
        1 => format!("the index {} is invalid", first.index),
        n => format!("{n} indexes are invalid, {} among them", first.index),
    };
    Ok(Some(
        Found::new(Severity::Medium, Role::Remark, title)
            .seen(broken.iter().take(5).map(|it| size(it)))
            .because("making it failed or goes on: each change writes it, and no query uses it")
            .advise(
                format!(
                    "REINDEX INDEX CONCURRENTLY {}, or drop it, unless it is being made just now",
                    first.index
                ),
                again("no index is invalid"),
            ),
    ))
}

/// S8: indexes that are the same but for their name.
fn duplicate(facts: &Facts<'_>) -> Ruling {
    let indexes = &facts.section(|it| &it.index_usage)?.indexes;
    if !indexes.is_empty() && indexes.iter().all(|it| it.definition.is_none()) {
        return Err(Missing::because("how indexes are made was not read"));
    }
    let mut same: BTreeMap<&str, Vec<&IndexLoad>> = BTreeMap::new();
    for index in indexes {
        // What follows ON is the table, the method, the columns and the condition.
        let definition = index.definition.as_deref().and_then(|it| it.split_once(" ON "));
        if let Some((_, made)) = definition {
            same.entry(made).or_default().push(index);
        }
    }
    let pairs: Vec<_> = same.values().filter_map(|it| Some((it, spare(it)?))).collect();
    let Some((_, (kept, spare))) = pairs.first() else { return Ok(None) };
    // Results from before this was read do not say.
    let unless = if spare.required.is_none() { ", unless a constraint needs it" } else { "" };
    let title = format!("{} and {} are the same index", kept.index, spare.index);
    Ok(Some(
        Found::new(Severity::Low, Role::Remark, title)
            .seen(pairs.iter().flat_map(|(all, _)| all.iter()).take(6).map(|it| size(it)))
            .because("each change writes both, and one would do")
            .advise(
                format!("DROP INDEX CONCURRENTLY {}{unless}", spare.index),
                again("wal_bytes falls, and no statement gets slower"),
            ),
    ))
}

/// Of indexes that are the same: one to keep, and one that can go. None where nothing can: what a
/// constraint rests on can't be dropped, what keeps values apart has to stay, and so has what
/// queries can use.
fn spare<'a>(same: &[&'a IndexLoad]) -> Option<(&'a IndexLoad, &'a IndexLoad)> {
    let can_go = |it: &&&IndexLoad| it.primary != Some(true) && it.required != Some(true);
    let worth = |it: &IndexLoad| (it.valid != Some(false), it.unique);
    // They come with the most scans first: of two that are worth the same, the later one goes.
    let spare = *same.iter().rev().filter(can_go).min_by_key(|it| worth(it))?;
    let others = same.iter().filter(|it| it.index != spare.index);
    let kept = *others.max_by_key(|it| worth(it))?;
    let is_replaced = worth(kept).0 >= worth(spare).0 && kept.unique >= spare.unique;
    is_replaced.then_some((kept, spare))
}

fn size(index: &IndexLoad) -> model::finding::Evidence {
    match index.size_bytes {
        Some(size) => fact(
            format!("{}: {}, {} scans", index.index, bytes(size as f64), index.scans),
            "database_metrics.index_usage.indexes.size_bytes",
            size as f64,
        ),
        None => said(format!("{}: {} scans", index.index, index.scans)),
    }
}
