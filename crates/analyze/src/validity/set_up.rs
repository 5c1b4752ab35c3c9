//! Is the server set up in a way whose numbers mean something in production?

use super::of;
use model::run_result::RunResult;
use model::verdict::{ValidityCheck, ValidityOutcome};

/// Settings that buy speed with data, and what PostgreSQL's manual says about each ("Write Ahead
/// Log", "Automatic Vacuuming").
const RISKY: [(&str, &str); 4] = [
    ("fsync", "commits don't wait for the disk, and a power cut can destroy the database"),
    ("full_page_writes", "a crash in the middle of a page write can corrupt data"),
    ("synchronous_commit", "commits are acknowledged before they are stored"),
    ("autovacuum", "tables bloat without limit; a longer run would be slower"),
];

/// One check per setting; none where the server's settings are not known.
pub(super) fn durability(result: &RunResult) -> Vec<ValidityCheck> {
    let Some(server) = &result.environment.server else {
        let why = "the server's settings were not read";
        return vec![of("server_settings", ValidityOutcome::NotEvaluated, why)];
    };
    let off: Vec<_> = RISKY
        .iter()
        .filter(|(name, _)| server.settings.get(*name).is_some_and(|value| value == "off"))
        .map(|(name, why)| {
            of(&format!("{name}_off"), ValidityOutcome::Warning, format!("{name} is off: {why}"))
        })
        .collect();
    let known = RISKY.iter().filter(|(name, _)| server.settings.contains_key(*name)).count();
    match (off.is_empty(), known) {
        (false, _) => off,
        (true, 0) => {
            let why = "the settings that decide durability were not read";
            vec![of("server_settings", ValidityOutcome::NotEvaluated, why)]
        }
        (true, _) => {
            let evidence = "no setting trades safety of the data for speed";
            vec![of("server_settings", ValidityOutcome::Ok, evidence)]
        }
    }
}
