//! Processors: those of the server, and who else takes them.

use crate::place::Place;
use crate::scene::{
    Place::{Found, Leads},
    Scene,
};
use crate::seen::{Seen, near};
use std::process::{Child, Command};

pub const SCENES: [Scene; 8] = [
    Scene {
        name: "four clients sum up numbers",
        rule: Some(("cpu_saturated", Leads)),
        also: &["too_many_active"],
        play: saturated,
    },
    Scene {
        name: "16 clients sum up numbers",
        rule: Some(("too_many_active", Found)),
        also: &["cpu_saturated"],
        play: too_many,
    },
    Scene {
        name: "one of three statements takes nearly all the time",
        rule: Some(("dominant_statement", Found)),
        also: &["cpu_saturated", "too_many_active"],
        play: dominant,
    },
    Scene {
        name: "a join of eight tables is planned anew each time",
        rule: Some(("planning", Leads)),
        also: &["cpu_saturated", "too_many_active"],
        play: planning,
    },
    Scene {
        name: "reads by key are compiled each time",
        rule: Some(("jit", Leads)),
        // What the monitor asks is compiled as well.
        also: &["cpu_saturated", "too_many_active", "monitor_cost"],
        play: compiled,
    },
    Scene {
        name: "a table of 64 partitions is read unprepared, by another column than its key",
        rule: Some(("planning", Leads)),
        also: &["cpu_saturated", "too_many_active", "lock_manager"],
        play: partitions,
    },
    Scene {
        name: "other programs keep the processors busy",
        rule: Some(("cpu_foreign", Leads)),
        also: &[],
        play: foreign,
    },
    Scene {
        name: "somebody else uses the server",
        rule: Some(("other_traffic", Leads)),
        also: &[],
        play: others,
    },
];

const SUM: &str = "SELECT sum(i) FROM generate_series(1, 20000) i";

/// The load with these clients; sessions that run on average, by what the server says of the time
/// that statements took.
fn sums(connections: u32, code: &str) -> Seen {
    let place = Place::new(&[]);
    let load = place.statements(SUM, 1, &format!("--connections {connections}"));
    let seen = Seen::of(&load.run());
    let took_ms = place.number(
        "SELECT sum(total_exec_time) FROM pg_stat_statements \
         WHERE query LIKE 'SELECT sum(i) FROM generate_series%'",
    );
    let busy = took_ms / 1000.0 / seen.result.load_metrics.elapsed_s;
    near("running", seen.value(code, "wait_events.by_class.CPU"), busy, 25.0);
    seen
}

fn saturated() -> Seen {
    sums(4, "cpu_saturated")
}

fn too_many() -> Seen {
    sums(16, "too_many_active")
}

fn dominant() -> Seen {
    let place = Place::with_game(&[], 1000);
    let by_key = "SELECT n FROM game WHERE id = $1";
    let sql = format!("{by_key}; SELECT body FROM game WHERE id = $1; {SUM}");
    let seen = Seen::of(&place.statements(&sql, 1000, "--connections 4").run());
    let share = place.number(
        "SELECT sum(total_exec_time) FILTER (WHERE query LIKE '%generate_series($1%') * 100 \
         / sum(total_exec_time) FROM pg_stat_statements WHERE query LIKE 'SELECT %' \
         AND (query LIKE '%game%' OR query LIKE '%generate_series($1%')",
    );
    near("its share", seen.value("dominant_statement", "share_percent"), share, 5.0);
    seen
}

const PLANNED: (&str, &str) = ("pg_stat_statements.track_planning", "on");

fn planning() -> Seen {
    let place = Place::with_game(&[PLANNED], 1000);
    let joins: String = (2..=8).map(|i| format!(" JOIN game g{i} ON g{i}.id = g1.id")).collect();
    let sql = format!("SELECT count(*) FROM game g1{joins} WHERE g1.id = $1");
    planned(&place, &sql, "%game g8%")
}

fn partitions() -> Seen {
    let place = Place::new(&[PLANNED]);
    place.sql(
        "CREATE TABLE parted (id int, at int) PARTITION BY HASH (id); CREATE INDEX ON parted (at)",
    );
    let part = |i| {
        format!(
            "CREATE TABLE p{i} PARTITION OF parted FOR VALUES WITH (MODULUS 64, REMAINDER {i});"
        )
    };
    place.sql(&(0..64).map(part).collect::<String>());
    place.sql("INSERT INTO parted SELECT i, i FROM generate_series(1, 1000) i; ANALYZE parted");
    planned(&place, "SELECT count(*) FROM parted WHERE at = $1", "%FROM parted WHERE at%")
}

/// The load of this statement, which is sent as a text each time; how long planning it took, by what
/// the server counted of statements `like` it.
fn planned(place: &Place, sql: &str, like: &str) -> Seen {
    let load = place.statements(sql, 1000, "--connections 4 --protocol simple");
    let seen = Seen::of(&load.run());
    let ratio = place.number(&format!(
        "SELECT sum(total_plan_time) / sum(total_exec_time) FROM pg_stat_statements \
         WHERE query LIKE '{like}' AND query LIKE 'SELECT%'"
    ));
    let told =
        seen.value("planning", "total_plan_time_ms") / seen.value("planning", "exec_time_ms");
    near("planning for execution", told, ratio, 10.0);
    seen
}

fn compiled() -> Seen {
    let place = Place::with_game(&[("jit", "on"), ("jit_above_cost", "0")], 1000);
    let load = place.statements("SELECT n FROM game WHERE id = $1", 1000, "--connections 4");
    let seen = Seen::of(&load.run());
    let parts = ["generation", "inlining", "optimization", "emission"];
    let sum = parts.map(|part| format!("jit_{part}_time")).join(" + ");
    let truth = place.number(&format!(
        "SELECT sum({sum}) FROM pg_stat_statements WHERE query LIKE 'SELECT n FROM game%'"
    ));
    near("compiling", seen.value("jit", "total_jit_time_ms"), truth, 2.0);
    seen
}

/// Programs that use a processor each, in the background of all others; ended with this value.
struct Burners(Vec<Child>);

impl Burners {
    fn start(many: usize) -> Burners {
        let one = || {
            let mut nice = Command::new("nice");
            nice.args(["-n", "19", "sh", "-c", "while :; do :; done"]).spawn().unwrap()
        };
        Burners((0..many).map(|_| one()).collect())
    }
}

impl Drop for Burners {
    fn drop(&mut self) {
        for burner in &mut self.0 {
            burner.kill().unwrap();
            burner.wait().unwrap();
        }
    }
}

fn foreign() -> Seen {
    let place = Place::new(&[]);
    let cpus = std::thread::available_parallelism().unwrap().get();
    let burners = Burners::start(cpus);
    let seen = Seen::of(&place.load("--workload select-only --connections 4 --rate 50").run());
    drop(burners);
    let used = seen.value("cpu_foreign", "system_metrics.cpu_usage_percent.mean");
    near("used in all", used, 100.0, 3.0);
    let title = &seen.finding("cpu_foreign").title;
    assert!(title.contains("other programs used 9"), "{title}");
    seen
}

fn others() -> Seen {
    let place = Place::new(&[]);
    let mut running = place.load("--workload select-only --connections 4 --rate 50").start();
    running.wait_for_second(1);
    let mut other = place.client();
    other.batch("SET application_name = 'nightly'; SELECT pg_sleep(4)").unwrap();
    let seen = Seen::of(&running.wait());
    near("others", seen.value("other_traffic", "other_active_sessions.mean"), 4.0 / 6.0, 15.0);
    let evidence = &seen.finding("other_traffic").evidence;
    assert!(evidence.iter().any(|it| it.text.contains("nightly")), "{evidence:?}");
    seen
}
