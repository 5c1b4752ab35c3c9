//! Simple and extended queries, values of every type we use, notices and parameters.

use wire::blocking::Param;
use wire::value::{Array, Jsonb, TimestampUs};

use crate::server::{connect, shared};

#[test]
fn a_simple_query_answers_each_of_its_statements_in_text() {
    let server = shared();
    let answers =
        connect(&server).simple_query("select 1 as one, null; select 'a' union select 'b'");
    let answers = answers.unwrap();
    assert_eq!(answers[0].rows[0].named::<i32>("one"), Ok(1));
    assert_eq!(answers[0].rows[0].value::<Option<&str>>(1), Ok(None));
    assert_eq!((answers[1].affected, answers[1].tag.as_str()), (2, "SELECT 2"));
}

#[test]
fn every_parameter_type_comes_back_as_it_was_sent() {
    let server = shared();
    let params = [
        Param::Bool(true),
        Param::Int2(-2),
        Param::Int4(i32::MIN),
        Param::Int8(i64::MAX),
        Param::Float8(0.1),
        Param::Text("hokm ♠"),
        Param::Jsonb(r#"{"a": 1}"#),
        Param::TimestampUs(1_700_000_000_123_456),
        Param::TimestamptzUs(-1),
        Param::Bytea(b"\0\xff"),
        Param::Null,
    ];
    let sql = "select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::int4";
    let row = connect(&server).query_one(sql, &params).unwrap();
    assert_eq!(row.value(0), Ok(true));
    assert_eq!(row.value(1), Ok(-2i16));
    assert_eq!(row.value(2), Ok(i32::MIN));
    assert_eq!(row.value(3), Ok(i64::MAX));
    assert_eq!(row.value(4), Ok(0.1));
    assert_eq!(row.value(5), Ok("hokm ♠"));
    assert_eq!(row.value(6), Ok(Jsonb(r#"{"a": 1}"#)));
    assert_eq!(row.value(7), Ok(TimestampUs(1_700_000_000_123_456)));
    assert_eq!(row.value(8), Ok(TimestampUs(-1)));
    assert_eq!(row.value(9), Ok(&b"\0\xff"[..]));
    assert_eq!(row.value::<Option<i32>>(10), Ok(None));
}

#[test]
fn a_kept_statement_runs_with_new_parameters_until_another_takes_its_name() {
    let mut client = connect(&shared());
    let number = |rows: Vec<wire::blocking::OwnedRow>| rows[0].value::<i32>(0).unwrap();
    let first = client.prepare_and_run("kept", "select $1 + 1", &[Param::Int4(1)]).unwrap();
    let again = client.run_prepared("kept", &[Param::Int4(2)]).unwrap();
    let other = client.prepare_and_run("kept", "select 7", &[]).unwrap();
    assert_eq!((number(first), number(again), number(other)), (2, 3, 7));
    assert_eq!(number(client.run_prepared("kept", &[]).unwrap()), 7);
    client.forget_prepared("kept").unwrap();
    assert_eq!(client.run_prepared("kept", &[]).unwrap_err().code(), Some("26000"));
}

#[test]
fn timestamps_mean_the_same_moment_to_the_server() {
    let server = shared();
    let sql = "select to_char($1 at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')";
    let row = connect(&server).query_one(sql, &[Param::TimestamptzUs(1_000_001)]).unwrap();
    assert_eq!(row.value(0), Ok("1970-01-01 00:00:01.000001"));
}

#[test]
fn arrays_come_back_as_they_were_sent_even_empty() {
    let server = shared();
    let params = [
        Param::Int4Array(&[1, -1]),
        Param::TextArray(&["a,\"b\"", ""]),
        Param::JsonbArray(&["[1]"]),
        Param::Int8Array(&[]),
    ];
    let row = connect(&server).query_one("select $1, $2, $3, $4", &params).unwrap();
    let at = |index| row.value::<Array<'_>>(index).unwrap();
    let ints: Result<Vec<i32>, _> = at(0).elements().collect();
    let texts: Result<Vec<&str>, _> = at(1).elements().collect();
    let documents: Result<Vec<Jsonb<'_>>, _> = at(2).elements().collect();
    assert_eq!(ints, Ok(vec![1, -1]));
    assert_eq!(texts, Ok(vec!["a,\"b\"", ""]));
    assert_eq!(documents, Ok(vec![Jsonb("[1]")]));
    assert_eq!(at(3).len(), 0);
}

#[test]
fn changed_rows_are_counted() {
    let server = shared();
    let mut client = connect(&server);
    client.batch("create temp table t (a int)").unwrap();
    let sql = "insert into t select * from generate_series(1, $1)";
    assert_eq!(client.execute(sql, &[Param::Int4(7)]).unwrap(), 7);
    assert_eq!(client.execute("delete from t where a > $1", &[Param::Int4(5)]).unwrap(), 2);
}

#[test]
fn a_failed_statement_tells_code_and_hint_and_the_client_goes_on() {
    let server = shared();
    let mut client = connect(&server);
    let error = client.query("select nosuch($1)", &[Param::Int4(1)]).unwrap_err();
    assert_eq!(error.code(), Some("42883"));
    assert_eq!(error.to_string(), "function nosuch(integer) does not exist (42883)");
    assert!(error.hint().unwrap().starts_with("No function matches"));
    assert_eq!(client.query_one("select 1", &[]).unwrap().value(0), Ok(1));
}

#[test]
fn a_missing_or_further_row_is_an_error_for_one_row() {
    let server = shared();
    let mut client = connect(&server);
    let none = client.query_one("select 1 where false", &[]).unwrap_err();
    let two = client.query_one("values (1), (2)", &[]).unwrap_err();
    assert_eq!(none.to_string(), "a statement returned 0 rows instead of one");
    assert_eq!(two.to_string(), "a statement returned 2 rows instead of one");
}

#[test]
fn notices_in_the_middle_of_rows_are_kept() {
    let server = shared();
    let mut client = connect(&server);
    let define = "create function pg_temp.loud(n int) returns int language plpgsql as \
                  $$ begin raise notice 'saw %', n; return n; end $$";
    client.batch(define).unwrap();
    let rows = client.query("select pg_temp.loud(n) from generate_series(1, 3) n", &[]).unwrap();
    let notices = client.take_notices();
    assert_eq!((rows.len(), notices.len()), (3, 3));
    assert_eq!((notices[2].severity.as_str(), notices[2].message.as_str()), ("NOTICE", "saw 3"));
}

#[test]
fn parameters_follow_the_session() {
    let server = shared();
    let mut client = connect(&server);
    assert!(client.parameter("server_version").is_some());
    client.batch("set application_name = 'renamed'").unwrap();
    assert_eq!(client.parameter("application_name"), Some("renamed"));
    assert_eq!(client.parameter("timezone"), client.parameter("TimeZone"));
}

#[test]
fn settings_of_the_session_arrive() {
    let server = shared();
    let mut settings = crate::server::settings(&server);
    settings.application_name = Some("surge".to_owned());
    settings.options = Some("-c statement_timeout=1234".to_owned());
    settings.runtime_parameters = vec![("lock_timeout".to_owned(), "77ms".to_owned())];
    let mut client =
        wire::blocking::Client::connect(&settings, None, crate::server::soon()).unwrap();
    let sql = "select current_setting('application_name') || ' ' || \
               current_setting('statement_timeout') || ' ' || current_setting('lock_timeout')";
    let row = client.query_one(sql, &[]).unwrap();
    assert_eq!(row.value(0), Ok("surge 1234ms 77ms"));
}
