//! Limits and tags of the user's, as often as they are given, from the command line to the verdict.

use crate::database::Database;
use crate::program::Program;
use crate::running::{Ended, Load};
use model::threshold::{ThresholdOutcome, ThresholdSource};
use serde_json::json;

/// A short run of select-only with these arguments.
fn run(name: &str, arguments: &str) -> Ended {
    let database = Database::new(name);
    let load = Load::at(&database.url()).args("--workload select-only --rate 100 --connections 2");
    load.args("--duration 1s --warm-up 0").args(arguments).run()
}

/// What became of the limits that the user set.
fn outcomes(ended: &Ended) -> Vec<(String, ThresholdOutcome)> {
    let thresholds = ended.result().thresholds.into_iter();
    let mine = thresholds.filter(|it| it.source == ThresholdSource::User);
    mine.map(|it| (it.name, it.outcome)).collect()
}

#[test]
fn each_limit_of_the_user_is_held_against_the_result_and_one_that_is_passed_fails_the_run() {
    use ThresholdOutcome::{Failed, Passed};
    let ended = run(
        "limits",
        "--threshold action.select_only.p99<10s --threshold statement.account_select.max<1us \
         --threshold error_rate<=1% --tag branch=main --tag note=a,b=c",
    );
    let seen = outcomes(&ended);
    let seen: Vec<_> = seen.iter().map(|(name, outcome)| (name.as_str(), *outcome)).collect();
    let wanted = [
        ("action.select_only.p99<10s", Passed),
        ("statement.account_select.max<1us", Failed),
        ("error_rate<=1%", Passed),
    ];
    assert_eq!(seen, wanted);
    // On a machine that does other things too, the generator may be the limit (6).
    assert!(matches!(ended.code, Some(4 | 6)), "{}", ended.out);
    let tags = ended.result().environment.tags;
    assert_eq!(json!(tags), json!({"branch": "main", "note": "a,b=c"}));
    assert!(ended.out.contains("branch=main, note=a,b=c"), "{}", ended.out);
}

#[test]
fn a_limit_on_what_was_not_measured_makes_the_run_inconclusive_and_says_why() {
    let ended = run("limits_missing", "--threshold custom.nothing>1");
    assert_eq!(outcomes(&ended)[0].1, ThresholdOutcome::NotEvaluated);
    assert!(matches!(ended.code, Some(7 | 6)), "{}", ended.out);
    let reason = ended.result().verdict.reasons.join("\n");
    assert!(reason.contains("custom.nothing>1"), "{reason}");
}

#[test]
fn lists_are_repeated_flags_or_separated_by_commas_or_written_as_lists_and_tables() {
    let file = r#"{"performance_thresholds": {"expressions": ["p99 < 20ms", "mean < 5ms"]},
        "reporting": {"tags": {"branch": "main", "build": 7}}}"#;
    let plans = [
        Program::load().config("a.json", file).plan(),
        Program::load()
            .env("PGSURGE_THRESHOLD", "p99 < 20ms, mean < 5ms")
            .env("PGSURGE_TAG", "branch=main,build=7")
            .plan(),
    ];
    for plan in plans {
        assert_eq!(plan.get("threshold_expressions"), json!(["p99 < 20ms", "mean < 5ms"]));
        assert_eq!(plan.get("tags"), json!({"branch": "main", "build": "7"}));
    }
    let flags = Program::load().config("a.json", file).args("--tag a=1 --tag b=2").plan();
    assert_eq!(flags.get("tags"), json!({"a": "1", "b": "2"}), "flags beat the file");
    assert_eq!(
        flags.source("threshold_expressions"),
        "a.json:1:44: performance_thresholds.expressions"
    );
}
