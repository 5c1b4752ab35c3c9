//! An open loop offers what was asked for, exactly, and achieves it where the server can.

use crate::database::Database;
use crate::running::Load;
use model::run_result::RunResult;

fn run(database: &Database, arguments: &str) -> RunResult {
    let load = Load::hokm(&database.url()).args("--connections 8 --duration 4s --warm-up 500ms");
    load.args(arguments).run().result()
}

/// Within half a percent.
fn is_close(achieved: f64, offered: f64) -> bool {
    (achieved / offered - 1.0).abs() <= 0.005
}

#[test]
fn actions_are_scheduled_exactly_and_achieved_within_half_a_percent() {
    let database = Database::new("pace_actions");
    let result = run(&database, "--rate 100");
    let load = &result.load_metrics;
    assert_eq!((load.all_actions.scheduled, load.offered_per_s), (400, Some(100.0)));
    assert_eq!(load.warm_up.scheduled, 50);
    assert!(is_close(load.achieved_per_s, 100.0), "{}", load.achieved_per_s);
}

#[test]
fn statements_are_paced_one_by_one_and_achieved_within_half_a_percent() {
    let database = Database::new("pace_statements");
    let result = run(&database, "--qps-target 1000");
    let load = &result.load_metrics;
    assert_eq!(load.offered_queries_per_s, Some(1000.0));
    // The last actions of both phases send statements whose slots lie beyond the end.
    let answered = result.test_summary.queries_executed;
    assert!(is_close(answered as f64, 4000.0), "{answered} of 4000");
}

#[test]
fn stages_offer_the_area_under_their_curve() {
    let database = Database::new("pace_stages");
    let load = Load::at(&database.url()).args("--workload select-only --connections 4");
    let result = load.args("--stages 2s:200,1s:200,0s:50,1s:50").run().result();
    let load = &result.load_metrics;
    // 200 on the way up, 200 and 50 at the top and after the jump.
    assert_eq!(load.all_actions.scheduled, 450);
    assert_eq!(load.offered_per_s, Some(112.5));
    assert!(load.all_actions.succeeded >= 448, "{:?}", load.all_actions);
}
