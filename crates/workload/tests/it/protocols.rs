//! The three protocols do the same things, and say so in the same words.

use crate::database::Database;
use crate::driver::Driver;
use model::catalog::Kind;
use model::failure::ErrorClass;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use workload::postgres::{Answer, BEGIN, COMMIT, FIRST, Protocol, ROLLBACK, Statement, Type};

const ECHO: u16 = FIRST;
const ECHO_ARRAYS: u16 = FIRST + 1;
const INSERT: u16 = FIRST + 2;
const COUNT: u16 = FIRST + 3;
const SERIES: u16 = FIRST + 4;
const KILL_ME: u16 = FIRST + 5;

fn statements() -> Vec<Statement> {
    let select = |name, sql: &str, types| Statement::new(name, Kind::Select, sql, types);
    vec![
        select(
            "echo",
            "SELECT $1::bool, $2::int4, $3::int8, $4::float8, $5::text, $6::jsonb->>'k', \
             $7::timestamp, $8::timestamptz, 'a $1 ''quoted'' parameter', $2::int2 AS \"$3\"",
            &[
                Type::Bool,
                Type::Int4,
                Type::Int8,
                Type::Float8,
                Type::Text,
                Type::Jsonb,
                Type::Timestamp,
                Type::Timestamptz,
            ],
        ),
        select(
            "echo_arrays",
            "SELECT b, i, j, f, t, o->>'k', s FROM unnest($1::bool[], $2::int4[], $3::int8[], \
             $4::float8[], $5::text[], $6::jsonb[], $7::timestamp[]) AS a(b, i, j, f, t, o, s)",
            &[
                Type::BoolArray,
                Type::Int4Array,
                Type::Int8Array,
                Type::Float8Array,
                Type::TextArray,
                Type::JsonbArray,
                Type::TimestampArray,
            ],
        ),
        Statement::new("insert", Kind::Insert, "INSERT INTO unique_ids VALUES ($1)", &[Type::Int4]),
        select("count", "SELECT count(*) FROM unique_ids", &[]),
        select("series", "SELECT n, NULL FROM generate_series(1, $1) AS n", &[Type::Int4]),
        select("kill_me", "SELECT pg_terminate_backend(pg_backend_pid())", &[]),
    ]
}

fn drivers(database: &Database) -> Vec<Driver> {
    database.run("CREATE TABLE unique_ids (id int4 PRIMARY KEY DEFERRABLE)");
    Protocol::ALL.map(|protocol| Driver::open(database, statements(), protocol)).into()
}

/// Values of every type.
#[derive(Clone, Debug)]
struct Values {
    flag: bool,
    small: i16,
    large: i64,
    float: f64,
    text: String,
    at_us: i64,
}

prop_compose! {
    fn values()(
        flag: bool,
        small: i16,
        large: i64,
        float in prop::num::f64::NORMAL | prop::num::f64::ZERO,
        text in "[^\0]{0,12}|(['\"\\\\{},$1]|NULL){0,12}",
        at_us in -60_000_000_000_000_000_i64..200_000_000_000_000_000,
    ) -> Values {
        Values { flag, small, large, float, text, at_us }
    }
}

impl Values {
    fn json(&self) -> String {
        serde_json::json!({ "k": self.text }).to_string()
    }

    fn is_echoed(&self, answer: &Answer) -> bool {
        let row = answer.reply(0).unwrap().row(0).unwrap();
        row.bool(0).unwrap() == self.flag
            && row.int4(1).unwrap() == i32::from(self.small)
            && row.int8(2).unwrap() == self.large
            && row.float8(3).unwrap() == self.float
            && row.text(4).unwrap() == self.text
            && row.text(5).unwrap() == self.text
            && row.timestamp_us(6).unwrap() == self.at_us
            && row.timestamp_us(7).unwrap() == self.at_us
            && row.text(8).unwrap() == "a $1 'quoted' parameter"
            && row.int4(9).unwrap() == i32::from(self.small)
    }

    fn are_echoed(all: &[Values], answer: &Answer) -> bool {
        let reply = answer.reply(0).unwrap();
        reply.rows() == all.len()
            && reply.iter().zip(all).all(|(row, it)| {
                row.bool(0).unwrap() == it.flag
                    && row.int4(1).unwrap() == i32::from(it.small)
                    && row.int8(2).unwrap() == it.large
                    && row.float8(3).unwrap() == it.float
                    && row.text(4).unwrap() == it.text
                    && row.text(5).unwrap() == it.text
                    && row.timestamp_us(6).unwrap() == it.at_us
            })
    }
}

/// NUL can't be stored in JSON either; PostgreSQL says so itself, and that is no round trip.
fn runner() -> TestRunner {
    TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() })
}

#[test]
fn any_values_come_back_as_they_were_sent_in_every_protocol() {
    let database = Database::new("any_values");
    let drivers = std::cell::RefCell::new(drivers(&database));
    let round_trip = |it: Values| {
        for driver in drivers.borrow_mut().iter_mut() {
            driver
                .ask(|request| {
                    request
                        .call(ECHO)
                        .bool(it.flag)
                        .int4(i32::from(it.small))
                        .int8(it.large)
                        .float8(it.float)
                        .text(&it.text)
                        .jsonb(&it.json())
                        .timestamp_us(it.at_us)
                        .timestamptz_us(it.at_us)
                        .end();
                })
                .unwrap();
            prop_assert!(it.is_echoed(&driver.answer), "{:?}", driver.answer);
        }
        Ok(())
    };
    runner().run(&values(), round_trip).unwrap();
}

#[test]
fn any_arrays_come_back_as_they_were_sent_in_every_protocol() {
    let database = Database::new("any_arrays");
    let drivers = std::cell::RefCell::new(drivers(&database));
    let round_trip = |all: Vec<Values>| {
        for driver in drivers.borrow_mut().iter_mut() {
            driver
                .ask(|request| {
                    request
                        .call(ECHO_ARRAYS)
                        .bool_array(all.iter().map(|it| it.flag))
                        .int4_array(all.iter().map(|it| i32::from(it.small)))
                        .int8_array(all.iter().map(|it| it.large))
                        .float8_array(all.iter().map(|it| it.float))
                        .text_array(all.iter().map(|it| &it.text))
                        .jsonb_array(all.iter().map(Values::json))
                        .timestamp_us_array(all.iter().map(|it| it.at_us))
                        .end();
                })
                .unwrap();
            prop_assert!(Values::are_echoed(&all, &driver.answer), "{:?}", driver.answer);
        }
        Ok(())
    };
    runner().run(&prop::collection::vec(values(), 0..6), round_trip).unwrap();
}

#[test]
fn nulls_go_and_come_as_nulls() {
    let database = Database::new("nulls");
    for mut driver in drivers(&database) {
        driver
            .ask(|request| {
                let call = request.call(ECHO).null().null().null().null();
                call.null().null().null().null().end();
            })
            .unwrap();
        let row = driver.answer.reply(0).unwrap().row(0).unwrap();
        assert!((0..8).all(|column| row.is_null(column)) && !row.is_null(8));
        assert!(row.int4(1).is_err() && row.value::<Option<i32>>(1) == Ok(None));
    }
}

#[test]
fn several_calls_of_one_round_trip_are_answered_in_order() {
    let database = Database::new("several_calls");
    for mut driver in drivers(&database) {
        driver
            .ask(|request| {
                request.begin();
                request.call(INSERT).int4(7).end();
                request.call(SERIES).int4(3).end();
                request.call(COUNT).end();
                request.rollback();
            })
            .unwrap();
        let ids = driver.answered.iter().map(|it| (it.statement, it.rows));
        let expected = [(BEGIN, 0), (INSERT, 1), (SERIES, 3), (COUNT, 1), (ROLLBACK, 0)];
        assert_eq!(ids.collect::<Vec<_>>(), expected);
        let reply = |index| driver.answer.reply(index).unwrap();
        assert_eq!(reply(2).iter().map(|row| row.int4(0).unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(reply(3).row(0).unwrap().int8(0), Ok(1));
        assert!(
            reply(1).rows() == 0 && reply(3).row(1).is_none() && driver.answer.reply(5).is_none()
        );
        assert!(!driver.answer.in_transaction());
    }
    assert_eq!(database.number("SELECT count(*) FROM unique_ids"), 0);
}

#[test]
fn after_an_error_the_rest_of_the_round_trip_is_neither_run_nor_reported() {
    let database = Database::new("an_error");
    database.run("CREATE TABLE unique_ids (id int4 PRIMARY KEY)");
    for (id, protocol) in (0..).step_by(10).zip(Protocol::ALL) {
        let mut driver = Driver::open(&database, statements(), protocol);
        driver
            .ask(|request| {
                request.begin();
                request.call(INSERT).int4(id).end();
                request.call(INSERT).int4(id).end();
                request.call(INSERT).int4(id + 1).end();
                request.commit();
            })
            .unwrap();
        assert_eq!(driver.outcome(), [(BEGIN, false), (INSERT, false), (INSERT, true)]);
        assert_eq!(driver.answer.failure().unwrap().class, ErrorClass::Constraint);
        assert_eq!(driver.answer.failure().unwrap().sqlstate_text(), Some("23505"));
        assert!(driver.answer.in_failed_transaction() && driver.answer.reply(2).is_none());
        driver.ask(|request| request.rollback()).unwrap();
        assert!(driver.answer.failure().is_none() && !driver.answer.in_transaction());
        assert_eq!(driver.outcome(), [(ROLLBACK, false)]);
    }
    assert_eq!(database.number("SELECT count(*) FROM unique_ids"), 0);
}

#[test]
fn the_connection_goes_on_after_an_error() {
    let database = Database::new("goes_on");
    for mut driver in drivers(&database) {
        driver.ask(|request| request.call(SERIES).null().end()).unwrap();
        driver.ask(|request| request.call(INSERT).null().end()).unwrap();
        assert_eq!(driver.answer.failure().unwrap().sqlstate_text(), Some("23502"));
        driver.ask(|request| request.call(COUNT).end()).unwrap();
        assert_eq!(driver.outcome(), [(COUNT, false)]);
    }
}

#[test]
fn a_commit_that_rolled_back_is_a_failure() {
    let database = Database::new("undone");
    for mut driver in drivers(&database) {
        driver
            .ask(|request| {
                request.begin();
                request.call(INSERT).null().end();
            })
            .unwrap();
        driver.ask(|request| request.commit()).unwrap();
        assert_eq!(driver.outcome(), [(COMMIT, true)]);
        assert_eq!(driver.answer.failure().unwrap().class, ErrorClass::Unexpected);
    }
}

#[test]
fn an_error_at_the_implicit_commit_fails_the_round_trip_but_no_statement() {
    let database = Database::new("implicit");
    database.run(
        "CREATE TABLE unique_ids (id int4 PRIMARY KEY DEFERRABLE INITIALLY DEFERRED);
         INSERT INTO unique_ids VALUES (1)",
    );
    for protocol in [Protocol::Extended, Protocol::Prepared] {
        let mut driver = Driver::open(&database, statements(), protocol);
        driver.ask(|request| request.call(INSERT).int4(1).end()).unwrap();
        assert_eq!(driver.outcome(), [(INSERT, false)]);
        assert_eq!(driver.answer.failure().unwrap().class, ErrorClass::Constraint);
    }
}

#[test]
fn a_terminated_connection_says_why() {
    let database = Database::new("terminated");
    for mut driver in drivers(&database) {
        let failure = driver.ask(|request| request.call(KILL_ME).end()).unwrap_err();
        assert_eq!(failure.class, ErrorClass::ServerShuttingDown);
        assert_eq!(failure.sqlstate_text(), Some("57P01"));
        assert!(driver.answered.is_empty());
    }
}

#[test]
fn a_call_that_does_not_fit_its_statement_is_refused_before_it_is_sent() {
    let database = Database::new("misfit");
    for mut driver in drivers(&database) {
        for misfit in [
            driver.ask(|request| request.call(INSERT).int8(1).end()),
            driver.ask(|request| request.call(INSERT).end()),
            driver.ask(|request| request.call(999).end()),
            driver.ask(|_| {}),
        ] {
            assert_eq!(misfit.unwrap_err().class, ErrorClass::Unexpected);
        }
        driver.ask(|request| request.call(COUNT).end()).unwrap();
        assert_eq!(driver.outcome(), [(COUNT, false)]);
    }
}

#[test]
fn a_statement_that_can_not_be_prepared_is_named() {
    let database = Database::new("unpreparable");
    let broken = Statement::new("broken", Kind::Select, "SELECT nothing FROM nowhere", &[]);
    let mut all = statements();
    all[2].sql = "SELECT $1::int4".to_owned();
    all[3].sql = "SELECT 1::int8".to_owned();
    all.push(broken);
    let failure = Driver::try_open(&database, all, Protocol::Prepared).err().unwrap();
    assert_eq!(failure.message, "preparing broken: relation \"nowhere\" does not exist");
    assert_eq!(failure.sqlstate_text(), Some("42P01"));
}

#[test]
fn a_wrong_database_is_a_failure_of_the_login() {
    let mut database = Database::new("right_one");
    let mut settings = (*database.settings).clone();
    settings.database = "wrong".into();
    database.settings = settings.into();
    let failure = Driver::try_open(&database, Vec::new(), Protocol::Simple).err().unwrap();
    assert_eq!(failure.sqlstate_text(), Some("3D000"));
}
