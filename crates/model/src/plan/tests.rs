//! A plan survives being saved, and its file names don't collide.

use super::*;
use std::path::{Path, PathBuf};

fn plan(shape: Shape) -> Plan {
    Plan {
        target: Target::Throwaway,
        workload: Workload::of(
            vec![Part { name: "select-only".into(), weight: 1 }],
            Profile { pgbench: Some(Pgbench { scale: 1 }), ..Profile::default() },
        ),
        connections: 8,
        threads: 2,
        shape,
        warm_up: Duration::from_millis(1500),
        duration: Duration::from_secs(60),
        transactions: None,
        latency_limit: None,
        time_scale: 1.0,
        grace: Duration::from_secs(10),
        max_tries: 3,
        statement_timeout: None,
        protocol: Protocol::Prepared,
        reconnect: false,
        pipeline: false,
        poller: Poller::IoUring,
        seed: 7,
        thresholds: vec![Limit { name: "max_x_ms".into(), limit: 5.0, set_by_user: true }],
        abort_grace: Some(Duration::from_secs(10)),
        threshold_expressions: vec!["p99 < 20ms".into()],
        tags: BTreeMap::from([("branch".into(), "main".into())]),
        output: output("a/b.json"),
        progress: Some(Duration::from_secs(1)),
        monitor: true,
        node_exporter: Some("http://10.0.0.5:9100".into()),
        server_cpus: Some(16),
        pooler_admin: Some("10.0.0.5:6432 as \"stats\"".into()),
        data: Data {
            run: "rtn8d0cx12ab".into(),
            schema: None,
            init_only: false,
            reuse_data: true,
            keep_data: false,
        },
    }
}

fn output(path: &str) -> Output {
    let formats = Format::ALL.to_vec();
    Output { path: PathBuf::from(path), formats, include_raw_data: false, force: false, log: None }
}

fn closed(think_time: Option<ThinkTime>) -> Shape {
    Shape::Closed { think_time, user_stages: None }
}

fn open(rate: Rate) -> Shape {
    let max_backlog = Duration::from_secs(30);
    Shape::Open { unit: Unit::Actions, rate, arrivals: Arrivals::Poisson, max_backlog }
}

#[test]
fn a_plan_reads_back_as_it_was_written() {
    let stage = Stage { duration: Duration::from_secs(30), target_per_s: 100.0 };
    let users = UserStage { duration: Duration::from_secs(20), target_users: 5_000 };
    let think = ThinkTime { min: Duration::from_millis(50), max: Duration::from_millis(200) };
    let shapes = [
        closed(Some(think)),
        closed(None),
        Shape::Closed { think_time: None, user_stages: Some(vec![users]) },
        open(Rate::Constant { per_s: 2.5 }),
        open(Rate::Stages(vec![stage])),
    ];
    for plan in shapes.map(plan) {
        let text = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan, "{text}");
    }
}

#[test]
fn durations_carry_their_unit_in_the_name() {
    let value = serde_json::to_value(plan(closed(None))).unwrap();
    assert_eq!(value["warm_up_s"], 1.5);
    assert_eq!(value["statement_timeout_s"], serde_json::Value::Null);
    assert_eq!(value["shape"]["loop"], "closed");
    assert_eq!(value["poller"], "io_uring");
}

#[test]
fn a_negative_duration_is_refused() {
    let mut value = serde_json::to_value(plan(closed(None))).unwrap();
    value["duration_s"] = (-1.0).into();
    assert!(serde_json::from_value::<Plan>(value).is_err());
}

#[test]
fn stages_ramp_from_the_target_before_and_jump_where_they_have_no_length() {
    let second = Duration::from_secs(1);
    let stage = |seconds, target_per_s| Stage { duration: second * seconds, target_per_s };
    let rate = Rate::Stages(vec![stage(10, 100.0), stage(0, 300.0), stage(5, 0.0)]);
    let line =
        |seconds, from_per_s, to_per_s| Line { duration: second * seconds, from_per_s, to_per_s };
    let ramps = [line(10, 0.0, 100.0), line(5, 300.0, 0.0)];
    assert_eq!(rate.lines(Duration::ZERO, second * 15), ramps);
    assert_eq!(rate.lines(second, second * 15)[0], line(1, 100.0, 100.0));
}

#[test]
fn a_constant_rate_is_one_line_over_warm_up_and_measured_time() {
    let lines = Rate::Constant { per_s: 7.0 }.lines(Duration::from_secs(1), Duration::from_secs(9));
    let whole = Line { duration: Duration::from_secs(10), from_per_s: 7.0, to_per_s: 7.0 };
    assert_eq!(lines, [whole]);
}

#[test]
fn every_file_of_a_result_has_its_own_name() {
    let files: Vec<String> = output("a/b.json").files().into_iter().map(shown).collect();
    assert_eq!(files, ["a/b.json", "a/b.md", "a/b.csv", "a/b.series.csv"]);
    assert_eq!(output("b.json").partial(), PathBuf::from("b.json.partial"));
    assert_eq!(output("b.json").folder(), Path::new("."));
    assert_eq!(output("a/b.json").folder(), Path::new("a"));
}

fn shown((_, path): (Format, PathBuf)) -> String {
    path.display().to_string()
}

#[test]
fn a_scaled_plan_keeps_its_rates_and_its_patience() {
    let stage =
        |seconds, target_per_s| Stage { duration: Duration::from_secs(seconds), target_per_s };
    let stages = vec![stage(30, 100.0), stage(0, 500.0), stage(60, 500.0)];
    let scaled = plan(open(Rate::Stages(stages))).scaled(0.1);
    let short = Stage { duration: Duration::from_secs(3), target_per_s: 100.0 };
    let Shape::Open { rate: Rate::Stages(stages), max_backlog, .. } = &scaled.shape else {
        panic!("{:?}", scaled.shape)
    };
    assert_eq!((stages[0], max_backlog), (short, &Duration::from_secs(30)));
    assert_eq!(scaled.duration, Duration::from_secs(9));
    assert_eq!(scaled.warm_up, Duration::from_millis(150));
    assert_eq!((scaled.time_scale, scaled.grace), (0.1, Duration::from_secs(10)));
    assert_eq!(scaled.abort_grace, Some(Duration::from_secs(1)));
}

#[test]
fn users_come_and_go_in_less_time() {
    let users = UserStage { duration: Duration::from_secs(20), target_users: 5_000 };
    let shape = Shape::Closed { think_time: None, user_stages: Some(vec![users]) };
    let scaled = plan(shape).scaled(0.5);
    let short = UserStage { duration: Duration::from_secs(10), target_users: 5_000 };
    let shape = Shape::Closed { think_time: None, user_stages: Some(vec![short]) };
    assert_eq!((scaled.duration, scaled.shape), (Duration::from_secs(10), shape));
}

#[test]
fn a_plan_of_an_older_program_is_not_scaled() {
    let mut saved = serde_json::to_value(plan(closed(None))).unwrap();
    saved.as_object_mut().unwrap().remove("time_scale");
    assert_eq!(serde_json::from_value::<Plan>(saved).unwrap().time_scale, 1.0);
}
