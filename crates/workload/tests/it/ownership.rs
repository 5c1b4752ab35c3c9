//! What runs create: shared while several need it, dropped by the last, and never anybody else's.

use crate::database::Database;
use std::time::{Duration, Instant};
use workload::identifier::{qualified, quote};
use workload::schema::{Claim, How, Mark, NewTable, Owned, Release, release};
use workload::{CleanUp, Error, Server};

fn new_table(name: &str) -> NewTable {
    NewTable { name: name.into(), sql: format!("CREATE TABLE {name} (id int4)") }
}

/// `run` creates tables.
fn make(database: &Database, run: &str, names: &[&str]) -> Result<Vec<String>, Error> {
    let mut client = database.client();
    let tables: Vec<NewTable> = names.iter().map(|name| new_table(name)).collect();
    let mut claim = Claim::begin(&mut client, run)?;
    let created = claim.create(&tables, &Mark::of(run))?;
    claim.commit().map(|()| created)
}

/// `run` needs a table that is there.
fn join(database: &Database, run: &str, name: &str) -> Option<Mark> {
    let mut client = database.client();
    let mut claim = Claim::begin(&mut client, run).unwrap();
    let mark = claim.join(Owned::Table(name)).unwrap();
    claim.commit().unwrap();
    mark
}

/// `run` needs a table no longer.
fn leave(database: &Database, run: &str, name: &str) -> Release {
    let others = format!("SELECT FROM {name} LIMIT 1");
    let how = How { run, others: Some(&others), leave: true };
    let server = database.server();
    let counted = &mut CleanUp::default();
    release(&server, &mut database.client(), &[Owned::Table(name)], (how, counted)).unwrap()
}

fn stays(why: &str) -> Release {
    Release::Stays(why.to_owned())
}

fn dropped(name: &str) -> Release {
    Release::Dropped(vec![name.to_owned()])
}

#[test]
fn tables_are_created_together_or_not_at_all() {
    let database = Database::new("together");
    database.run("CREATE TABLE second (id int4)");
    let error = make(&database, "r1", &["first", "second"]).unwrap_err();
    let expected = "creating table second: relation \"second\" already exists (42P07)";
    assert_eq!(error.to_string(), expected);
    assert_eq!(database.tables(), "second 0");
}

#[test]
fn the_last_run_that_needs_a_table_drops_it() {
    let database = Database::new("last_drops");
    make(&database, "r1", &["ours"]).unwrap();
    assert_eq!(join(&database, "r2", "ours").unwrap().others("r2"), ["r1"]);
    assert_eq!(leave(&database, "r1", "ours"), stays("run r2 needs it"));
    assert_eq!(leave(&database, "r1", "ours"), Release::Untouched);
    assert_eq!(leave(&database, "r2", "ours"), dropped("ours"));
    assert_eq!(database.tables(), "");
}

#[test]
fn a_table_of_the_users_own_or_made_anew_is_never_dropped() {
    let database = Database::new("very_tables");
    make(&database, "r1", &["ours"]).unwrap();
    database.run("DROP TABLE ours; CREATE TABLE ours (id int4); CREATE TABLE theirs (id int4)");
    assert_eq!(join(&database, "r1", "theirs"), None);
    for name in ["ours", "theirs", "missing"] {
        assert_eq!(leave(&database, "r1", name), Release::Untouched);
    }
    assert_eq!(database.tables(), "ours 0, theirs 0");
}

#[test]
fn what_holds_rows_of_others_or_has_a_view_stays() {
    let database = Database::new("others_rows");
    make(&database, "r1", &["filled", "viewed"]).unwrap();
    database.run("INSERT INTO filled VALUES (1); CREATE VIEW theirs AS SELECT * FROM viewed");
    assert_eq!(leave(&database, "r1", "filled"), stays("it has rows of others"));
    assert_eq!(leave(&database, "r1", "viewed"), stays("something else depends on it"));
    assert_eq!(database.tables(), "filled 1, viewed 0");
}

#[test]
fn a_table_that_somebody_has_locked_is_dropped_when_it_is_free() {
    let database = Database::new("locked_table");
    make(&database, "r1", &["ours"]).unwrap();
    let mut other = database.client();
    other.batch("BEGIN; SELECT * FROM ours").unwrap();
    std::thread::scope(|scope| {
        let dropping = scope.spawn(|| leave(&database, "r1", "ours"));
        // Past the time of one try.
        std::thread::sleep(Duration::from_millis(2_500));
        other.batch("COMMIT").unwrap();
        assert_eq!(dropping.join().unwrap(), dropped("ours"));
    });
}

#[test]
fn patience_with_a_locked_table_ends() {
    let database = Database::new("locked_for_ever");
    make(&database, "r1", &["ours"]).unwrap();
    let mut other = database.client();
    other.batch("BEGIN; SELECT * FROM ours").unwrap();
    let how = How { run: "r1", others: None, leave: true };
    let server = Server { patience: Some(Duration::from_secs(1)), ..database.server() };
    let (began, things) = (Instant::now(), [Owned::Table("ours")]);
    let error = release(&server, &mut database.client(), &things, (how, &mut CleanUp::default()))
        .unwrap_err();
    assert_eq!(error.code(), Some("55P03"));
    assert!(began.elapsed() < Duration::from_secs(20));
    other.batch("ROLLBACK").unwrap();
    assert_eq!(leave(&database, "r1", "ours"), dropped("ours"));
}

#[test]
fn a_schema_is_made_with_its_odd_name_and_goes_when_it_is_empty() {
    let (database, name) = (Database::new("odd_schema"), "My \"odd\" schema");
    let mut client = database.client();
    let mut claim = Claim::begin(&mut client, "r1").unwrap();
    assert!(claim.schema(name).unwrap() && !claim.schema(name).unwrap());
    let table = qualified(Some(name), "games");
    claim.create(&[new_table(&table)], &Mark::of("r1")).unwrap();
    claim.commit().unwrap();
    let let_go = |things: &[Owned<'_>]| {
        let how = How { run: "r1", others: None, leave: false };
        let counted = &mut CleanUp::default();
        release(&database.server(), &mut database.client(), things, (how, counted)).unwrap()
    };
    assert_eq!(let_go(&[Owned::Schema(name)]), stays("something else depends on it"));
    assert_eq!(let_go(&[Owned::Table(&table)]), dropped(&table));
    assert_eq!(let_go(&[Owned::Schema(name)]), dropped(&quote(name)));
}

#[test]
fn another_roles_table_is_not_shared_and_not_dropped() {
    let database = Database::new("other_role");
    make(&database, "r1", &["ours"]).unwrap();
    database.run("CREATE ROLE guest");
    let mut client = database.client();
    client.batch("SET ROLE guest").unwrap();
    let seen = Owned::Table("ours").look_up(&mut client).unwrap().unwrap();
    drop(client);
    database.run("DROP ROLE guest");
    assert_eq!(seen.mark, None);
}
