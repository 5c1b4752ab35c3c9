//! The published schema against real documents, and the page that explains it against the schema.

use crate::{busiest, fixture, watched};
use model::run_result::RunResult;
use model::series::{Header, SeriesEncoder};
use report::json;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const SCHEMA: &str = include_str!("../../../../docs/result.schema.json");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/result.md");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).expect("the schema is JSON")
}

/// `result` as it is saved, with the series of half a minute.
fn saved(result: &RunResult) -> Value {
    let mut encoder = SeriesEncoder::new(6.0);
    let mut lines = encoder.header(Header::default(), &fixture::catalog());
    for second in 0..30 {
        let mut interval = fixture::interval(second, 6.0);
        interval.failures = fixture::failures();
        lines.push_str(&encoder.interval(&interval));
        let watched = watched::lines(second, 6.0);
        watched.iter().for_each(|line| lines.push_str(&line.encode()));
    }
    busiest::lines().iter().for_each(|line| lines.push_str(&line.encode()));
    let mut bytes = Vec::new();
    json::write(result, Some(&lines.into_bytes()), &mut bytes).expect("memory takes every byte");
    serde_json::from_slice(&bytes).expect("what was written is JSON")
}

pub fn complaints(schema: &Value, document: &Value) -> Vec<String> {
    let validator = jsonschema::draft202012::new(schema).expect("the schema is one");
    let told = |error: jsonschema::ValidationError<'_>| {
        format!("{}: {error}", error.instance_path()).chars().take(300).collect()
    };
    validator.iter_errors(document).map(told).collect()
}

/// The same schema without room for a field that it does not describe.
pub fn closed(mut schema: Value) -> Value {
    fn close(node: &mut Value) {
        match node {
            Value::Object(fields) => {
                let open = fields.contains_key("properties")
                    && !fields.contains_key("additionalProperties");
                fields.values_mut().for_each(close);
                if open {
                    fields.insert("additionalProperties".to_owned(), false.into());
                }
            }
            Value::Array(items) => items.iter_mut().for_each(close),
            _ => {}
        }
    }
    close(&mut schema);
    schema
}

#[test]
fn every_document_that_we_write_holds_to_the_schema() {
    let empty = RunResult { schema_version: 1, ..RunResult::default() };
    for result in [fixture::result(), fixture::bad_day(), empty] {
        assert_eq!(complaints(&schema(), &saved(&result)), Vec::<String>::new());
    }
}

#[test]
fn every_field_that_we_write_is_described() {
    for result in [fixture::result(), fixture::bad_day()] {
        assert_eq!(complaints(&closed(schema()), &saved(&result)), Vec::<String>::new());
    }
}

#[test]
fn the_schema_refuses_what_is_no_result() {
    let mut wrong = vec![json!({}), json!([]), json!({"schema_version": 1})];
    let changes: [(&str, Value); 4] = [
        ("/schema_version", json!(2)),
        ("/load_metrics/all_actions/succeeded", json!(-1)),
        ("/load_metrics/actions/look/response_time_ms/p99", json!("fast")),
        ("/verdict/outcome", json!("fine")),
    ];
    for (place, value) in changes {
        let mut document = saved(&fixture::result());
        *document.pointer_mut(place).expect(place) = value;
        wrong.push(document);
    }
    for document in wrong {
        assert_ne!(complaints(&schema(), &document), Vec::<String>::new());
    }
}

#[test]
fn an_older_reader_accepts_what_a_newer_program_adds() {
    let mut document = saved(&fixture::result());
    document["new_section"] = json!({"a": 1});
    document["load_metrics"]["all_actions"]["new_count"] = json!(3);
    assert_eq!(complaints(&schema(), &document), Vec::<String>::new());
    let read = json::read(document.to_string().as_bytes()).unwrap();
    assert_eq!(read.load_metrics, fixture::result().load_metrics);
}

#[test]
fn every_limit_of_the_settings_file_has_a_place_in_the_schema() {
    for key in model::threshold::KEYS {
        let mut node = schema();
        for name in key.metric.split('.') {
            if let Some(reference) = node["$ref"].as_str() {
                node = schema().pointer(&reference[1..]).expect(reference).clone();
            }
            node = node["properties"][name].clone();
            assert!(node.is_object(), "{}: nothing at {name}", key.metric);
        }
    }
}

/// The page, made from the schema.
fn page() -> String {
    page_of(
        &schema(),
        "# The result file\n\n\
         A run is saved as one JSON document. [result.schema.json](result.schema.json) is its JSON \
         Schema, and this page is made from it (`UPDATE_DOCS=1 cargo test -p pgsurge-report`). \
         A `?` marks a field that may be absent.\n\n",
    )
}

/// The page of a schema, after its introduction.
pub fn page_of(schema: &Value, introduction: &str) -> String {
    let mut out = String::from(introduction);
    let _ok = writeln!(out, "{}\n", schema["description"].as_str().unwrap_or_default());
    out.push_str("## The document\n\n| field | type | meaning |\n| --- | --- | --- |\n");
    rows(&mut out, schema, "", &schema["required"]);
    for (name, definition) in sorted(&schema["$defs"]) {
        let meaning = definition["description"].as_str().unwrap_or_default();
        let _ok = write!(out, "\n## {name}\n\n{meaning}\n\n");
        out.push_str("| field | type | meaning |\n| --- | --- | --- |\n");
        rows(&mut out, definition, "", &definition["required"]);
    }
    out
}

/// By name, whatever order the JSON library keeps.
fn sorted(node: &Value) -> BTreeMap<&String, &Value> {
    node.as_object().into_iter().flatten().collect()
}

/// One row per field, those of inner objects below their own.
fn rows(out: &mut String, node: &Value, prefix: &str, required: &Value) {
    for (name, field) in sorted(&node["properties"]) {
        let must = required.as_array().is_some_and(|all| all.contains(&json!(name)));
        let path = format!("{prefix}{name}");
        let meaning = field["description"].as_str().unwrap_or_default();
        let optional = if must { "" } else { "?" };
        let _ok = writeln!(out, "| `{path}`{optional} | {} | {meaning} |", kind(field));
        rows(out, field, &format!("{path}."), &field["required"]);
        rows(out, &field["items"], &format!("{path}[]."), &field["items"]["required"]);
        let by_name = &field["additionalProperties"];
        rows(out, by_name, &format!("{path}.NAME."), &by_name["required"]);
    }
}

fn kind(field: &Value) -> String {
    let link = |node: &Value| {
        let name = node["$ref"].as_str().and_then(|text| text.strip_prefix("#/$defs/"))?;
        Some(format!("[{name}](#{name})"))
    };
    if let Some(values) = field["enum"].as_array() {
        let values: Vec<_> = values.iter().filter_map(Value::as_str).collect();
        return values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" ");
    }
    if let Some(link) = link(field) {
        return link;
    }
    let inner = link(&field["items"]).or_else(|| link(&field["additionalProperties"]));
    let name = match &field["type"] {
        Value::Array(types) => {
            types.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        other => other.as_str().unwrap_or("any").to_owned(),
    };
    match inner {
        Some(inner) => format!("{name} of {inner}"),
        None => name,
    }
}

#[test]
fn the_page_says_what_the_schema_says() {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, page()).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(written == page(), "docs/result.md is stale: run the tests with UPDATE_DOCS=1");
}
