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
    let pairs: Vec<_> = same.values().filter(|it| it.len() > 1).collect();
    let Some([first, second, ..]) = pairs.first().map(|it| it.as_slice()) else { return Ok(None) };
    // What keeps values apart has to stay.
    let spare = if second.unique { first } else { second };
    let title = format!("{} and {} are the same index", first.index, second.index);
    Ok(Some(
        Found::new(Severity::Low, Role::Remark, title)
            .seen(pairs.iter().flat_map(|it| it.iter()).take(6).map(|it| size(it)))
            .because("each change writes both, and one would do")
            .advise(
                format!("DROP INDEX CONCURRENTLY {}, unless a constraint needs it", spare.index),
                again("wal_bytes falls, and no statement gets slower"),
            ),
    ))
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
