//! Tables and indexes.

use super::*;
use model::database_metrics::{IndexLoad, IndexUsage, TableLoad, TableStats};

fn table(updated: u64, hot: u64, dead: u64) -> impl Fn(&mut RunResult) {
    move |result| {
        let table = TableLoad {
            table: "public.games".to_owned(),
            rows_updated: updated,
            rows_hot_updated: hot,
            live_rows: 90_000,
            dead_rows: dead,
            ..TableLoad::default()
        };
        db(result).table_stats.data = Some(TableStats { tables: vec![table], left_out: 0 });
    }
}

fn no_tables(result: &mut RunResult) {
    db(result).table_stats = Section::unread(Unread::missing("no such view"));
}

#[test]
fn updates_that_are_not_heap_only_are_told_with_their_table() {
    let found = fires("no_hot_updates", table(1000, 499, 0));
    assert!(found.title.contains("49.9 %") && found.title.contains("public.games"), "{found:#?}");
    assert!(rests_on(&found, 1000.0) && found.advice.contains("fillfactor"));
    quiet("no_hot_updates", table(1000, 500, 0));
    quiet("no_hot_updates", table(999, 0, 0));
    assert_eq!(unknown("no_hot_updates", no_tables), "no such view");
}

#[test]
fn dead_rows_are_told_when_they_are_a_tenth_and_many() {
    let found = fires("dead_rows", table(0, 0, 10_000));
    assert!(rests_on(&found, 10_000.0) && found.severity == Severity::Medium);
    assert_eq!(fires("dead_rows", table(0, 0, 90_000)).severity, Severity::High);
    quiet("dead_rows", table(0, 0, 9_999));
    assert_eq!(unknown("dead_rows", no_tables), "no such view");
}

/// A table with 30,000 dead rows, vacuumed from `threshold` on.
fn due(threshold: Option<u64>, autovacuum: &'static str) -> impl Fn(&mut RunResult) {
    move |result| {
        table(0, 0, 30_000)(result);
        let tables = &mut db(result).table_stats.data.as_mut().unwrap().tables;
        tables[0].vacuum_threshold_rows = threshold;
        set(result, "autovacuum", autovacuum);
    }
}

#[test]
fn what_removes_dead_rows_depends_on_why_autovacuum_did_not() {
    let advice = |threshold, autovacuum| fires("dead_rows", due(threshold, autovacuum)).advice;
    let off = advice(None, "off");
    assert!(off.starts_with("set autovacuum = on") && !off.contains("scale_factor"), "{off}");
    let behind = advice(Some(14_999), "on");
    assert!(behind.contains("raise autovacuum_vacuum_cost_limit"), "{behind}");
    let early = advice(Some(15_000), "on");
    assert!(early.contains("autovacuum_vacuum_scale_factor = 0.02"), "{early}");
    let own = advice(None, "on");
    assert!(own.contains("RESET (autovacuum_enabled)"), "{own}");
}

#[test]
fn dead_rows_beyond_autovacuums_own_threshold_are_too_many_however_few_they_are() {
    let of_a_million = |threshold| {
        both(due(Some(threshold), "on"), |result| {
            let tables = &mut db(result).table_stats.data.as_mut().unwrap().tables;
            tables[0].live_rows = 1_000_000;
        })
    };
    let behind = fires("dead_rows", of_a_million(14_999));
    assert!(rests_on(&behind, 14_999.0) && behind.verify.contains("vacuum_threshold_rows"));
    // Due, as any table is now and then: autovacuum looks once a minute.
    quiet("dead_rows", of_a_million(15_000));
}

#[test]
fn an_index_without_a_scan_is_told_where_changes_keep_it_up() {
    let indexed = |scans, unique, updated| {
        move |result: &mut RunResult| {
            table(updated, 0, 0)(result);
            let index = IndexLoad {
                index: "public.spare".to_owned(),
                table: "public.games".to_owned(),
                scans,
                unique,
                ..IndexLoad::default()
            };
            let indexes = vec![index];
            let usage = model::database_metrics::IndexUsage { indexes, ..Default::default() };
            db(result).index_usage = Section::read(usage, (0.0, 100.0));
        }
    };
    let found = fires("unused_index", indexed(0, false, 1000));
    assert!(found.title.contains("public.spare") && found.severity == Severity::Low);
    quiet("unused_index", indexed(1, false, 1000));
    quiet("unused_index", indexed(0, true, 1000));
    quiet("unused_index", |result| {
        indexed(0, false, 1000)(result);
        db(result).index_usage.data.as_mut().unwrap().indexes[0].required = Some(true);
    });
    quiet("unused_index", indexed(0, false, 999));
    assert_eq!(unknown("unused_index", no_tables), "no such view");
}

fn index(index: &str, change: impl Fn(&mut IndexLoad)) -> IndexLoad {
    let mut load = IndexLoad {
        index: index.to_owned(),
        valid: Some(true),
        size_bytes: Some(8192),
        definition: Some(format!("CREATE INDEX {index} ON public.games USING btree (status)")),
        ..IndexLoad::default()
    };
    change(&mut load);
    load
}

fn with_indexes(indexes: Vec<IndexLoad>) -> impl Fn(&mut RunResult) {
    move |result| {
        let usage = IndexUsage { indexes: indexes.clone(), ..IndexUsage::default() };
        db(result).index_usage = Section::read(usage, (0.0, 100.0));
    }
}

#[test]
fn an_index_that_no_query_may_use_is_told() {
    let broken = index("public.half", |it| it.valid = Some(false));
    let found = fires("invalid_index", with_indexes(vec![broken]));
    assert!(found.advice.contains("REINDEX INDEX CONCURRENTLY public.half"), "{found:#?}");
    quiet("invalid_index", with_indexes(vec![index("public.whole", |_| ())]));
    let old = index("public.old", |it| it.valid = None);
    assert!(unknown("invalid_index", with_indexes(vec![old])).contains("not read"));
}

#[test]
fn two_indexes_with_one_definition_are_one_too_many() {
    let unique = index("public.key", |it| it.unique = true);
    let found = fires("duplicate_index", with_indexes(vec![index("public.spare", |_| ()), unique]));
    assert!(found.advice.contains("DROP INDEX CONCURRENTLY public.spare"), "{found:#?}");
    let other = index("public.other", |it| {
        it.definition = Some("CREATE INDEX o ON public.games USING btree (created_at)".to_owned());
    });
    quiet("duplicate_index", with_indexes(vec![index("public.spare", |_| ()), other]));
    let old = index("public.old", |it| it.definition = None);
    assert!(unknown("duplicate_index", with_indexes(vec![old])).contains("not read"));
}

#[test]
fn no_index_is_to_be_dropped_that_something_rests_on() {
    let pair = |one: fn(&mut IndexLoad), two: fn(&mut IndexLoad)| {
        with_indexes(vec![index("public.one", one), index("public.two", two)])
    };
    let advice = |one, two| fires("duplicate_index", pair(one, two)).advice;
    let key: fn(&mut IndexLoad) = |it| {
        (it.unique, it.primary, it.required) = (true, Some(true), Some(true));
    };
    let unique: fn(&mut IndexLoad) = |it| (it.unique, it.required) = (true, Some(false));
    let plain: fn(&mut IndexLoad) = |it| it.required = Some(false);
    let broken: fn(&mut IndexLoad) = |it| (it.valid, it.required) = (Some(false), Some(false));
    let bound: fn(&mut IndexLoad) = |it| it.required = Some(true);
    for (one, two) in [(key, unique), (key, plain), (unique, plain), (bound, plain)] {
        assert!(advice(one, two) == "DROP INDEX CONCURRENTLY public.two");
        assert!(advice(two, one) == "DROP INDEX CONCURRENTLY public.one");
    }
    assert!(advice(plain, broken) == "DROP INDEX CONCURRENTLY public.two");
    quiet("duplicate_index", pair(key, key));
    quiet("duplicate_index", pair(unique, bound));
    let half: fn(&mut IndexLoad) = |it| (it.valid, it.required) = (Some(false), Some(true));
    quiet("duplicate_index", pair(plain, half));
    let unread = advice(|_| (), |_| ());
    assert!(unread.contains("unless a constraint needs it"), "{unread}");
}

#[test]
fn tables_that_changed_since_their_analyze_are_told() {
    let changed = |rows| {
        move |result: &mut RunResult| {
            table(0, 0, 0)(result);
            let tables = &mut db(result).table_stats.data.as_mut().unwrap().tables;
            tables[0].rows_modified_since_analyze = rows;
        }
    };
    let found = fires("stale_statistics", changed(Some(18_001)));
    assert!(rests_on(&found, 18_001.0) && found.advice.contains("ANALYZE public.games"));
    let off = both(changed(Some(18_001)), |result| set(result, "autovacuum", "off"));
    assert!(fires("stale_statistics", off).advice.contains("set autovacuum = on"));
    quiet("stale_statistics", changed(Some(18_000)));
    assert!(unknown("stale_statistics", changed(None)).contains("not read"));
}
