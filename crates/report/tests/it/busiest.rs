//! The busiest statements, tables and indexes, window by window: how they become series and a table.
//! None of it is a measurement.

use crate::fixture;
use model::database_metrics::{StatementRate, StatementsOverTime, StatementsPart};
use model::series::{
    Busiest, BusiestRow, Header, IndexWindow, Line, Point, Series, SeriesEncoder, StatementWindow,
    TableWindow,
};
use report::{csv, json, markdown};
use std::collections::BTreeMap;

const UPDATE: &str = "-6172839405162738495";
const LOOK: &str = "42";

pub(crate) fn over_time() -> StatementsOverTime {
    let rate = |queryid: &str, calls_per_s: f64, mean_exec_time_ms: f64| StatementRate {
        queryid: queryid.to_owned(),
        calls_per_s,
        exec_ms_per_s: calls_per_s * mean_exec_time_ms,
        mean_exec_time_ms,
        rows_per_s: calls_per_s,
    };
    let part = |stage: &str, from_s, to_s, statements| StatementsPart {
        stage: Some(stage.to_owned()),
        from_s,
        to_s,
        seen_s: to_s - from_s,
        reason: None,
        statements,
    };
    let text = "UPDATE games SET game_data = $2 WHERE game_id = $1".to_owned();
    StatementsOverTime {
        parts: vec![
            part("0 to 1,000 actions/s", 0.0, 20.0, vec![rate(UPDATE, 366.0, 0.12)]),
            part(
                "hold 1,000 actions/s",
                20.0,
                60.0,
                vec![rate(UPDATE, 733.0, 0.24), rate(LOOK, 20.0, 0.4)],
            ),
        ],
        texts: BTreeMap::from([(UPDATE.to_owned(), text)]),
    }
}

fn statement(queryid: &str, text: Option<&str>, calls: u64) -> StatementWindow {
    let (queryid, text) = (queryid.to_owned(), text.map(str::to_owned));
    StatementWindow { queryid, text, calls, exec_ms: calls as f64 / 4.0, rows: calls * 2 }
}

fn seen<T>(rows: Vec<T>) -> Busiest<T> {
    Busiest { length_s: Some(10.0), rows, ..Busiest::default() }
}

fn gap<T>(reason: &str) -> Busiest<T> {
    Busiest { reason: Some(reason.to_owned()), ..Busiest::default() }
}

/// What the monitor puts into the record for three windows: the second names one statement less,
/// in the third the statements were reset.
pub(crate) fn lines() -> Vec<Line> {
    let table = |hot| TableWindow {
        table: "public.games".to_owned(),
        rows_updated: 1000,
        rows_hot_updated: hot,
        dead_rows: 77,
        ..TableWindow::default()
    };
    let index = IndexWindow { index: "public.games_pkey".to_owned(), scans: 5000 };
    let statements = [
        seen(vec![statement(UPDATE, Some("UPDATE games"), 400), statement(LOOK, Some("look"), 40)]),
        seen(vec![statement(UPDATE, None, 800)]),
        gap("pg_stat_statements was reset while load ran"),
    ];
    let rows = statements.into_iter().zip([0.0, 10.0, 20.0]).map(|(statements, t)| BusiestRow {
        t,
        length_s: 10.0,
        statements,
        tables: seen(vec![table(500)]),
        indexes: seen(vec![index.clone()]),
    });
    rows.map(|row| Line::Busiest(Box::new(row))).collect()
}

fn record(lines: &[Line]) -> Vec<u8> {
    let mut text = SeriesEncoder::new(6.0).header(Header::default(), &fixture::catalog());
    lines.iter().for_each(|line| text.push_str(&line.encode()));
    text.into_bytes()
}

fn series(lines: &[Line]) -> Vec<Series> {
    let mut bytes = Vec::new();
    let unreadable = json::write(&fixture::result(), Some(&record(lines)), &mut bytes).unwrap();
    assert_eq!(unreadable, 0);
    json::read(&bytes).unwrap().series
}

/// The values of a series, or nothing.
fn values(series: &[Series], metric: &str, label: &str) -> Vec<(f64, Point)> {
    let is_it = |it: &&Series| {
        it.name.metric == metric && it.name.labels.values().any(|value| value == label)
    };
    let found = series.iter().find(is_it).cloned().unwrap_or_default();
    found.t.into_iter().zip(found.v).collect()
}

#[test]
fn what_a_window_counted_becomes_rates_and_one_that_was_not_seen_a_hole_with_its_reason() {
    use Point::{Number, Text};
    let series = series(&lines());
    let of = |metric: &str, label: &str| values(&series, metric, label);
    let calls = of("server_statement_calls_per_s", UPDATE);
    assert_eq!(calls, [(0.0, Number(40.0)), (10.0, Number(80.0))]);
    assert_eq!(of("server_statement_exec_ms_per_s", UPDATE)[0].1, Number(10.0));
    assert_eq!(of("server_statement_mean_exec_ms", UPDATE)[1].1, Number(0.25));
    assert_eq!(of("server_statement_rows_per_s", UPDATE)[1].1, Number(160.0));
    // It was not among the busiest of the second window: nobody knows how often it ran there.
    assert_eq!(of("server_statement_calls_per_s", LOOK), [(0.0, Number(4.0))]);
    let reason = "pg_stat_statements was reset while load ran";
    assert_eq!(of("server_busiest_gap", "statements"), [(20.0, Text(reason.to_owned()))]);
    assert_eq!(of("server_busiest_gap", "tables"), []);
    assert_eq!(of("server_busiest_interval_s", "statements").len(), 2);
    assert_eq!(of("server_table_rows_hot_updated_per_s", "public.games")[2].1, Number(50.0));
    assert_eq!(of("server_table_dead_rows", "public.games")[0].1, Number(77.0));
    assert_eq!(of("server_index_scans_per_s", "public.games_pkey").len(), 3);
    let text = of("server_statement_text", UPDATE);
    assert_eq!(text, [(0.0, Text("UPDATE games".to_owned()))]);
}

#[test]
fn they_are_rendered_again_as_they_were() {
    let (result, record) = (fixture::result(), record(&lines()));
    let (mut first, mut again) = (Vec::new(), Vec::new());
    json::write(&result, Some(&record), &mut first).unwrap();
    let saved = json::read(&first).unwrap();
    json::write(&saved, None, &mut again).unwrap();
    assert!(first == again, "{}", String::from_utf8_lossy(&again));
    let (mut first, mut again) = (Vec::new(), Vec::new());
    csv::series(&result, Some(&record), &mut first).unwrap();
    csv::series(&saved, None, &mut again).unwrap();
    assert_eq!(String::from_utf8(first.clone()), String::from_utf8(again));
    let text = String::from_utf8(first).unwrap();
    let line = "10,server_statement_calls_per_s,queryid=-6172839405162738495,per_s,80\r\n";
    assert!(text.contains(line), "{text}");
    assert_eq!(markdown::render(&saved), markdown::render(&result));
}

#[test]
fn of_ever_new_statements_those_with_the_most_time_become_series() {
    let window = |at: u64| {
        let ids = (0..10).map(|id| (at * 10 + id).to_string());
        let new = ids.map(|id| statement(&id, Some("new"), at + 1)).collect();
        let row = BusiestRow { t: at as f64 * 10.0, length_s: 10.0, ..BusiestRow::default() };
        Line::Busiest(Box::new(BusiestRow { statements: seen(new), ..row }))
    };
    let series = series(&(0..1000).map(window).collect::<Vec<_>>());
    let calls = series.iter().filter(|it| it.name.metric == "server_statement_calls_per_s");
    let ids: Vec<u64> = calls.map(|it| it.name.labels["queryid"].parse().unwrap()).collect();
    assert_eq!((ids.len(), ids.iter().min()), (50, Some(&9950)));
}

fn table(parts: usize) -> Vec<String> {
    let mut result = fixture::result();
    let section = result.database_metrics.as_mut().unwrap().statements_over_time.as_mut().unwrap();
    section.data.as_mut().unwrap().parts.truncate(parts);
    let text = markdown::render(&result);
    let part = text.split("## Statements on the server over time\n\n").nth(1).unwrap_or_default();
    part.lines().take_while(|line| line.starts_with('|')).map(str::to_owned).collect()
}

#[test]
fn the_report_follows_the_busiest_statements_from_part_to_part() {
    let update = "| UPDATE games SET game_data = $2 WHERE game_id = $1 \
                  | 0 to 1,000 actions/s (0 s to 20 s) | 366/s | 120 µs | 43.9 ms |";
    let table = table(2);
    assert_eq!(table.len(), 2 + 4, "{table:#?}");
    assert_eq!(table[2], update);
    // One without a text has its number; where it was none of the busiest nothing is known of it.
    assert!(table[4].starts_with("| queryid 42 |") && table[4].ends_with("| - | - | - |"));
    assert!(table[5].contains("| 20/s | 400 µs | 8.0 ms |"), "{table:#?}");
}

#[test]
fn one_part_alone_is_no_change() {
    assert_eq!(table(1), [""; 0]);
}
