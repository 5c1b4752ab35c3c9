//! Texts with their values written into them, read back as PostgreSQL would.

use super::super::request::Request;
use super::*;

/// The text of one call with one parameter.
fn written(sql: &str, kind: Type, fill: impl FnOnce(&mut Request)) -> String {
    let mut request = Request::default();
    fill(&mut request);
    let mut out = String::new();
    let called = request.calls().next().unwrap();
    Template::new(sql).write(called, &[kind], &mut out).unwrap();
    out
}

fn integer(sql: &str, value: i32) -> String {
    written(sql, Type::Int4, |request| request.call(3).int4(value).end())
}

fn text(sql: &str, value: &str) -> String {
    written(sql, Type::Text, |request| request.call(3).text(value).end())
}

#[test]
fn integers_are_bare_as_pgbench_writes_them() {
    assert_eq!(integer("SET a = a + $1 WHERE b = $1", -5), "SET a = a + -5 WHERE b = -5");
}

#[test]
fn a_minus_sign_never_meets_a_cast_or_another_minus_sign() {
    assert_eq!(integer("SELECT $1::int2, 1-$1", -5), "SELECT (-5)::int2, 1-(-5)");
}

#[test]
fn parameters_are_found_only_where_they_are_parameters() {
    let sql = "SELECT '$1', \"$1\", $tag$ $1 $tag$, $$ $1 $$, /* $1 */ $1 -- $1\n, 'é$1''$1', a$x";
    assert_eq!(integer(sql, 7), sql.replace("*/ $1", "*/ 7"));
}

#[test]
fn quotes_and_backslashes_can_not_end_a_literal() {
    assert_eq!(text("SELECT $1", "it's"), "SELECT 'it''s'");
    assert_eq!(text("SELECT $1", "\\'; DROP"), "SELECT E'\\\\''; DROP'");
    assert_eq!(text("SELECT x LIKE$1", "\\"), "SELECT x LIKE E'\\\\'");
}

#[test]
fn types_that_a_text_does_not_tell_are_said() {
    let json = |request: &mut Request| request.call(3).jsonb("{\"a\": 1}").end();
    assert_eq!(written("SELECT $1", Type::Jsonb, json), "SELECT '{\"a\": 1}'::jsonb");
    let array = |request: &mut Request| request.call(3).text_array(["a", "b\"c"]).end();
    assert_eq!(
        written("SELECT $1", Type::TextArray, array),
        "SELECT E'{\"a\",\"b\\\\\"c\"}'::text[]"
    );
    let null = |request: &mut Request| request.call(3).null().end();
    assert_eq!(written("SELECT $1", Type::TextArray, null), "SELECT NULL::text[]");
    assert_eq!(written("SELECT $1", Type::Int4, null), "SELECT NULL");
}

#[test]
fn a_text_without_end_is_left_to_the_server() {
    for sql in
        ["SELECT 'open $1", "SELECT \"open $1", "/* open $1", "$open$ $1", "-- $1", "$", "é$"]
    {
        assert_eq!(integer(sql, 7), sql);
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_cut_without_a_panic(sql in "\\PC{0,40}|['\"$a1/*\\-é]{0,30}") {
        let template = Template::new(&sql);
        let whole: String = template.parts.iter().map(|(text, index)| format!("{text}${}", index + 1)).collect();
        proptest::prop_assert!(sql.ends_with(&template.end));
        proptest::prop_assert!(whole.len() <= sql.len() + 20);
    }
}
