//! A user's table is used as it is, or refused with every reason.

use crate::database::Database;
use workload::Error;
use workload::schema::{Column, Found, Privilege, Table, inspect, triggers};

const GAMES: Table = Table {
    name: "games",
    columns: &[
        Column::text("id", 36),
        Column::written("players", "int4"),
        Column::written("data", "jsonb"),
        Column::written("at", "timestamptz"),
        Column::written("tags", "text[]"),
        Column::read("version", "int8"),
    ],
    unique: Some(&["id"]),
    privileges: &[Privilege::Select, Privilege::Insert, Privilege::Update],
};

fn inspected(database: &Database, ddl: &str) -> Result<Vec<Found>, Error> {
    database.run(ddl);
    inspect(&mut database.client(), None, &[GAMES])
}

fn faults(database: &Database, ddl: &str) -> String {
    inspected(database, ddl).unwrap_err().to_string()
}

#[test]
fn a_table_that_takes_our_values_by_assignment_fits() {
    let database = Database::new("fits");
    let ddl = "CREATE DOMAIN small AS int2 CHECK (value >= 0); CREATE DOMAIN tiny AS small;
        CREATE TABLE games (id varchar(36), players tiny, data jsonb NOT NULL, at timestamp,
        tags varchar(5)[], version int8 GENERATED ALWAYS AS IDENTITY, own text DEFAULT 'x' NOT NULL,
        free text, len int4 GENERATED ALWAYS AS (1) STORED, UNIQUE (id))";
    assert!(matches!(inspected(&database, ddl).unwrap()[..], [Found::Fits(_)]));
}

#[test]
fn a_missing_table_is_missing_and_not_a_fault() {
    let database = Database::new("missing");
    assert_eq!(inspected(&database, "").unwrap(), [Found::Missing]);
}

#[test]
fn every_column_that_does_not_fit_is_named_at_once() {
    let database = Database::new("misfits");
    let text = faults(
        &database,
        "CREATE TABLE games (id varchar(8), players uuid, data json,
         at timestamptz GENERATED ALWAYS AS (NULL::timestamptz) STORED, version int8,
         own int4 NOT NULL)",
    );
    assert_eq!(
        text,
        "column games.id is character varying(8), we write 36 characters; \
         column games.players is uuid, which does not take our int4; \
         column games.at is always generated, and we write it; \
         table games has no column \"tags\"; \
         column games.own is NOT NULL without a default, and unknown to us; \
         table games has no unique index on (id)"
    );
}

#[test]
fn a_partial_or_wider_unique_index_does_not_make_a_column_unique() {
    let database = Database::new("partial_index");
    let text = faults(
        &database,
        "CREATE TABLE games (id text, players int4, data jsonb, at timestamp, tags text[],
         version int8, UNIQUE (id, players));
         CREATE UNIQUE INDEX ON games (id) WHERE players > 0;
         CREATE UNIQUE INDEX ON games (lower(id));",
    );
    assert_eq!(text, "table games has no unique index on (id)");
}

#[test]
fn a_view_is_not_a_table() {
    let database = Database::new("a_view");
    assert_eq!(faults(&database, "CREATE VIEW games AS SELECT 1 AS id"), "games is not a table");
}

#[test]
fn a_user_who_may_not_write_hears_it_before_any_load() {
    let database = Database::new("not_allowed");
    database.run(
        "CREATE TABLE games (id text UNIQUE, players int4, data jsonb, at timestamp, tags text[],
         version int8); CREATE ROLE reader; GRANT SELECT ON games TO reader",
    );
    let mut client = database.client();
    client.batch("SET ROLE reader").unwrap();
    let text = inspect(&mut client, None, &[GAMES]).unwrap_err().to_string();
    drop(client);
    database.run("DROP OWNED BY reader; DROP ROLE reader");
    let expected = "no permission to INSERT on table games; no permission to UPDATE on table games";
    assert_eq!(text, expected);
}

#[test]
fn triggers_that_our_rows_fire_are_found_and_no_others() {
    let database = Database::new("triggers");
    database.run(
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
        CREATE TABLE games (id text PRIMARY KEY);
        CREATE TABLE \"of\" (id text REFERENCES games);
        CREATE TRIGGER \"My log\" AFTER DELETE ON games FOR EACH ROW EXECUTE FUNCTION nothing();
        CREATE TRIGGER adds BEFORE INSERT ON games EXECUTE FUNCTION nothing();
        CREATE TRIGGER always BEFORE INSERT ON games EXECUTE FUNCTION nothing();
        CREATE TRIGGER empties BEFORE TRUNCATE ON games EXECUTE FUNCTION nothing();
        CREATE TRIGGER is_off BEFORE INSERT ON games EXECUTE FUNCTION nothing();
        CREATE TRIGGER of_replicas BEFORE INSERT ON games EXECUTE FUNCTION nothing();
        ALTER TABLE games DISABLE TRIGGER is_off, ENABLE ALWAYS TRIGGER always,
            ENABLE REPLICA TRIGGER of_replicas",
    );
    let found = |table| {
        let found = triggers(&mut database.client(), None, &[table]).unwrap();
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(found(GAMES), ["\"My log\" on games", "\"adds\" on games", "\"always\" on games"]);
    let read = Table { privileges: &[Privilege::Select], ..GAMES };
    assert_eq!(found(read), [""; 0], "who only reads fires none");
    assert_eq!(found(Table { name: "missing", ..GAMES }), [""; 0]);
    database.run("COMMENT ON TABLE games IS 'made by pgsurge; needed by run r1'");
    assert_eq!(found(GAMES), [""; 0], "a table of ours has none of a user's");
}
