//! `pgsurge report` of a `.partial`: what is known of a run that was killed, that still goes on, or
//! that had no room for its result.

use crate::database::{Database, private, url};
use crate::existing_tables::game;
use crate::faults::document::{self, Chapter};
use crate::program::{Ended, Program};
use crate::running::{Load, Running, lines, until};
use model::run_result::RunResult;
use model::series::{IntervalRow, Line};
use model::threshold::ThresholdOutcome;
use model::verdict::{ValidityOutcome, VerdictOutcome};
use nix::sys::signal::Signal;
use std::path::Path;

const RECORD: &str = "result.json.partial";

/// `pgsurge report` of a record, with these arguments.
fn report(record: &Path, arguments: &str) -> Ended {
    Program::new(&["report", record.to_str().unwrap()]).args(arguments).run()
}

#[track_caller]
fn result(record: &Path) -> RunResult {
    let ended = report(record, "--format json");
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{}", ended.out);
    assert_eq!(crate::running::complaints(&serde_json::from_str(&ended.out).unwrap()), [""; 0]);
    report::json::read(ended.out.as_bytes()).unwrap()
}

fn intervals(record: &Path) -> Vec<IntervalRow> {
    let row = |line| if let Line::Interval(row) = line { Some(*row) } else { None };
    lines(record).into_iter().filter_map(row).collect()
}

fn validity<'a>(result: &'a RunResult, code: &str) -> Option<(ValidityOutcome, &'a str)> {
    let check = result.validity.iter().find(|check| check.code == code)?;
    Some((check.outcome, &check.evidence))
}

#[test]
fn a_killed_run_is_reported_as_far_as_it_came_and_the_server_has_what_it_counts() {
    let database = Database::new("records_killed");
    let mut running = Load::at(&database.url())
        .args("--workload simple-update --connections 4 --rate 100 --warm-up 1s --duration 10m")
        .args("--threshold action.simple_update.succeeded>200 --tag branch=main")
        .start();
    running.wait_for_second(3);
    running.signal(Signal::SIGKILL);
    let ended = running.wait();
    let record = ended.path(RECORD);
    let result = result(&record);
    let load = &result.load_metrics;
    let (warm_up, measured): (Vec<IntervalRow>, Vec<IntervalRow>) =
        intervals(&record).into_iter().partition(|row| row.t < 0.0);
    let succeeded = |rows: &[IntervalRow]| rows.iter().map(|row| row.succeeded).sum::<u64>();
    assert_eq!(load.all_actions.succeeded, succeeded(&measured));
    assert_eq!(load.warm_up.succeeded, succeeded(&warm_up));
    assert!(load.all_actions.adds_up() && load.all_actions.succeeded > 200, "{load:?}");
    assert!(load.all_actions.response_time_ms.is_some() && load.elapsed_s >= 3.0);
    // What was acknowledged is stored; what was not recorded any more may be.
    let stored: u64 = database.psql("SELECT count(*) FROM pgbench_history").trim().parse().unwrap();
    let acknowledged = load.all_actions.succeeded + load.warm_up.succeeded;
    assert!((acknowledged..acknowledged + 1000).contains(&stored), "{acknowledged} of {stored}");
    let commits = load.statements["end"].totals.session_count;
    assert!((commits..commits + 1000).contains(&stored), "{commits} of {stored}");
    let written = result.thresholds.iter().find(|it| it.name.contains("simple_update")).unwrap();
    assert_eq!(written.outcome, ThresholdOutcome::Passed);
    assert_eq!(result.environment.tags["branch"], "main");
}

#[test]
fn the_report_of_a_killed_run_says_so_and_how_to_remove_what_it_made() {
    let database = game("records_advice");
    let before = database.contents();
    let mut running = Load::hokm(&database.url())
        .args("--connections 4 --rate 100 --warm-up 0 --duration 10m")
        .start();
    running.wait_for_second(2);
    running.signal(Signal::SIGKILL);
    let ended = running.wait();
    let record = ended.path(RECORD);
    let told = report(&record, "");
    assert_eq!(told.code, 0, "{}", told.err);
    assert!(told.out.starts_with("INTERRUPTED  hokm, 4 connections"), "{}", told.out);
    assert!(told.out.contains("the run was killed: ") && told.out.contains(" of 600 s"));
    assert!(told.out.contains("the stored data was not verified"), "{}", told.out);
    let result = result(&record);
    assert_eq!(result.verdict.outcome, VerdictOutcome::Interrupted);
    assert_eq!(result.load_metrics.verification, None);
    let run = result.plan["data"]["run"].as_str().unwrap().to_owned();
    let flat = told.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let advice = format!("pgsurge load --clean {run} --db-host ");
    let advised = flat.split_once(&advice).unwrap_or_else(|| panic!("no advice: {}", told.out)).1;
    let flags = advised.split_once(" removes it").unwrap().0;
    assert_ne!(database.contents(), before, "it left nothing behind");
    let cleaned = Program::load().args(&format!("--clean {run} --db-host {flags}")).run();
    assert_eq!(cleaned.code, 0, "{}", cleaned.err);
    assert_eq!(database.contents(), before);
    document::told(
        Chapter::Here,
        "pgsurge is killed while load runs (SIGKILL)",
        &["nothing but the progress until then".to_owned()],
        &[
            "no result: `pgsurge report` renders the record, to its last second".to_owned(),
            "verdict `interrupted`".to_owned(),
            "data not verified; the report says how to remove what the run made".to_owned(),
        ],
    );
    let (_, differs) = validity(&result, "record").unwrap();
    assert!(differs.contains("actions count where they ended"), "{differs}");
    let absent =
        "metrics of the workload's own are absent, for its users count them in memory until";
    assert!(differs.contains(absent) && result.load_metrics.custom.is_empty(), "{differs}");
    assert_eq!(result.load_metrics.games, None);
    let markdown = report(&record, "--format md").out;
    assert!(markdown.contains(absent) && flat.contains(absent), "{markdown}\n{flat}");
    assert!(markdown.starts_with("# Load test: INTERRUPTED"), "{markdown}");
    let series = report(&record, "--format series").out;
    assert!(series.contains(",actions_succeeded,"), "{series}");
}

#[test]
fn a_run_that_goes_on_is_no_killed_one() {
    let database = Database::new("records_live");
    let mut running = Load::at(&database.url())
        .args("--workload select-only --connections 2 --rate 100 --warm-up 0 --duration 10m")
        .start();
    running.wait_for_second(1);
    let result = result(&running.path(RECORD));
    let reasons = result.verdict.reasons.join("; ");
    assert!(reasons.contains("the run still goes on: "), "{reasons}");
    let told = report(&running.path(RECORD), "").out;
    assert!(!told.contains("--clean"), "{told}");
    running.signal(Signal::SIGKILL);
    running.wait();
}

#[test]
fn a_result_that_could_not_be_written_is_rendered_from_the_record_as_it_was() {
    let server = private();
    let mut running = Load::at(&url(&server))
        .args("--workload select-only --connections 2 --rate 100 --warm-up 0 --duration 3s")
        .start();
    running.wait_for_second(1);
    std::fs::write(running.path("result.json"), "another run's").unwrap();
    let ended = running.wait();
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("pgsurge report result.json.partial renders it"), "{}", ended.err);
    let record = ended.path(RECORD);
    assert_eq!(report(&record, "").out, ended.out);
    let result = result(&record);
    assert_eq!(result.load_metrics.all_actions.succeeded, 300);
    assert!(result.load_metrics.verification.is_some());
    assert!(result.series.len() > 20);
}

#[test]
fn a_record_that_holds_nothing_is_refused() {
    let header = Line::Header(Box::default()).encode();
    let cases = [
        ("", "the file is empty", "nothing was recorded"),
        (&header[..40], "does not begin as the record of a run", "killed before its load began"),
        (&header, "its schema_version is 0", "the version of pgsurge that wrote it"),
    ];
    for (text, why, hint) in cases {
        let mut program = Program::new(&["report", "it.partial"]).file("it.partial", text);
        let ended = program.run();
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{text}: {}", ended.err);
        assert!(ended.err.contains(why) && ended.err.contains(hint), "{text}: {}", ended.err);
    }
}

/// Lets the files of a run grow to `bytes` more than its record has now, as a disk does that is
/// almost full, or as far as they like.
#[cfg(target_os = "linux")]
fn limit(running: &Running, bytes: Option<u64>) -> u64 {
    let record = running.path(RECORD).metadata().unwrap().len();
    let most = bytes.map_or(u64::MAX, |more| record + more);
    let soft = bytes.map_or("unlimited".to_owned(), |_| most.to_string());
    let pid = running.pid().to_string();
    let set = std::process::Command::new("prlimit")
        .args(["--pid", &pid, &format!("--fsize={soft}:unlimited")])
        .status();
    assert!(set.unwrap().success());
    most
}

#[cfg(target_os = "linux")]
fn full(name: &str) -> (Database, Running, u64) {
    let database = Database::new(name);
    let mut running = Load::at(&database.url())
        .args("--workload select-only --connections 2 --rate 100 --warm-up 0 --duration 5s")
        .start();
    running.wait_for_second(1);
    let most = limit(&running, Some(200));
    let record = running.path(RECORD);
    until("the record is full", || record.metadata().unwrap().len() == most);
    (database, running, most)
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_during_a_run_is_told_by_its_result() {
    let (_database, running, _) = full("records_full");
    limit(&running, None);
    let ended = running.wait();
    let result = ended.result();
    let load = &result.load_metrics;
    assert_eq!(load.all_actions.succeeded, 500, "counts are whole");
    let (outcome, evidence) = validity(&result, "series").unwrap();
    assert_eq!(outcome, ValidityOutcome::Warning);
    assert!(evidence.starts_with("the series end ") && evidence.contains("file too large"));
    assert!(ended.out.contains("the series end "), "{}", ended.out);
    let seconds = result.series.iter().find(|it| it.name.metric == "actions_succeeded").unwrap();
    assert!((1..5).contains(&seconds.v.len()), "{seconds:?}");
    let (_, rest) = evidence.split_once(" s after measuring began").unwrap();
    document::told(
        Chapter::Here,
        "the disk of the output folder fills up while load runs",
        &[format!("warning: the series end … s after measuring began{rest}")],
        &["verdict as ever".to_owned(), "`validity`: `series` `warning`".to_owned()],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_stays_full_loses_the_result_but_neither_the_report_nor_the_record() {
    let (_database, running, most) = full("records_stays_full");
    let ended = running.wait();
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("cannot write result.json: file too large\n"), "{}", ended.err);
    assert!(ended.out.contains("500 succeeded"), "the report is lost: {}", ended.out);
    assert_eq!(ended.left(), [RECORD]);
    let record = ended.path(RECORD);
    assert_eq!(record.metadata().unwrap().len(), most);
    let succeeded = result(&record).load_metrics.all_actions.succeeded;
    assert!((1..500).contains(&succeeded), "{succeeded}");
    let told = ended.err.lines().filter(|it| it.starts_with("error: ") || it.starts_with("hint: "));
    document::told(
        Chapter::Here,
        "the disk of the output folder is still full when the result is written",
        &told.map(str::to_owned).collect::<Vec<_>>(),
        &[
            "the report is printed; exit code 1".to_owned(),
            "no result: `pgsurge report` renders the record, to where the disk was full".to_owned(),
        ],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_on_a_full_disk_is_told_before_any_load_with_the_flag_that_names_another_place() {
    let database = Database::new("records_full_log");
    let load = Load::at(&database.url()).args("--workload select-only --duration 10m --warm-up 0");
    let load = load.args("--force --log full.log").link("full.log", "/dev/full");
    let ended = load.run();
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    let told = "error: cannot write full.log: no space left on device\n\
                hint: free space there, or name another place with --log\n";
    assert!(ended.err.ends_with(told), "{}", ended.err);
    assert_eq!(database.contents().trim(), "");
}

#[test]
fn the_record_of_a_run_that_goes_on_is_not_overwritten_by_another_one() {
    let database = Database::new("records_busy");
    let load = || Load::at(&database.url()).args("--workload select-only --rate 50 --warm-up 0");
    let mut running = load().args("--connections 1 --duration 10m").start();
    running.wait_for_second(1);
    let record = running.path(RECORD);
    let output = running.path("result.json").display().to_string();
    let mut other =
        Program::load().args("--force --duration 1s --warm-up 0 --output").args(&output);
    let refused = other.run();
    assert_eq!(refused.code, 2, "{}", refused.err);
    let told = format!("{} is being written by another run", record.display());
    assert!(refused.err.contains(&told), "{}", refused.err);
    running.signal(Signal::SIGINT);
    assert!(running.wait().result().load_metrics.all_actions.succeeded > 0);
}

#[test]
fn a_run_that_may_replace_files_keeps_the_record_of_a_killed_one_and_tells_its_name() {
    let database = Database::new("records_kept");
    let load = "--workload select-only --connections 1 --rate 50 --warm-up 0";
    let mut running = Load::at(&database.url()).args(load).args("--duration 10m").start();
    running.wait_for_second(1);
    running.signal(Signal::SIGKILL);
    let killed = running.wait();
    let record = killed.path(RECORD);
    let (bytes, before) = (std::fs::read(&record).unwrap(), report(&record, "").out);
    let run = result(&record).plan["data"]["run"].as_str().unwrap().to_owned();
    let output = killed.path("result.json").display().to_string();
    let url = format!("--database-url {} --duration 1s --output {output}", database.url());
    let again = || Program::load().args(load).args(&url);
    let refused = again().run();
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(refused.err.contains(&format!("{} exists", record.display())), "{}", refused.err);
    let ended = again().args("--force").run();
    assert!(killed.path("result.json").exists() && !record.exists(), "{}", ended.err);
    let aside = killed.path(&format!("{RECORD}.{run}"));
    let told = format!(
        "warning: an earlier run ended without a result, and may have left rows on the server: \
         pgsurge load --clean {run} "
    );
    assert!(ended.err.contains(&told), "{}", ended.err);
    let kept = format!(" removes them; its record is now {}\n", aside.display());
    assert!(ended.err.contains(&kept), "{}", ended.err);
    assert_eq!((std::fs::read(&aside).unwrap(), report(&aside, "").out), (bytes, before));
}
