//! What the run ran on.

use super::{cell, list};
use crate::table;
use model::run_result::Environment;

pub(crate) fn environment(environment: &Environment) -> String {
    let mut lines = vec![format!("pgsurge {}", cell(&environment.pgsurge_version))];
    if let Some(server) = &environment.server {
        let place = if server.throwaway { ", started for this run" } else { "" };
        lines.push(format!("PostgreSQL {}{place}", cell(&server.version)));
        let settings = server.settings.iter().map(|(name, value)| format!("{name} = {value}"));
        lines.push(format!("Settings: {}", cell(&settings.collect::<Vec<_>>().join(", "))));
    }
    if let Some(pooler) = &environment.pooler {
        lines.push(format!("Pooler: {}", cell(&table::pooler(pooler))));
        lines
            .extend(pooler.effects.iter().map(|it| format!("Because of the pooler: {}", cell(it))));
    }
    let host = &environment.host;
    lines.extend(host.os.as_ref().map(|os| format!("System: {}", cell(os))));
    lines.extend(host.cpus.map(|cpus| format!("Processors: {cpus}")));
    lines.extend(host.memory_bytes.map(|b| format!("Memory: {}", model::units::bytes(b as f64))));
    lines.push(format!(
        "Poller: {}; clock: {}",
        cell(&environment.poller),
        cell(&environment.clock)
    ));
    lines.extend(
        environment.tags.iter().map(|(key, value)| format!("Tag {}: {}", cell(key), cell(value))),
    );
    list(lines)
}
