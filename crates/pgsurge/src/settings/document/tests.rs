//! Places are right in both formats, and no text makes a reader panic.

use super::*;
use proptest::prelude::*;

fn json(text: &str) -> Result<Node, Malformed> {
    parse(Path::new("a.json"), text)
}

fn toml(text: &str) -> Result<Node, Malformed> {
    parse(Path::new("a.toml"), text)
}

/// The value at a path of keys, and its place.
fn at<'a>(node: &'a Node, path: &[&str]) -> (&'a Data, usize, usize) {
    path.iter()
        .try_fold(node, |node, key| match &node.data {
            Data::Table(all) => all.iter().find(|it| it.key == *key).map(|it| &it.value),
            _ => None,
        })
        .map(|it| (&it.data, it.place.line, it.place.column))
        .unwrap()
}

#[test]
fn json_values_know_their_line_and_column() {
    let tree = json("{\n  \"a\": {\"é\": 1e999,\n \"c\": [null, \"x\\ny\"]}}").unwrap();
    assert_eq!(at(&tree, &["a", "é"]), (&Data::Number("1e999".into()), 2, 14));
    let (list, line, column) = at(&tree, &["a", "c"]);
    assert_eq!((line, column), (3, 7));
    let Data::List(items) = list else { panic!("{list:?}") };
    assert_eq!(items[1].data, Data::Text("x\ny".into()));
}

#[test]
fn toml_values_know_their_line_and_column() {
    let tree = toml("x = 0x10\n[a]\nb = nan\n  c = [1, 'y']\n").unwrap();
    assert_eq!(at(&tree, &["x"]), (&Data::Number("16".into()), 1, 5));
    assert_eq!(at(&tree, &["a", "b"]), (&Data::Number("nan".into()), 3, 5));
    let (list, line, column) = at(&tree, &["a", "c"]);
    assert_eq!((line, column, list.shown(false)), (4, 7, "[1, \"y\"]".to_owned()));
}

#[test]
fn a_key_given_twice_in_json_is_seen_twice() {
    let Data::Table(entries) = json("{\"a\": 1, \"a\": 2}").unwrap().data else { panic!() };
    assert_eq!(entries.len(), 2);
}

#[test]
fn what_is_malformed_is_said_with_its_place() {
    let cases = [
        (json("{\"a\": }"), 1, "not valid JSON: expected value"),
        (json("{\n\"a\": NaN}"), 2, "not valid JSON: expected value"),
        (json(""), 1, "not valid JSON: EOF while parsing a value"),
        (json("{} {}"), 1, "not valid JSON: trailing characters"),
        (toml("a = 1\na = 2"), 2, "not valid TOML: duplicate key"),
        (toml("\n\na = "), 3, "not valid TOML: "),
    ];
    for (result, line, words) in cases {
        let fault = result.unwrap_err();
        assert!(fault.message.starts_with(words), "{fault:?}");
        assert_eq!(fault.place.unwrap().line, line, "{fault:?}");
    }
}

#[test]
fn nesting_without_end_is_a_fault_and_not_a_crash() {
    let deep = "[".repeat(100_000);
    assert!(json(&deep).is_err());
    let closed = format!("{}{}", "[".repeat(100), "]".repeat(100));
    assert!(json(&closed).unwrap_err().message.contains("nested more than 16 deep"));
    assert!(toml(&format!("a = {deep}")).is_err());
}

#[test]
fn a_byte_order_mark_is_no_fault() {
    assert!(json("\u{feff}{}").is_ok());
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(text in "[\\[\\]{}\",:0-9a-z.= \n\\\\é-]{0,64}") {
        let _ = json(&text);
        let _ = toml(&text);
    }
}
