//! Whole runs on a server of known capacity: sessions that sleep can do so many actions, no more.

use crate::database::Database;
use crate::existing_tables::PGBENCH;
use crate::running::{Ended, Load};

const CONNECTIONS: f64 = 20.0;
const SLEEP_S: f64 = 0.05;
const CAPACITY_PER_S: f64 = CONNECTIONS / SLEEP_S;

/// A role for which each row that it reads takes a sleep.
fn sleepy(database: &Database) -> String {
    database.psql(PGBENCH);
    database.psql(&format!(
        "CREATE ROLE sleepy LOGIN;
         GRANT SELECT ON ALL TABLES IN SCHEMA public TO sleepy;
         CREATE FUNCTION slept() RETURNS boolean LANGUAGE plpgsql AS
             $$ BEGIN PERFORM pg_sleep({SLEEP_S}); RETURN true; END $$;
         ALTER TABLE pgbench_accounts ENABLE ROW LEVEL SECURITY;
         CREATE POLICY slow ON pgbench_accounts FOR SELECT USING (slept());"
    ));
    database.url().replace("postgres@", "sleepy@")
}

fn run(url: &str, stages: &str) -> Ended {
    let load = Load::at(url).args("--workload select-only --threads 1 --warm-up 0");
    load.args(&format!("--connections {CONNECTIONS} --format json,md {stages}")).run()
}

/// The first of three runs that is sound: one whose load generator had to wait for a processor tells
/// nothing of saturation, and says so.
fn sound(run: impl Fn() -> Ended) -> Ended {
    let tells = |ended: &Ended| ended.result().diagnosis.is_some_and(|it| it.saturation.is_some());
    (0..3).map(|_| run()).find(tells).expect("three runs, none of them sound")
}

#[test]
fn a_run_beyond_what_the_server_can_do_names_the_stage_where_that_begins() {
    let database = Database::new("saturation");
    let url = sleepy(&database);
    let ended = sound(|| run(&url, "--stages 0s:250,5s:250,0s:900,5s:900,0s:600,5s:600"));
    let seen = ended.result().diagnosis.unwrap().saturation.unwrap();
    let from = seen.from.unwrap();
    assert_eq!(from.stage, "hold 600 actions/s", "{}", seen.text);
    let done = from.achieved_per_s / CAPACITY_PER_S;
    assert!((0.6..=1.01).contains(&done), "{from:?}");
    assert_eq!(from.plateau.unwrap().more_load_percent, 50.0);
    let loads: Vec<_> = seen.steps.iter().map(|it| it.offered_per_s.unwrap()).collect();
    assert_eq!(loads, [250.0, 600.0, 900.0]);
    let markdown = std::fs::read_to_string(ended.path("result.md")).unwrap();
    assert!(markdown.contains(&format!("Saturation: {}.", seen.text)), "{markdown}");
    assert!(ended.out.contains("saturation saturated from 600/s on"), "{}", ended.out);
}
