//! Settings.

use super::*;
use model::database_metrics::SettingValue;

fn set(name: &'static str, value: &'static str) -> impl Fn(&mut RunResult) {
    move |result| {
        let server = result.environment.server.as_mut().unwrap();
        server.settings.insert(name.to_owned(), value.to_owned());
    }
}

/// The monitor saw where a setting comes from.
fn from(name: &'static str, source: &'static str) -> impl Fn(&mut RunResult) {
    move |result| {
        let value = SettingValue { source: source.to_owned(), ..SettingValue::default() };
        let settings = db(result).settings.data.as_mut().unwrap();
        settings.values.insert(name.to_owned(), value);
    }
}

#[test]
fn a_setting_is_undone_where_it_was_made() {
    let advice = |source| {
        let change = both(set("log_statement", "all"), from("log_statement", source));
        fires("distorting_settings", change).advice
    };
    let told = [
        ("configuration file", "ALTER SYSTEM RESET log_statement, take it out of"),
        ("command line", "start the server without log_statement on its command line"),
        ("database", "ALTER DATABASE of this run RESET log_statement"),
        ("user", "ALTER ROLE of this run RESET log_statement"),
        ("client", "take log_statement out of the connection's own settings"),
    ];
    for (source, beginning) in told {
        assert!(advice(source).starts_with(beginning), "{source}: {}", advice(source));
    }
    let built = both(set("debug_assertions", "on"), from("debug_assertions", "default"));
    let found = fires("distorting_settings", built);
    assert!(found.advice.contains("was built without it"), "{}", found.advice);
}

fn nothing_read(result: &mut RunResult) {
    result.environment.server.as_mut().unwrap().settings.clear();
}

#[test]
fn a_server_that_risks_its_data_is_told() {
    let found = fires("not_production_like", set("fsync", "off"));
    assert!(found.title.contains("fsync = off") && found.severity == Severity::High);
    let both_off = both(set("fsync", "off"), set("full_page_writes", "off"));
    let advice = fires("not_production_like", both_off).advice;
    assert!(advice.contains("fsync") && advice.contains("full_page_writes"), "{advice}");
    let found = fires("not_production_like", set("synchronous_commit", "off"));
    assert_eq!(found.severity, Severity::Medium);
    quiet("not_production_like", set("synchronous_commit", "local"));
    assert!(unknown("not_production_like", nothing_read).contains("not read"));
}

#[test]
fn a_setting_that_makes_the_test_another_one_is_told_with_its_reset() {
    let found = fires("distorting_settings", set("log_statement", "all"));
    assert!(found.advice.contains("ALTER SYSTEM RESET log_statement"), "{found:#?}");
    let both_set = both(set("log_statement", "all"), set("log_duration", "on"));
    let found = fires("distorting_settings", both_set);
    assert!(found.advice.contains("ALTER SYSTEM RESET log_duration"), "{}", found.advice);
    let found = fires("distorting_settings", set("enable_seqscan", "off"));
    assert!(found.title.contains("enable_seqscan = off"), "{found:#?}");
    quiet("distorting_settings", set("log_statement", "ddl"));
    assert!(unknown("distorting_settings", nothing_read).contains("was read"));
}
