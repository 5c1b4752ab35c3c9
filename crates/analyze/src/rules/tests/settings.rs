//! Settings.

use super::*;
fn set(name: &'static str, value: &'static str) -> impl Fn(&mut RunResult) {
    move |result| {
        let server = result.environment.server.as_mut().unwrap();
        server.settings.insert(name.to_owned(), value.to_owned());
    }
}

fn nothing_read(result: &mut RunResult) {
    result.environment.server.as_mut().unwrap().settings.clear();
}

#[test]
fn a_server_that_risks_its_data_is_told() {
    let found = fires("not_production_like", set("fsync", "off"));
    assert!(found.title.contains("fsync = off") && found.severity == Severity::High);
    let found = fires("not_production_like", set("synchronous_commit", "off"));
    assert_eq!(found.severity, Severity::Medium);
    quiet("not_production_like", set("synchronous_commit", "local"));
    assert!(unknown("not_production_like", nothing_read).contains("not read"));
}

#[test]
fn a_setting_that_makes_the_test_another_one_is_told_with_its_reset() {
    let found = fires("distorting_settings", set("log_statement", "all"));
    assert!(found.advice.contains("ALTER SYSTEM RESET log_statement"), "{found:#?}");
    let found = fires("distorting_settings", set("enable_seqscan", "off"));
    assert!(found.title.contains("enable_seqscan = off"), "{found:#?}");
    quiet("distorting_settings", set("log_statement", "ddl"));
    assert!(unknown("distorting_settings", nothing_read).contains("was read"));
}
