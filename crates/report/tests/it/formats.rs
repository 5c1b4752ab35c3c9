//! What a reader sees.

use crate::{fixture, watched};
use model::run_result::RunResult;
use model::verdict::ValidityOutcome;
use report::terminal::{Style, render};
use report::{csv, json, markdown};

#[test]
fn a_good_run_on_the_terminal() {
    insta::assert_snapshot!(render(&fixture::result(), Style::default()));
}

#[test]
fn a_bad_day_on_the_terminal() {
    insta::assert_snapshot!(render(&fixture::bad_day(), Style { colour: false, width: 100 }));
}

#[test]
fn an_empty_result_on_the_terminal() {
    insta::assert_snapshot!(render(&RunResult::default(), Style::default()));
}

#[test]
fn a_report_fits_one_screen_whatever_happened() {
    for result in [fixture::result(), fixture::bad_day(), RunResult::default()] {
        for width in [60, 80, 100] {
            let text = render(&result, Style { colour: false, width });
            assert!(text.lines().count() <= 40, "{} lines\n{text}", text.lines().count());
            let wide = text.lines().find(|line| line.chars().count() > width);
            assert_eq!(wide, None, "at {width}\n{text}");
        }
    }
}

#[test]
fn colours_change_nothing_but_colour() {
    let coloured = render(&fixture::result(), Style { colour: true, width: 80 });
    assert!(coloured.starts_with("\u{1b}[1;32mPASSED\u{1b}[0m"), "{coloured}");
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some(start) = rest.find('\u{1b}') {
        plain.push_str(&rest[..start]);
        rest = &rest[start + rest[start..].find('m').unwrap() + 1..];
    }
    plain.push_str(rest);
    let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert_eq!(trimmed(&plain), trimmed(&render(&fixture::result(), Style::default())));
}

#[test]
fn a_servers_message_can_not_move_the_cursor() {
    let mut result = fixture::result();
    result.load_metrics.errors[0].sample = "\u{1b}[2Jgone\r\u{8}".to_owned();
    assert!(!render(&result, Style::default()).contains(['\u{1b}', '\r', '\u{8}']));
}

#[test]
fn a_good_run_in_markdown() {
    insta::assert_snapshot!(markdown::render(&fixture::result()));
}

#[test]
fn a_table_of_markdown_keeps_its_columns_whatever_a_message_holds() {
    let text = markdown::render(&fixture::bad_day());
    let errors = text.split("## Errors").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<_> = errors.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 22);
    for row in rows {
        assert_eq!(row.replace("\\|", "").matches('|').count(), 5, "{row}");
    }
}

#[test]
fn a_summary_has_a_name_for_every_value() {
    for result in [fixture::result(), RunResult::default()] {
        let text = String::from_utf8(csv::summary(&result)).unwrap();
        let lines: Vec<_> = text.split("\r\n").collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert_eq!(lines[0].matches(',').count(), lines[1].matches(',').count());
    }
    let text = String::from_utf8(csv::summary(&fixture::result())).unwrap();
    let at = text.lines().next().unwrap().split(',').position(|name| name == "offered_per_s");
    assert_eq!(text.lines().nth(1).unwrap().split(',').nth(at.unwrap()), Some("1000"));
}

#[test]
fn what_to_do_next_follows_from_what_was_seen() {
    type Change = fn(&mut RunResult);
    let cases: [(&str, Change); 4] = [
        ("try --rate 2000 to find its limit", |result| result.load_metrics.errors.clear()),
        ("offer a rate: --rate 800", |result| result.load_metrics.offered_per_s = None),
        ("the stored data is wrong", |result| {
            result.load_metrics.verification.as_mut().unwrap().passed = false;
        }),
        ("raise max_connections", |result| {
            result.load_metrics.errors[0].class = "too_many_connections".to_owned();
        }),
    ];
    for (told, change) in cases {
        let mut result = fixture::result();
        change(&mut result);
        let steps = report::advice::next_steps(&result);
        assert!(steps.len() <= 3 && steps.iter().any(|step| step.contains(told)), "{steps:?}");
    }
}

#[test]
fn a_field_with_commas_and_quotes_stays_one_field() {
    let mut result = fixture::result();
    result.test_summary.workload = "hokm@9,\"mine\"@1".to_owned();
    let text = String::from_utf8(csv::summary(&result)).unwrap();
    let line = text.lines().nth(1).unwrap();
    assert!(
        line.starts_with("2025-03-01T12:00:00Z,\"hokm@9,\"\"mine\"\"@1\",passed,0,50,"),
        "{line}"
    );
}

/// All series of half a minute with what was watched beside it.
fn watched_series() -> Vec<model::series::Series> {
    let encoder = model::series::SeriesEncoder::new(6.0);
    let mut lines = encoder.header(model::series::Header::default(), &fixture::catalog());
    (0..30).flat_map(|second| watched::lines(second, 6.0)).for_each(|line| {
        lines.push_str(&line.encode());
    });
    let mut bytes = Vec::new();
    let unreadable = json::write(&fixture::result(), Some(&lines.into_bytes()), &mut bytes);
    assert_eq!(unreadable.unwrap(), 0);
    json::read(&bytes).unwrap().series
}

#[test]
fn what_was_watched_becomes_series_on_the_loads_clock() {
    let series = watched_series();
    let find = |metric: &str, label: &str| {
        let found = series.iter().find(|it| {
            it.name.metric == metric
                && (label.is_empty() || it.name.labels.values().any(|v| v == label))
        });
        let found = found.unwrap_or_else(|| panic!("no {metric}"));
        assert_eq!((found.t.len(), found.t[0], found.t[29]), (30, -6.0, 23.0), "{metric}");
        found.v.clone()
    };
    use model::series::Point::Number;
    assert_eq!(find("server_transactions_per_s", "")[3], Number(966.0));
    assert_eq!(find("host_cpu_percent", "server")[3], Number(71.0));
    // A class that nobody waited in during a second is 0 there, not a hole.
    let locks = find("server_active_sessions_by_wait", "Lock");
    assert_eq!(&locks[..3], [Number(0.0), Number(0.5), Number(0.0)]);
    assert!(!series.iter().any(|it| it.name.metric == "server_wal_bytes_per_s"), "never measured");
}

#[test]
fn a_server_that_fell_behind_is_not_said_to_have_room() {
    let mut result = fixture::result();
    let mut check = result.validity[0].clone();
    (check.code, check.outcome) = ("offered_load".to_owned(), ValidityOutcome::Warning);
    result.validity.push(check);
    result.load_metrics.offered_per_s = Some(result.load_metrics.achieved_per_s * 10.0);
    let text = render(&result, Style::default());
    assert!(text.contains("did not keep up") && !text.contains("has room"), "{text}");
}
