//! What to do next, from what the run showed: a few sentences, never more than three.

use model::run_result::RunResult;
use model::threshold::ThresholdOutcome;
use model::units::milliseconds;
use model::verdict::{ValidityCheck, ValidityOutcome, VerdictOutcome};
use serde_json::Value;

/// The check that says that a result was made from the record of a run that was killed.
pub const KILLED: &str = "record";

/// At most three, the most pressing first.
pub fn next_steps(result: &RunResult) -> Vec<String> {
    let mut steps: Vec<String> = [
        rows_left(result),
        wrong_data(result),
        busy_generator(result),
        overload(result),
        slowest_action(result),
        commonest_error(result),
        another_load(result),
    ]
    .into_iter()
    .flatten()
    .collect();
    steps.truncate(3);
    steps
}

/// How to remove what a killed run could not remove itself.
fn rows_left(result: &RunResult) -> Option<String> {
    let warned =
        |check: &ValidityCheck| check.code == KILLED && check.outcome == ValidityOutcome::Warning;
    let kept = result.plan.pointer("/data/keep_data").and_then(Value::as_bool) == Some(true);
    if kept || !result.validity.iter().any(warned) {
        return None;
    }
    let command = removal(&result.plan)?;
    Some(format!("what the run made is still there: {command} removes it"))
}

/// The command that removes what the run of this plan (as results and records have it) has made;
/// none where that went with a throwaway server.
pub fn removal(plan: &Value) -> Option<String> {
    let text = |place: &str| plan.pointer(place).and_then(Value::as_str);
    if text("/target/kind") != Some("server") {
        return None;
    }
    let run = text("/data/run")?;
    // libpq's default needs no word, and a Unix socket takes none.
    let asks_nothing = |mode: &str| {
        let host = text("/target/host").unwrap_or_default();
        let socket = host.starts_with(['/', '@']) && text("/target/hostaddr").is_none();
        mode == "prefer" || socket
    };
    let flags = [
        // There is no flag of its own for it.
        ("--database-url", text("/target/hostaddr").map(|it| format!("hostaddr={it}"))),
        ("--db-host", text("/target/host").map(str::to_owned)),
        ("--db-name", text("/target/database").map(str::to_owned)),
        ("--db-user", text("/target/user").map(str::to_owned)),
        ("--schema", text("/data/schema").map(str::to_owned)),
        ("--db-port", plan.pointer("/target/port").map(Value::to_string)),
        ("--sslmode", text("/target/sslmode").filter(|it| !asks_nothing(it)).map(str::to_owned)),
        ("--sslrootcert", text("/target/sslrootcert").map(str::to_owned)),
    ];
    let server: String = flags
        .into_iter()
        .filter_map(|(flag, value)| Some(format!(" {flag} {}", shell_word(&value?))))
        .collect();
    Some(format!("pgsurge load --clean {run}{server}"))
}

/// A word as a shell takes it for one.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,=".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

fn wrong_data(result: &RunResult) -> Option<String> {
    let verification = result.load_metrics.verification.as_ref()?;
    let step =
        "the stored data is wrong: look at the checks in the result file before anything else";
    (!verification.passed).then(|| step.to_owned())
}

fn busy_generator(result: &RunResult) -> Option<String> {
    let ours = result.validity.iter().any(|check| {
        check.code.starts_with("generator_") && check.outcome == ValidityOutcome::Invalid
    });
    ours.then(|| {
        "this machine could not make the load: raise --threads, lower the load, or run pgsurge \
         on another machine than the server"
            .to_owned()
    })
}

/// How much of what a server achieved under overload it can take for long: less than all.
const SUSTAINABLE: f64 = 0.8;

/// Whether less was achieved than offered.
fn fell_short(result: &RunResult) -> bool {
    let warned = |code, outcome| code == "offered_load" && outcome == ValidityOutcome::Warning;
    result.validity.iter().any(|check| warned(check.code.as_str(), check.outcome))
}

fn overload(result: &RunResult) -> Option<String> {
    let load = &result.load_metrics;
    // What failed was answered: a lower rate is no remedy for it.
    let missing = load.offered_per_s.unwrap_or_default() - load.achieved_per_s;
    let failed = load.all_actions.failed as f64 / load.elapsed_s.max(f64::MIN_POSITIVE);
    let slow = fell_short(result) && failed < missing / 2.0;
    (slow && load.achieved_per_s > 0.0).then(|| {
        let rate = typed(load.achieved_per_s * SUSTAINABLE);
        format!("the server did not keep up: try --rate {rate} to see it below its limit")
    })
}

fn slowest_action(result: &RunResult) -> Option<String> {
    let too_slow = result.thresholds.iter().any(|threshold| {
        threshold.outcome == ThresholdOutcome::Failed && threshold.metric.contains("_time_ms")
    });
    let load = &result.load_metrics;
    // By total time: where an improvement would be felt most.
    let statement = load.statements.iter().max_by(|(_, a), (_, b)| {
        let total = |s: &model::run_result::StatementMetrics| {
            s.totals.service_time_ms.map_or(0.0, |times| times.mean) * s.totals.count as f64
        };
        total(a).total_cmp(&total(b))
    });
    let (name, statement) = statement.filter(|_| too_slow)?;
    let p95 = statement.totals.service_time_ms?.p95;
    Some(format!("look at {name} first: it takes the most time of all (p95 {})", milliseconds(p95)))
}

fn commonest_error(result: &RunResult) -> Option<String> {
    let error = result.load_metrics.errors.first()?;
    let advice = match error.class.as_str() {
        "too_many_connections" => "raise max_connections, or use fewer --connections",
        "deadlock" => {
            "transactions meet on the same rows: look at the server's log for who waits for whom"
        }
        "serialization" => {
            "transactions meet on the same rows: raise --max-tries, or let fewer of them meet"
        }
        "statement_timeout" => {
            "raise --statement-timeout, or find out what the statement waits for"
        }
        "lock_timeout" => "raise lock_timeout, or find out who holds the lock",
        "read_only" => {
            "the server takes no writes any more (it has become a standby, or \
             default_transaction_read_only is on): name the primary"
        }
        "connection_lost" | "server_shutting_down" | "connect_refused" => {
            "the server's log tells why it went away"
        }
        "authentication" => "set PGPASSWORD, or add the host to ~/.pgpass",
        _ => "the server's log has the statement and its context",
    };
    Some(format!("{}: {advice}", error.class))
}

fn another_load(result: &RunResult) -> Option<String> {
    let load = &result.load_metrics;
    if result.verdict.outcome != VerdictOutcome::Passed || load.achieved_per_s <= 0.0 {
        return None;
    }
    match load.offered_per_s {
        None => {
            let rate = typed(load.achieved_per_s * SUSTAINABLE);
            Some(format!("for response times as users would see them, offer a rate: --rate {rate}"))
        }
        Some(offered) => (!fell_short(result)).then(|| {
            let rate = typed(offered * 2.0);
            format!("the server has room: try --rate {rate} to find its limit")
        }),
    }
}

/// A rate that can be typed.
fn typed(per_s: f64) -> u64 {
    per_s.round().max(1.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn command(target: Value) -> String {
        let mut plan = json!({ "target": { "kind": "server", "port": 5432 }, "data": {} });
        plan["data"]["run"] = "rtn8d0cx12ab".into();
        let more = target.as_object().unwrap().clone();
        plan["target"].as_object_mut().unwrap().extend(more);
        let command = removal(&plan).unwrap();
        command.strip_prefix("pgsurge load --clean rtn8d0cx12ab").unwrap().to_owned()
    }

    #[test]
    fn the_command_that_cleans_up_asks_for_no_less_encryption_than_the_run_did() {
        let target = json!({
            "host": "db9", "sslmode": "verify-full", "sslrootcert": "/etc/our roots.crt",
        });
        assert_eq!(
            command(target),
            " --db-host db9 --db-port 5432 --sslmode verify-full \
             --sslrootcert '/etc/our roots.crt'"
        );
        let refused = command(json!({ "host": "db9", "sslmode": "disable" }));
        assert_eq!(refused, " --db-host db9 --db-port 5432 --sslmode disable");
    }

    #[test]
    fn the_command_that_cleans_up_says_nothing_of_encryption_where_the_run_asked_for_none() {
        let default = command(json!({ "host": "db9", "sslmode": "prefer" }));
        assert_eq!(default, " --db-host db9 --db-port 5432");
        let socket = command(json!({ "host": "/run/postgresql", "sslmode": "disable" }));
        assert_eq!(socket, " --db-host /run/postgresql --db-port 5432");
    }

    #[test]
    fn the_command_that_cleans_up_goes_to_the_address_and_keeps_the_name() {
        let target = json!({ "host": "db9", "hostaddr": "192.0.2.7", "sslmode": "prefer" });
        assert_eq!(
            command(target),
            " --database-url hostaddr=192.0.2.7 --db-host db9 --db-port 5432"
        );
    }
}
