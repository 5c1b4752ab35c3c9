//! A table that grows, with the index of its key.

use super::{found, has, is_on};
use crate::server::{Place, until};
use std::collections::BTreeMap;

/// See the module.
pub fn relations(place: &Place) {
    place.sql(
        "CREATE TABLE sized (id int PRIMARY KEY, value int) WITH \
           (autovacuum_vacuum_threshold = 100007, autovacuum_vacuum_scale_factor = 0.5, \
            autovacuum_analyze_threshold = 200000, autovacuum_analyze_scale_factor = 0)",
    );
    place.sql("INSERT INTO sized SELECT i, 0 FROM generate_series(1, 1000) i");
    // Up to version 14 the server tells what was counted half a second later, and takes it in any
    // order: rows that it hears of after the vacuum that has counted them are there twice.
    let told = |what: &str| {
        let from = "SELECT count(*)::float8 FROM pg_stat_user_tables WHERE relname = 'sized' AND";
        place.number(&format!("{from} {what}")) == 1.0
    };
    until("the table's rows", || told("n_tup_ins = 1000"));
    place.sql("VACUUM ANALYZE sized");
    until("the table's beginning", || {
        told("n_live_tup = 1000 AND vacuum_count = 1 AND analyze_count = 1")
    });
    let size = |what: &str| place.number(&format!("SELECT {what}::float8")) as u64;
    let before = size("pg_total_relation_size('sized')");
    let seen = place.watch(|| {
        let mut client = place.client();
        client.batch("DELETE FROM sized WHERE id <= 200").unwrap();
        client.batch("INSERT INTO sized SELECT i, 0 FROM generate_series(1001, 6000) i").unwrap();
        client.batch("UPDATE sized SET value = 1 WHERE id BETWEEN 301 AND 400").unwrap();
    });
    let tables = found(&seen.database.table_stats, true).unwrap();
    let table = tables.tables.iter().find(|it| it.table == "public.sized").unwrap();
    assert_eq!((table.live_rows_begin, table.dead_rows_begin), (Some(1000), Some(0)), "{table:?}");
    assert_eq!((table.live_rows, table.dead_rows), (5800, 300), "{table:?}");
    assert_eq!(table.rows_modified_since_analyze, Some(200 + 5000 + 100), "{table:?}");
    let inserted = has(place, "pg_stat_user_tables.n_ins_since_vacuum").then_some(5000);
    assert_eq!(table.rows_inserted_since_vacuum, inserted, "{table:?}");
    let moved = has(place, "pg_stat_user_tables.n_tup_newpage_upd").then(|| {
        size("(SELECT n_tup_newpage_upd FROM pg_stat_user_tables WHERE relname = 'sized')")
    });
    assert_eq!(table.rows_updated_to_new_page, moved, "{table:?}");
    let thresholds = (table.vacuum_threshold_rows, table.analyze_threshold_rows);
    let autovacuum = is_on(place, "autovacuum");
    // The server's own limit of it, since version 18, is far above.
    let expected = (autovacuum.then_some(100_007 + 500), autovacuum.then_some(200_000));
    assert_eq!(thresholds, expected, "{table:?}");
    let after = size("pg_total_relation_size('sized')");
    assert_eq!((table.size_begin_bytes, table.size_end_bytes), (Some(before), Some(after)));
    assert!(after > before && table.autovacuums == Some(0), "{table:?}");
    let indexes = found(&seen.database.index_usage, true).unwrap();
    let index = indexes.indexes.iter().find(|it| it.index == "public.sized_pkey").unwrap();
    let definition = "CREATE UNIQUE INDEX sized_pkey ON public.sized USING btree (id)";
    assert_eq!(index.definition.as_deref(), Some(definition));
    assert_eq!((index.primary, index.valid, index.unique), (Some(true), Some(true), true));
    assert_eq!(index.size_bytes, Some(size("pg_relation_size('sized_pkey')")));
}

/// Names go into SQL as they are told; indexes that a constraint, the table's identity or a
/// partitioned table rests on are told from others.
pub fn named_relations(place: &Place) {
    let odd = "\"Odd one\"";
    place.sql(&format!(
        "CREATE TABLE {odd} (id int PRIMARY KEY, \"user\" int NOT NULL, span int4range, \
                             EXCLUDE USING gist (span WITH &&)); \
         CREATE UNIQUE INDEX \"user\" ON {odd} (\"user\"); \
         ALTER TABLE {odd} REPLICA IDENTITY USING INDEX \"user\"; \
         CREATE INDEX \"it's\" ON {odd} (\"user\"); \
         CREATE TABLE whole (id int) PARTITION BY RANGE (id); \
         CREATE TABLE part PARTITION OF whole FOR VALUES FROM (0) TO (9); \
         CREATE INDEX ON whole (id); CREATE INDEX plain ON part (id)"
    ));
    let seen = place.watch(|| {
        place.sql(&format!(
            "INSERT INTO {odd} VALUES (1, 1, '[1,2)'); INSERT INTO whole VALUES (1)"
        ));
    });
    let tables = found(&seen.database.table_stats, true).unwrap();
    let mut names: Vec<&str> = tables.tables.iter().map(|it| it.table.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["public.\"Odd one\"", "public.part"]);
    let indexes = found(&seen.database.index_usage, true).unwrap();
    let required = indexes.indexes.iter().map(|it| (it.index.as_str(), it.required));
    let required: BTreeMap<&str, Option<bool>> = required.collect();
    let expected = [
        ("public.\"Odd one_pkey\"", Some(true)),
        ("public.\"Odd one_span_excl\"", Some(true)),
        ("public.\"it's\"", Some(false)),
        ("public.\"user\"", Some(true)),
        ("public.part_id_idx", Some(true)),
        ("public.plain", Some(false)),
    ];
    assert_eq!(required, expected.into());
    // They are SQL.
    for name in names {
        assert_eq!(place.number(&format!("SELECT count(*)::float8 FROM {name}")), 1.0);
    }
}

/// What is locked against everyone is watched all the same, but for its sizes.
pub fn locked_relations(place: &Place) {
    place.sql("CREATE TABLE held (id int PRIMARY KEY); CREATE TABLE open (id int)");
    let mut owner = place.client();
    let watching = place.watching(std::time::Duration::ZERO, true);
    let seen = watching.during(|| {
        place.sql("INSERT INTO held VALUES (1); INSERT INTO open VALUES (1)");
        owner.batch("BEGIN").unwrap();
        owner.batch("LOCK TABLE held").unwrap();
        // The index as well.
        owner.batch("ALTER INDEX held_pkey SET (fillfactor = 50)").unwrap();
    });
    owner.batch("ROLLBACK").unwrap();
    let tables = found(&seen.database.table_stats, true).unwrap();
    let size = |name: &str| {
        let table = tables.tables.iter().find(|it| it.table == name).unwrap();
        table.size_end_bytes.is_some()
    };
    assert_eq!((size("public.held"), size("public.open")), (false, true), "{tables:?}");
    found(&seen.database.index_usage, true).unwrap();
}
