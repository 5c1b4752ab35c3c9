//! Window by window: what was provoked between two borders of stages is what the line of that window
//! says, and what can't be compared is a gap with its reason.

use crate::server::{Place, for_looks, start};
use model::series::{BusiestRow, StatementWindow};

/// Long enough for what a window is to hold, also on a busy machine.
const STAGES: [f64; 3] = [3.0, 3.0, 60.0];
const ROWS: &str = "CREATE TABLE rows (id int PRIMARY KEY, value int) WITH (fillfactor = 50); \
                    INSERT INTO rows SELECT i, 0 FROM generate_series(1, 2000) i; ANALYZE rows";
const LOOK: &str = "SELECT value FROM rows WHERE id = 7";
const CHANGE: &str = "UPDATE rows SET value = value + 1 WHERE id = 9";

/// Runs statements so many times, over a connection whose counters are told when it ends.
fn run(place: &Place, statements: &[(&str, u32)]) {
    let mut client = place.client();
    for (sql, times) in statements {
        (0..*times).for_each(|_| client.batch(sql).unwrap());
    }
}

/// Calls of the statement that begins so; none where its row is absent.
fn calls(window: &BusiestRow, begin: &str, queryids: &[StatementWindow]) -> Option<u64> {
    let is_it = |it: &&StatementWindow| it.text.as_deref().is_some_and(|it| it.starts_with(begin));
    let queryid = &queryids.iter().find(is_it).unwrap_or_else(|| panic!("no {begin}")).queryid;
    window.statements.rows.iter().find(|it| it.queryid == *queryid).map(|it| it.calls)
}

#[test]
fn a_window_has_exactly_the_calls_rows_and_scans_between_its_borders() {
    let place = Place::new("windows");
    place.sql(ROWS);
    let (seen, windows) = place.watching_stages(&STAGES).windows(|next| {
        run(&place, &[(LOOK, 30), (CHANGE, 10)]);
        next();
        run(&place, &[(LOOK, 7), ("BEGIN", 1), ("COMMIT", 1)]);
        next();
        run(&place, &[(CHANGE, 5)]);
        for_looks(5);
    });
    assert_eq!(windows.len(), 3, "{windows:#?}");
    let told = &windows[0].statements.rows;
    let counted = windows.iter().map(|it| [LOOK, CHANGE].map(|sql| calls(it, &sql[..6], told)));
    // Where it did not run there is no row, and no row for transaction control or the monitor's own.
    let expected = [[Some(30), Some(10)], [Some(7), None], [None, Some(5)]];
    assert_eq!(counted.collect::<Vec<_>>(), expected, "{windows:#?}");
    assert_eq!(told.len(), 2, "{told:?}");
    let look = told.iter().find(|it| it.calls == 30).unwrap();
    assert_eq!(look.text.as_deref(), Some("SELECT value FROM rows WHERE id = $1"));
    assert!(look.rows == 30 && look.exec_ms > 0.0, "{look:?}");
    // A text is told once.
    assert!(windows[1..].iter().all(|it| it.statements.rows.iter().all(|it| it.text.is_none())));
    let [first, second, _] = [0, 1, 2].map(|at| &windows[at].tables.rows[0]);
    assert_eq!(
        (first.table.as_str(), first.index_scans, first.index_rows),
        ("public.rows", 40, 40)
    );
    assert_eq!((first.rows_updated, first.rows_hot_updated, first.sequential_scans), (10, 10, 0));
    assert_eq!((second.index_scans, second.rows_updated), (7, 0));
    let scans =
        windows.iter().map(|it| (it.indexes.rows[0].index.as_str(), it.indexes.rows[0].scans));
    let expected = [40, 7, 5].map(|scans| ("public.rows_pkey", scans));
    assert_eq!(scans.collect::<Vec<_>>(), expected);
    stand_at_borders(&windows);

    let section = seen.database.statements_over_time.unwrap();
    let parts = &section.data().unwrap().parts;
    assert_eq!(parts.len(), 3, "{parts:#?}");
    let part = &parts[1];
    let it = &part.statements[0];
    assert_eq!((part.stage.as_deref(), &it.queryid), (Some("stage 1"), &look.queryid));
    assert!((it.calls_per_s * part.seen_s - 7.0).abs() < 0.05, "{part:?}");
    assert!(section.data().unwrap().texts[&it.queryid].starts_with("SELECT value"));
}

/// Every window begins where the one before has ended, at a border of stages.
#[track_caller]
fn stand_at_borders(windows: &[BusiestRow]) {
    for (window, border_s) in windows.iter().zip([0.0, 3.0, 6.0]) {
        assert!(window.t >= border_s && window.t < border_s + 1.0, "{window:?}");
    }
    for pair in windows.windows(2) {
        assert!((pair[0].t + pair[0].length_s - pair[1].t).abs() < 0.005, "{pair:?}");
        let length_s = pair[0].statements.length_s.unwrap();
        assert!((length_s - pair[0].length_s).abs() < 0.5, "{pair:?}");
    }
}

#[test]
fn a_reset_of_all_statements_is_a_gap_of_one_window_and_no_number_is_wrong() {
    let server = start(&[("max_connections", "20")]);
    let place = Place::of(&server, server.database());
    place.sql(ROWS);
    let (seen, windows) = place.watching_stages(&STAGES).windows(|next| {
        run(&place, &[(LOOK, 5)]);
        next();
        // After it more calls than before: a difference would look like any other.
        run(&place, &[("SELECT pg_stat_statements_reset()", 1), (LOOK, 50)]);
        next();
        run(&place, &[(LOOK, 20)]);
        for_looks(5);
    });
    let told = &windows[0].statements.rows;
    let counted: Vec<_> = windows.iter().map(|it| calls(it, "SELECT value", told)).collect();
    assert_eq!(counted, [Some(5), None, Some(20)], "{windows:#?}");
    let gap = &windows[1].statements;
    assert!(gap.rows.is_empty() && gap.length_s.is_none(), "{gap:?}");
    assert!(gap.reason.as_deref().unwrap().contains("pg_stat_statements was reset"), "{gap:?}");
    // Tables are counted elsewhere.
    assert_eq!(windows[1].tables.rows[0].index_scans, 50, "{windows:#?}");
    let section = seen.database.statements_over_time.unwrap();
    let parts = &section.data().unwrap().parts;
    assert!(section.reason.as_deref().unwrap().contains("was reset"));
    assert!(parts[1].statements.is_empty() && parts[1].seen_s == 0.0, "{parts:#?}");
    assert!(parts[2].statements[0].calls_per_s > 0.0 && parts[2].reason.is_none(), "{parts:#?}");
}

#[test]
fn a_statement_that_was_reset_alone_is_absent_and_so_are_tables_after_a_reset_of_theirs() {
    let place = Place::new("one_reset");
    place.sql(ROWS);
    let reset = "SELECT pg_stat_statements_reset(userid, dbid, queryid) FROM pg_stat_statements \
                  WHERE query LIKE 'SELECT value FROM rows%' AND dbid = \
                        (SELECT oid FROM pg_database WHERE datname = current_database())";
    let (_, windows) = place.watching_stages(&STAGES).windows(|next| {
        run(&place, &[(LOOK, 30), (CHANGE, 10)]);
        next();
        run(&place, &[(reset, 1), ("SELECT pg_stat_reset()", 1), (LOOK, 3), (CHANGE, 20)]);
        next();
        run(&place, &[(LOOK, 4), (CHANGE, 1)]);
        for_looks(5);
    });
    let told = &windows[0].statements.rows;
    let counted = windows.iter().map(|it| [LOOK, CHANGE].map(|sql| calls(it, &sql[..6], told)));
    let expected = [[Some(30), Some(10)], [None, Some(20)], [Some(4), Some(1)]];
    assert_eq!(counted.collect::<Vec<_>>(), expected, "{windows:#?}");
    assert_eq!(windows[1].statements.unknown, 1, "{windows:#?}");
    let BusiestRow { tables, indexes, .. } = &windows[1];
    assert!(tables.rows.is_empty() && indexes.rows.is_empty(), "{windows:#?}");
    for reason in [&tables.reason, &indexes.reason] {
        assert!(reason.as_deref().unwrap().contains("reset while load ran"), "{reason:?}");
    }
    assert_eq!(windows[2].tables.rows[0].rows_updated, 1, "{windows:#?}");
}

#[test]
fn each_kind_fails_alone_and_says_why() {
    let place = Place::new("half_seen");
    place.sql(ROWS);
    place.sql("CREATE ROLE half; GRANT ALL ON rows TO half; ALTER ROLE half LOGIN");
    let half = place.as_user("half");
    let (seen, windows) = half.watching_stages(&STAGES).windows(|next| {
        place.sql("REVOKE ALL ON FUNCTION pg_stat_statements(boolean) FROM public");
        run(&half, &[(LOOK, 6)]);
        next();
        run(&half, &[(LOOK, 8)]);
        next();
    });
    for (window, scans) in windows.iter().zip([6, 8]) {
        let reason = window.statements.reason.as_deref().unwrap();
        assert!(reason.contains("permission denied for function pg_stat_statements"), "{reason}");
        assert!(window.statements.rows.is_empty(), "{window:?}");
        assert_eq!(window.tables.rows[0].index_scans, scans, "{windows:#?}");
    }
    let section = seen.database.statements_over_time.unwrap();
    assert!(section.data().is_none() && section.reason.is_some(), "{section:?}");
}
