//! The server's host: who else uses it.

use super::{Rule, Ruling, again};
use crate::diagnosis::{Facts, Found, Missing, Role, fact};
use model::finding::Severity;
use model::units::percent;

/// The rules.
pub(super) const RULES: [Rule; 3] = [
    Rule {
        code: "cpu_stolen",
        category: "noise",
        source: "Linux /proc/stat, steal; a twentieth is our limit",
        judge: stolen,
    },
    Rule {
        code: "cpu_foreign",
        category: "noise",
        source: "Amazon RDS, \"CPU\": other processes of the host; half of what is used is our \
                 limit",
        judge: foreign,
    },
    Rule {
        code: "monitor_cost",
        category: "noise",
        source: "our own promise: watching takes no more than 1 % of the server's CPU capacity",
        judge: monitor_cost,
    },
];

/// Of the CPU time.
const STOLEN_PERCENT: f64 = 5.0;
/// From here on no number of the run holds.
const MUCH_PERCENT: f64 = 20.0;

/// C3: the hypervisor gives the CPUs to others.
fn stolen(facts: &Facts<'_>) -> Ruling {
    let stolen = facts.host()?.cpu_steal_percent.mean;
    if stolen <= STOLEN_PERCENT {
        return Ok(None);
    }
    let severity = if stolen >= MUCH_PERCENT { Severity::High } else { Severity::Medium };
    let title = format!("the hypervisor took {} of the CPU time away", percent(stolen));
    Ok(Some(
        Found::new(severity, Role::Remark, title)
            .seen([fact(
                format!("{} stolen on average", percent(stolen)),
                "system_metrics.cpu_steal_percent.mean",
                stolen,
            )])
            .because("other machines of the same hardware use the CPUs: each run will differ")
            .advise(
                "measure on a machine that has its CPUs for itself; don't compare with this run",
                again("steal stays below 5 %"),
            ),
    ))
}

/// A host this busy has no room for others.
const BUSY_PERCENT: f64 = 80.0;
/// What is not the server's, of what is used.
const FOREIGN_SHARE: f64 = 0.5;

/// C2: others use the server's CPUs.
fn foreign(facts: &Facts<'_>) -> Ruling {
    let host = facts.host()?;
    let system = facts.result.system_metrics.as_ref();
    let server = system.and_then(|it| it.server_processes.as_ref()?.data()?.cpu_machine_percent);
    let server =
        server.ok_or_else(|| Missing::because("the server's own CPU time is not known"))?;
    let ours = system.and_then(|it| it.generator_process.as_ref()?.data()?.cpu_machine_percent);
    let ours = ours.map_or(0.0, |it| it.mean);
    let used = host.cpu_usage_percent.mean;
    let others = (used - server.mean - ours).max(0.0);
    if used < BUSY_PERCENT || others < used * FOREIGN_SHARE {
        return Ok(None);
    }
    let title = format!("other programs used {} of the host's CPUs", percent(others));
    Ok(Some(
        Found::new(Severity::Medium, Role::Remark, title)
            .explains(others / 100.0)
            .seen([
                fact(
                    format!("{} used in all", percent(used)),
                    "system_metrics.cpu_usage_percent.mean",
                    used,
                ),
                fact(
                    format!("{} by the server", percent(server.mean)),
                    "system_metrics.server_processes.cpu_machine_percent.mean",
                    server.mean,
                ),
                fact(
                    format!("{} by pgsurge", percent(ours)),
                    "system_metrics.generator_process.cpu_machine_percent.mean",
                    ours,
                ),
            ])
            .because("neither the server nor pgsurge takes most of the CPU time of this host")
            .advise(
                "stop what else runs there (top shows it), or measure on another host",
                again("host CPU is about what server and pgsurge use"),
            ),
    ))
}

/// Of the server's CPU capacity.
const MONITOR_PERCENT: f64 = 1.0;

/// G7: watching costs too much.
fn monitor_cost(facts: &Facts<'_>) -> Ruling {
    let cost = facts.section(|it| &it.monitor)?;
    let why = "the monitor's share of the server's CPU is not known";
    let share = cost.server_cpu_percent.ok_or_else(|| Missing::because(why))?;
    if share <= MONITOR_PERCENT {
        return Ok(None);
    }
    let title = format!("watching took up to {} of the server's CPU capacity", percent(share));
    Ok(Some(
        Found::new(Severity::Medium, Role::Remark, title)
            .seen([fact(
                format!("{} statements of the monitor", cost.statements),
                "database_metrics.monitor.server_cpu_percent",
                share,
            )])
            .because("the monitor's statements take time that the load does not have")
            .advise(
                "compare with a run with --monitor off",
                again("throughput is the same without"),
            ),
    ))
}
