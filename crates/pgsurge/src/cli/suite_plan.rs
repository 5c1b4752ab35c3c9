//! The plans of a suite for `--print-plan`, one after another.

use super::load::PlanFormat;
use super::plan_table;
use crate::error::Error;
use crate::exit_code::ExitCode;
use crate::settings::suite::{Planned, ResolvedScenario, ResolvedSuite};
use crate::suite::NO_MIGRATION;
use model::units::{duration, several};
use serde_json::{Value, json};

/// Prints every scenario with its plan.
///
/// # Errors
/// Standard output is gone.
pub fn print(suite: &ResolvedSuite, format: PlanFormat) -> Result<ExitCode, Error> {
    let text = match format {
        PlanFormat::Table => table(suite),
        PlanFormat::Json => {
            let scenarios: Vec<Value> = suite.scenarios.iter().map(value).collect();
            let all = json!({
                "folder": suite.folder,
                "time_scale": suite.time_scale,
                "scenarios": scenarios,
                "warnings": suite.warnings,
            });
            format!("{all:#}\n")
        }
    };
    super::print(text.as_bytes())
}

fn table(suite: &ResolvedSuite) -> String {
    let mut text = format!("results in {}\n", suite.folder.display());
    for scenario in &suite.scenarios {
        let what = scenario.description.as_ref().map_or(String::new(), |it| format!(" ({it})"));
        text.push_str(&format!("\nscenario {}{what}\n", scenario.name));
        match &scenario.what {
            Planned::Load(resolved) => text.push_str(&plan_table::table(resolved)),
            Planned::Migration { users, duration: length } => {
                let length = duration(length.as_secs_f64());
                let users = several(*users, "user");
                text.push_str(&format!("not run: {NO_MIGRATION} ({users}, {length})\n"));
            }
        }
    }
    text
}

fn value(scenario: &ResolvedScenario) -> Value {
    let mut value = match &scenario.what {
        Planned::Load(resolved) => plan_table::value(resolved),
        Planned::Migration { .. } => json!({ "not_run": NO_MIGRATION }),
    };
    value["name"] = json!(scenario.name);
    value["description"] = json!(scenario.description);
    value
}
