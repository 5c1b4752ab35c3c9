//! Tables that a run makes for itself: filled, found again, dropped; nobody else's are touched.

use crate::database::Database;
use model::catalog::Kind;
use workload::own_tables::Fate;
use workload::postgres::Statement;
use workload::{OwnTables, Server, clean_run};

const RUN: &str = "rtn8d0cx12ab";

/// Two tables, the second of which refers to the first.
fn shop(schema: Option<&str>, fate: Fate) -> (OwnTables, Vec<String>) {
    let mut tables = OwnTables::new(RUN, schema, fate);
    let item = tables.add("item", "id int PRIMARY KEY", "SELECT generate_series(1, 10)");
    let order = tables.add("Order", &format!("item int REFERENCES {item}"), "");
    (tables, vec![item, order])
}

fn in_schema(database: &Database) -> Server<'static> {
    Server { schema: Some("Load test".to_owned()), ..database.server() }
}

#[test]
fn tables_are_made_filled_and_dropped_with_the_schema_that_was_made_for_them() {
    let database = Database::new("own_tables");
    let before = database.tables();
    let (server, (mut tables, names)) =
        (in_schema(&database), shop(Some("Load test"), Fate::Dropped));
    let read = Statement::new("read", Kind::Select, format!("SELECT * FROM {}", names[1]), &[]);
    let done = tables.set_up(&server, &[read]).unwrap();
    assert_eq!((done.rows_loaded, &done.created), (10, &names));
    assert!(done.notes[0].starts_with(&format!("made for run {RUN} alone: \"Load test\".item")));
    assert_eq!(names[1], format!("\"Load test\".\"Order_{RUN}\""));
    let cleaned = tables.clean_up(&server).unwrap();
    assert_eq!((cleaned.dropped.len(), cleaned.notes), (3, vec![]));
    assert_eq!(
        (database.tables(), tables.clean_up(&server).unwrap()),
        (before, Default::default())
    );
}

#[test]
fn what_is_kept_is_found_by_the_next_run_of_its_name_and_no_other() {
    let database = Database::new("own_tables_kept");
    let (server, (mut kept, _)) = (database.server(), shop(None, Fate::Kept));
    let missing = shop(None, Fate::Reused).0.set_up(&server, &[]).unwrap_err();
    assert_eq!(missing.to_string(), format!("run {RUN} has left no table item_{RUN}"));
    kept.set_up(&server, &[]).unwrap();
    assert!(kept.clean_up(&server).unwrap().notes[0].contains("were kept"));
    let mut again = shop(None, Fate::Reused).0;
    assert_eq!(again.set_up(&server, &[]).unwrap().rows_loaded, 0);
    assert!(again.clean_up(&server).unwrap().dropped.is_empty());
    assert_eq!(clean_run(&server, "rtn8d0cx12ac").unwrap(), Default::default());
    assert_eq!(clean_run(&server, RUN).unwrap().dropped.len(), 2);
}

#[test]
fn a_set_up_that_fails_leaves_nothing_and_takes_nothing_of_others() {
    let database = Database::new("own_tables_failed");
    database.run(&format!("CREATE TABLE item_{RUN} (mine int)"));
    let (server, before) = (database.server(), database.tables());
    let (mut taken, _) = shop(None, Fate::Dropped);
    assert_eq!(taken.set_up(&server, &[]).unwrap_err().code(), Some("42P07"));
    let mut unfilled = OwnTables::new(RUN, None, Fate::Kept);
    unfilled.add("other", "id int", "SELECT 1 / 0");
    assert_eq!(unfilled.set_up(&server, &[]).unwrap_err().code(), Some("22012"));
    let mut long = OwnTables::new(RUN, None, Fate::Dropped);
    long.add(&"x".repeat(60), "id int", "");
    assert!(long.set_up(&server, &[]).unwrap_err().to_string().contains("more than 63 bytes"));
    for mut tables in [taken, unfilled, long] {
        tables.clean_up(&server).unwrap();
    }
    assert_eq!((database.tables(), clean_run(&server, RUN).unwrap()), (before, Default::default()));
}
