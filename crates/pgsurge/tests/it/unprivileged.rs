//! A run by a user who may not look at others: it works, and the report says what it did not see and
//! which statement shows it.

use crate::database::Database;
use crate::running::{Ended, Load};

/// A quoted name, so that the statement has to quote it too.
const USER: &str = "plain-user";

/// A short watched run, and its Markdown.
fn run(url: &str) -> (Ended, String) {
    let load = Load::hokm(url).watched().args("--format json,md --connections 2 --duration 2s");
    let ended = load.args("--warm-up 0 --qps-target 100").run();
    let markdown = std::fs::read_to_string(ended.path("result.md")).unwrap();
    (ended, markdown)
}

/// What the report says was not seen.
fn unseen(markdown: &str) -> &str {
    let after = markdown.split_once("\n## What was not seen\n").unwrap_or_default().1;
    after.split_once("\n## ").unwrap_or_default().0
}

#[track_caller]
fn no_error(ended: &Ended, markdown: &str) {
    assert!(!markdown.contains("\n## Errors\n"), "{markdown}");
    assert!(!ended.err.contains("error: "), "{}", ended.err);
    let cost = ended.result().database_metrics.unwrap().monitor.data.unwrap();
    assert_eq!(cost.statements_failed, 0, "{cost:?}\n{markdown}");
}

#[test]
fn a_plain_user_is_told_what_is_hidden_and_the_grant_that_shows_it() {
    let database = Database::new("unprivileged");
    database.psql("CREATE EXTENSION pg_stat_statements");
    let url = database.url_of_plain_user(USER);
    let _of_another_user = database.client();
    let (ended, markdown) = run(&url);
    no_error(&ended, &markdown);
    let grant = format!("GRANT pg_monitor TO \"{USER}\"");
    let told = unseen(&markdown);
    for line in ["- sessions (in part), waits (in part)", "- statements (in part)"] {
        let line = told.lines().find(|it| it.starts_with(line)).unwrap_or_default();
        assert!(line.contains(&format!(": {grant} shows ")), "{told}");
    }
    assert!(ended.out.contains(&format!("not seen   {grant} shows ")), "{}", ended.out);
    // It is the whole statement, and it helps.
    database.psql(&grant);
    let (ended, markdown) = run(&url);
    no_error(&ended, &markdown);
    assert!(!unseen(&markdown).contains("GRANT"), "{}", unseen(&markdown));
}
