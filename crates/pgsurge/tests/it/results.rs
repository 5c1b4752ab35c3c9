//! The files of a result: all of them, nowhere a secret, and nothing of the user's replaced.

use crate::database::{Database, server, url};
use crate::running::{Ended, Load};
use model::verdict::VerdictOutcome;
use servers::PostgresOptions;

/// A run of 100 actions per second that needs little.
fn run_of(load: Load, duration: &str) -> Load {
    load.args("--workload select-only --connections 2 --rate 100 --warm-up 0 --duration")
        .args(duration)
}

fn short(load: Load) -> Load {
    run_of(load, "1s")
}

#[test]
fn an_ordinary_run_passes_and_leads_its_report_with_the_verdict() {
    let database = Database::new("results_passed");
    let run = || {
        let load = Load::hokm(&database.url()).args("--connections 4 --rate 100");
        load.args("--warm-up 500ms --duration 2s").run()
    };
    let mut ended = run();
    // A busy machine may void a run: one of three has to be sound.
    for _ in 0..2 {
        if ended.code == Some(6) {
            ended = run();
        }
    }
    let result = ended.result();
    assert_eq!(ended.code, Some(0), "{:?}", result.verdict.reasons);
    assert_eq!(result.verdict.outcome, VerdictOutcome::Passed);
    let lead = ended.out.lines().find(|line| !line.trim().is_empty()).unwrap();
    assert!(lead.to_lowercase().contains("passed"), "{}", ended.out);
    assert_eq!(ended.left(), ["result.json", "result.md"]);
    assert_eq!(result.load_metrics.all_actions.succeeded, 200);
    assert_eq!(result.test_summary.workload, "hokm");
    let seconds = result.series.iter().find(|series| series.name.metric.contains("succeeded"));
    assert!(seconds.is_some_and(|it| it.v.len() >= 2), "{:?}", result.series);
}

#[test]
fn a_run_without_a_server_brings_its_own() {
    let ended = short(Load::throwaway()).run();
    let result = ended.result();
    assert!(ended.err.contains("starting a throwaway PostgreSQL"), "{}", ended.err);
    assert!(result.environment.server.is_some_and(|server| server.throwaway));
    assert_eq!(result.load_metrics.all_actions.succeeded, 100);
}

#[test]
fn every_format_is_written_and_tells_the_same() {
    let database = Database::new("results_formats");
    let ended = short(Load::at(&database.url())).args("--format json,md,csv").run();
    let files = ["result.csv", "result.json", "result.md", "result.series.csv"];
    assert_eq!(ended.left(), files);
    let text = |name: &str| std::fs::read_to_string(ended.path(name)).unwrap();
    let p99 = ended.result().load_metrics.all_actions.response_time_ms.unwrap().p99;
    assert!(text("result.md").contains("select-only"), "{}", text("result.md"));
    assert!(text("result.csv").contains(&p99.to_string()), "{p99}: {}", text("result.csv"));
    let columns = |name: &str| {
        let text = text(name);
        let counts: Vec<usize> = text.lines().map(|line| line.split(',').count()).collect();
        (counts.len(), counts[0])
    };
    assert!(columns("result.csv").0 >= 2 && columns("result.csv").1 > 10);
    assert!(columns("result.series.csv").0 > 10, "{}", text("result.series.csv"));
}

#[test]
fn an_earlier_result_is_replaced_only_when_that_is_asked_for() {
    let database = Database::new("results_force");
    let load = || short(Load::at(&database.url())).file("result.md", "of yesterday");
    let ended = load().run();
    assert_eq!((ended.code, ended.left()), (Some(2), vec!["result.md".to_owned()]));
    assert!(ended.err.contains("result.md exists; --force replaces"), "{}", ended.err);
    let ended = load().args("--force").run();
    ended.result();
    assert_ne!(std::fs::read_to_string(ended.path("result.md")).unwrap(), "of yesterday");
}

#[test]
fn a_result_that_appears_during_the_run_is_not_replaced_and_the_record_stays() {
    let database = Database::new("results_raced");
    let mut running = run_of(Load::at(&database.url()), "3s").start();
    running.wait_for_second(1);
    std::fs::write(running.path("result.json"), "another run's").unwrap();
    let ended = running.wait();
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("cannot write result.json"), "{}", ended.err);
    assert_eq!(std::fs::read_to_string(ended.path("result.json")).unwrap(), "another run's");
    assert_eq!(ended.left(), ["result.json", "result.json.partial"]);
    assert!(ended.out.contains("select-only"), "the report is lost: {}", ended.out);
}

/// Every byte that a run leaves, what it prints included.
fn everything(ended: &Ended) -> String {
    let names = ended.left().into_iter().filter(|it| it != "password");
    let files = names.map(|name| std::fs::read(ended.path(&name)).unwrap());
    let files: Vec<u8> = files.flatten().collect();
    format!("{}{}{}", ended.out, ended.err, String::from_utf8_lossy(&files))
}

#[test]
fn a_password_reaches_no_file_and_no_message() {
    const SECRET: &str = "hunter2/4711";
    let options = PostgresOptions { password: Some(SECRET.into()), ..Default::default() };
    let server = server(options);
    let open = url(&server);
    let with_password = open.replace("postgres@", "postgres:hunter2%2F4711@");
    let file = format!("{{\"database\": {{\"url\": \"{with_password}\"}}}}");
    let loads = [
        Load::at(&with_password),
        Load::at(&open).env("PGPASSWORD", SECRET),
        Load::at(&open).args("--password-file password").file("password", SECRET),
        Load::throwaway().config(&file),
    ];
    for load in loads {
        let load = run_of(load, "300ms").args("-v --log-file all.log --format json,md,csv");
        let ended = load.run();
        assert_eq!(ended.result().load_metrics.all_actions.succeeded, 30);
        let everything = everything(&ended);
        assert!(everything.contains("PostgreSQL") && everything.len() > 10_000);
        assert!(!everything.contains("hunter2"), "{}", ended.err);
    }
}
