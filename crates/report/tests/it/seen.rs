//! What a Markdown report says was seen, what it says was not, and in which order.

use crate::{fixture, watched};
use model::database_metrics::{
    BlockedSession, BlockingSession, DatabaseMetrics, LockContention, LockMoment, Section, Status,
    Unread,
};
use model::run_result::RunResult;
use report::markdown::render;
use report::terminal::{self, Style};

/// The fixture's run, with something else seen of the server.
fn seen(change: impl FnOnce(&mut DatabaseMetrics)) -> RunResult {
    let mut database = watched::database();
    change(&mut database);
    RunResult { database_metrics: Some(database), ..fixture::result() }
}

/// The text below a heading.
fn part(text: &str, heading: &str) -> String {
    let after = text.split_once(&format!("\n## {heading}\n\n")).map(|(_, after)| after);
    let text = after.and_then(|it| it.split("\n## ").next()).unwrap_or_default();
    text.trim_end().to_owned()
}

fn headings(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with('#')).collect()
}

#[test]
fn the_verdict_validity_the_bottleneck_and_three_findings_come_before_anything_else() {
    let mut result = fixture::result();
    let findings = result.findings.as_mut().unwrap();
    for code in ["third", "fourth"] {
        let mut more = findings[1].clone();
        more.title = code.to_owned();
        findings.insert(findings.len() - 1, more);
    }
    let text = render(&result);
    let sequence = [
        "# Load test: PASSED",
        "## Is the run sound?",
        "## What held it back",
        "### sessions wait for rows that others change: 40.0 % of the busy time",
        "### 7 deadlocks",
        "### third",
        "## Where the time goes",
    ];
    assert_eq!(headings(&text)[..sequence.len()], sequence);
    let further = part(&text, "Further findings");
    assert_eq!(headings(&further), ["### fourth", "### random_page_cost is 4"]);
}

#[test]
fn a_check_that_does_not_hold_is_told_at_the_top() {
    let text = render(&fixture::bad_day());
    let sound = part(&text, "Is the run sound?");
    assert!(sound.starts_with("- 1 of 9 checks failed, 8 warnings\n- `generator_lateness`: a"));
    assert_eq!(sound.lines().count(), 10, "{sound}");
}

#[test]
fn every_section_that_could_not_be_read_is_told_with_its_reason() {
    let names = serde_json::to_value(watched::database()).unwrap();
    for name in names.as_object().unwrap().keys() {
        let mut database = serde_json::to_value(watched::database()).unwrap();
        database[name] = serde_json::json!({ "status": "missing", "reason": "no such luck" });
        let database = serde_json::from_value(database).unwrap();
        let result = RunResult { database_metrics: Some(database), ..fixture::result() };
        let told = part(&render(&result), "What was not seen");
        assert!(told.ends_with(": no such luck"), "{name}: {told}");
    }
}

#[test]
fn a_part_of_a_machine_that_could_not_be_read_is_told_too() {
    let mut result = fixture::result();
    let system = result.system_metrics.as_mut().unwrap();
    let host = system.server_host.data.as_mut().unwrap();
    host.pressure = Section::unread(Unread::missing("the kernel does not tell"));
    let told = part(&render(&result), "What was not seen");
    assert!(told.contains("pressure of the server's host: the kernel does not tell"), "{told}");
}

#[test]
fn one_reason_is_told_once_whatever_it_hides() {
    let missing = "the extension pg_stat_statements is not in this database";
    let result = seen(|it| {
        let before = format!("{missing} (before the load)");
        it.query_performance = Section::unread(Unread::missing(before.clone()));
        it.query_plans = Section::unread(Unread::missing(before));
        it.statements_over_time = Some(Section::unread(Unread::missing(missing)));
    });
    let told = part(&render(&result), "What was not seen");
    let line = format!("- statements, statements over time, plans: {missing}");
    assert_eq!(told.lines().nth(1), Some(line.as_str()), "{told}");
    assert_eq!(told.matches(missing).count(), 1, "{told}");
}

#[test]
fn what_a_version_does_not_have_is_one_line_at_the_end_and_no_alarm() {
    let result = seen(|it| {
        let absent = |view, since| Unread::not_in_version(view, since);
        it.io = Section::unread(absent("pg_stat_io", "PostgreSQL 16 and later have it"));
        it.slru = Section::unread(absent("pg_stat_slru", "PostgreSQL 13 and later have it"));
    });
    let text = render(&result);
    let told = part(&text, "What was not seen");
    let last = "- not in this version of PostgreSQL: pg_stat_io: PostgreSQL 16 and later have it; \
                pg_stat_slru: PostgreSQL 13 and later have it";
    assert_eq!((told.lines().count(), told.lines().last()), (2, Some(last)), "{told}");
    assert_eq!(part(&text, "Reads and writes by process"), "");
}

#[test]
fn a_grant_that_would_show_more_is_on_the_screen_whatever_happened() {
    let grant = "GRANT pg_monitor TO \"bench\" shows";
    for result in [fixture::result(), fixture::bad_day()] {
        let text = terminal::render(&result, Style { colour: false, width: 60 });
        assert!(text.contains(grant), "{text}");
    }
    let result = seen(|it| {
        (it.connection_stats.status, it.connection_stats.reason) = (Status::Ok, None);
    });
    let text = terminal::render(&result, Style::default());
    assert!(!text.contains("not seen") && text.contains("finding    7 deadlocks"), "{text}");
}

#[test]
fn where_nobody_could_look_the_reason_is_told_once() {
    let locked_out = Unread { status: Status::NoPrivilege, reason: "no such password".to_owned() };
    let names = serde_json::to_value(watched::database()).unwrap();
    let sections = names.as_object().unwrap().keys().map(|name| {
        let section = Section::<()>::unread(locked_out.clone());
        (name.clone(), serde_json::to_value(section).unwrap())
    });
    let database = serde_json::from_value(sections.collect()).unwrap();
    let result =
        RunResult { database_metrics: Some(database), system_metrics: None, ..fixture::result() };
    for text in [render(&result), terminal::render(&result, Style::default())] {
        assert_eq!(text.matches("no such password").count(), 1, "{text}");
    }
}

#[test]
fn a_result_of_a_run_that_nobody_watched_says_so() {
    let result = RunResult { database_metrics: None, system_metrics: None, ..fixture::result() };
    let told = part(&render(&result), "What was not seen");
    assert!(told.starts_with("- nobody watched the server and its host"), "{told}");
}

fn blocked(pid: i64, blocked_by: &[i64]) -> BlockedSession {
    BlockedSession {
        pid,
        blocked_by: blocked_by.to_vec(),
        lock: "tuple".to_owned(),
        statement: "UPDATE `a`\n  SET b = b * 2".to_owned(),
        ..BlockedSession::default()
    }
}

/// The lock tree as it is rendered, without what stands above it.
fn tree(blocked: Vec<BlockedSession>, waiting_sessions: u64) -> Vec<String> {
    let root = BlockingSession { pid: 1, ..BlockingSession::default() };
    let moment = LockMoment { at_s: 3.0, waiting_sessions, blocked, blocking: vec![root] };
    let locks = LockContention { worst: Some(moment), ..LockContention::default() };
    let text = render(&seen(|it| it.lock_contention = Section::read(locks, (0.0, 60.0))));
    let tree = part(&text, "Who waited for whom");
    tree.lines().skip(2).map(str::to_owned).collect()
}

#[test]
fn who_waited_stands_once_below_whom_it_waited_for() {
    let lines = tree(vec![blocked(4, &[3, 2]), blocked(2, &[1]), blocked(3, &[1, 2])], 3);
    let statement = "`UPDATE 'a' SET b = b * 2`";
    assert_eq!(
        lines,
        [
            "- process 1 holds, its state hidden: (hidden)".to_owned(),
            format!("  - process 2 waits for a lock (tuple): {statement}"),
            format!(
                "    - process 4 waits for a lock (tuple), behind 2 sessions in all: {statement}"
            ),
            format!(
                "    - process 3 waits for a lock (tuple), behind 2 sessions in all: {statement}"
            ),
        ]
    );
}

#[test]
fn sessions_in_a_circle_and_those_beyond_the_page_are_not_lost() {
    let circle = tree(vec![blocked(7, &[8]), blocked(8, &[7])], 2);
    assert!(circle[1].starts_with("- process 7 waits for a lock (tuple), behind 8: "));
    assert!(circle[2].starts_with("  - process 8 waits for a lock (tuple): "), "{circle:?}");
    let many = tree((2..40).map(|pid| blocked(pid, &[1])).collect(), 60);
    assert_eq!((many.len(), many[21].as_str()), (22, "- and 40 more that waited"));
}
