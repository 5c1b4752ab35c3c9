//! `--clean RUN`: what a killed run left goes by its name, and nothing else.

use crate::database::Database;
use crate::existing_tables::game;
use crate::faults::document::{self, Chapter};
use crate::running::{Ended, Load, Running, lines, until};
use model::series::Line;
use nix::sys::signal::Signal;

/// Kills a run in the middle of its load; the name that its record gives it.
fn killed(database: &Database, mut running: Running) -> String {
    running.wait_for_second(2);
    running.signal(Signal::SIGKILL);
    let ended = running.wait();
    let lines = lines(&ended.path("result.json.partial"));
    let Some(Line::Header(header)) = lines.first() else { panic!("no header: {lines:?}") };
    // What it had sent may still be carried out.
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                  AND application_name = 'pgsurge'";
    until("the killed run's sessions to end", || database.psql(others) == "0");
    header.plan["data"]["run"].as_str().expect("the run's name").to_owned()
}

fn load(database: &Database, arguments: &str) -> Running {
    let load = Load::hokm(&database.url()).args("--connections 4 --rate 100 --warm-up 0");
    load.args("--duration 10m").args(arguments).start()
}

fn clean(database: &Database, arguments: &str) -> Ended {
    Load::cleaning(&database.url()).args(arguments).run()
}

#[test]
fn a_killed_runs_rows_go_from_tables_of_the_users_own_and_nothing_else() {
    let database = game("clean_theirs");
    let before = database.contents();
    let run = killed(&database, load(&database, ""));
    assert_ne!(database.contents(), before);
    let ended = clean(&database, &format!("--clean {run}"));
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.out.starts_with(&format!("run {run}: ")), "{}", ended.out);
    let rest = ended.out.trim_end().split_once(" rows").unwrap().1;
    let sees = [format!("run …: … rows{rest}")];
    let says = ["no result: `pgsurge report` renders the record".to_owned()];
    document::told(Chapter::Here, "a killed run's rows, with --clean (SIGKILL)", &sees, &says);
    assert!(ended.out.contains("rows removed from tables that stay"), "{}", ended.out);
    assert!(!ended.out.contains("dropped"), "{}", ended.out);
    assert_eq!(database.contents(), before);
    let again = clean(&database, &format!("--clean {run}"));
    assert_eq!(again.code, Some(0), "{}", again.err);
    assert!(again.out.starts_with(&format!("nothing of run {run} was found")), "{}", again.out);
}

#[test]
fn tables_that_a_killed_run_made_go_with_its_rows() {
    let database = Database::new("clean_made");
    let run = killed(&database, load(&database, ""));
    let ended = clean(&database, &format!("--clean {run}"));
    assert_eq!(ended.out.matches("dropped: ").count(), 5, "{}", ended.out);
    assert_eq!(database.contents().trim(), "");
}

#[test]
fn pgbenchs_tables_and_the_schema_of_a_killed_run_go_too() {
    let database = Database::new("clean_pgbench");
    let run = killed(&database, load(&database, "--workload tpcb-like --schema a.b"));
    let ended = clean(&database, &format!("--clean {run} --schema a.b"));
    assert_eq!(ended.out.matches("dropped: ").count(), 5, "{}", ended.out);
    assert!(ended.out.contains("dropped: schema \"a.b\""), "{}", ended.out);
    let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 'a.b'";
    assert_eq!(database.psql(schemas), "0");
}

#[test]
fn another_runs_rows_stay_when_one_is_cleaned_up() {
    let database = Database::new("clean_one_of_two");
    let first = killed(&database, load(&database, ""));
    let second = killed(&database, load(&database, ""));
    let ended = clean(&database, &format!("--clean {first}"));
    assert!(ended.out.contains(&format!("games stays: run {second} needs it")), "{}", ended.out);
    let of = |run: &str| {
        database.psql(&format!("SELECT count(*) FROM games WHERE starts_with(game_id, '{run}-')"))
    };
    assert_eq!(of(&first), "0");
    assert_ne!(of(&second), "0");
    clean(&database, &format!("--clean {second}"));
    assert_eq!(database.contents().trim(), "");
}

#[test]
fn a_name_that_no_run_has_is_refused_with_all_other_slips() {
    let database = game("clean_refused");
    let before = database.contents();
    for name in ["r", "r%", "mine", "%", "rtn8d0cx12a_"] {
        let ended = clean(&database, &format!("--clean {name} --rate 5"));
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{}", ended.err);
        assert!(ended.err.contains("expected the name of a run"), "{}", ended.err);
        assert!(ended.err.contains("--rate: has no effect with --clean"), "{}", ended.err);
    }
    assert_eq!(database.contents(), before);
}

#[test]
fn there_is_nothing_to_clean_up_without_a_server() {
    let ended = Load::cleaning("").args("--clean rtn8d0cx12ab").run();
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("name a server"), "{}", ended.err);
}
