//! The Hokm game under the engine, on a real server: whole runs verify, at every setting.

use crate::database::{Database, catalog};
use engine::poller::PollerChoice;
use engine::{Control, Finished, Load, Observer, Shape};
use model::catalog::Kind;
use model::measured::Interval;
use model::verification::Verification;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use workload::hokm::popularity::Skew;
use workload::hokm::{Hokm, HokmPlayer, HokmProfile};
use workload::postgres::{Postgres, Protocol};
use workload::{Server, Workload};

struct Silent;

impl Observer for Silent {
    fn interval(&mut self, _interval: &Interval) {}
}

/// A small run: six tables and little else.
pub fn profile() -> HokmProfile {
    HokmProfile {
        seats: 24,
        data_volume_multiplier: 0.02,
        // Short games, so that all there is happens within a second.
        tricks_to_win: 2,
        hands_to_win: 2,
        abandon_rate: 0.2,
        seed: 11,
        ..HokmProfile::default()
    }
}

pub struct Run {
    pub workload: Hokm,
    pub finished: Finished<HokmPlayer>,
}

impl Run {
    pub fn verify(&mut self, server: &Server<'_>) -> Verification {
        self.workload.verify(server, &mut self.finished.players).expect("a verification")
    }

    /// The names of the checks that failed.
    pub fn failed_checks(&mut self, server: &Server<'_>) -> Vec<String> {
        let verification = self.verify(server);
        let failed = verification.checks.into_iter().filter(|check| check.violations > 0);
        failed.map(|check| check.name).collect()
    }

    /// The share of reads among the game's statements, as the engine counted them.
    pub fn read_share(&self) -> f64 {
        let catalog = catalog(&self.workload);
        let (mut reads, mut all) = (0, 0);
        for (spec, (count, _)) in
            catalog.statements.iter().zip(&self.finished.measured.session_statements)
        {
            if spec.kind != Kind::Transaction {
                all += count;
                reads += if spec.kind == Kind::Select { *count } else { 0 };
            }
        }
        reads as f64 / all as f64
    }
}

pub fn play(database: &Database, profile: HokmProfile, protocol: Protocol) -> Run {
    play_with(database, profile, protocol, (8, Duration::from_millis(1_500)))
}

pub fn play_with(
    database: &Database,
    profile: HokmProfile,
    protocol: Protocol,
    (clients, duration): (u32, Duration),
) -> Run {
    let workload = set_up(database, profile);
    load(database, workload, protocol, (clients, duration))
}

pub fn set_up(database: &Database, profile: HokmProfile) -> Hokm {
    let mut workload = Hokm::new(profile).unwrap();
    workload.set_up(&database.server()).unwrap();
    workload
}

pub fn load(
    database: &Database,
    mut workload: Hokm,
    protocol: Protocol,
    (clients, duration): (u32, Duration),
) -> Run {
    let backend = Postgres::new(&database.settings, None, workload.statements(), protocol).unwrap();
    let load = Load {
        clients,
        threads: 1,
        poller: PollerChoice::Auto,
        shape: Shape::Closed { think_min: Duration::ZERO, think_max: Duration::ZERO, users: None },
        warm_up: Duration::ZERO,
        duration,
        grace: Duration::from_secs(5),
        max_tries: 3,
        actions_per_client: None,
        latency_limit: None,
        noted_share: None,
        reconnect: false,
        connect_timeout: Duration::from_secs(10),
        seed: 3,
    };
    let players = workload.players(clients);
    let seen = (&Control::default(), &mut Silent as &mut dyn Observer);
    let finished = engine::run(&backend, players, &catalog(&workload), &load, seen).unwrap();
    Run { workload, finished }
}

fn assert_passes(run: &mut Run, database: &Database) -> Verification {
    let counts = run.finished.measured.all_actions().counts;
    let failures: Vec<_> = run.finished.measured.failures.iter().collect();
    assert!(counts.succeeded > 200 && counts.failed == 0, "{counts:?} {failures:?}");
    let verification = run.verify(&database.server());
    assert!(verification.passed, "{verification:#?}");
    verification
}

#[test]
fn a_run_verifies_in_each_protocol_and_leaves_nothing() {
    for protocol in Protocol::ALL {
        let database = Database::new(&format!("hokm_{}", protocol.name()));
        let mut run = play(&database, profile(), protocol);
        let verification = assert_passes(&mut run, &database);
        assert!(verification.checks.iter().all(|check| check.checked > 0), "{verification:#?}");
        run.workload.clean_up(&database.server()).unwrap();
        assert_eq!(database.tables(), "");
    }
}

#[test]
fn our_counts_are_the_servers_for_every_text() {
    let database = Database::new("hokm_counts");
    let busy = HokmProfile { seats: 25, ..profile() };
    let mut workload = Hokm::new(busy).unwrap();
    let in_set_up = workload.set_up(&database.server()).unwrap().statements;
    let how = (8, Duration::from_millis(1_500));
    let mut run = load(&database, workload, Protocol::Prepared, how);
    assert_eq!(run.failed_checks(&database.server()), [""; 0]);
    let statements = catalog(&run.workload).statements;
    let ours = &run.finished.measured.session_statements;
    for (spec, (count, failed)) in statements.iter().zip(ours) {
        let before = in_set_up.iter().find(|(name, _)| *name == spec.name);
        let expected = count - failed + before.map_or(0, |(_, count)| *count);
        assert_eq!(database.calls(&spec.sql), expected, "{}: {}", spec.name, spec.sql);
        let is_of_losses = spec.name.ends_with("read_back") || spec.name == "backend_wait";
        assert!(*count > 0 || is_of_losses, "{} never ran", spec.name);
    }
}

#[test]
fn many_clients_hold_the_read_share_together() {
    for (ratio, name) in [(0.2, "hokm_many_20"), (0.7, "hokm_many_70")] {
        let database = Database::new(name);
        let many = HokmProfile { read_write_ratio: ratio, seats: 60, ..profile() };
        // Half of the clients have a table, the others play the lobby.
        let how = (30, Duration::from_secs(2));
        let mut run = play_with(&database, many, Protocol::Prepared, how);
        assert_passes(&mut run, &database);
        let share = run.read_share();
        assert!((share - ratio).abs() < 0.01, "{share} instead of {ratio}");
    }
}

#[test]
fn popular_players_make_hot_rows_and_no_deadlock() {
    let database = Database::new("hokm_hot");
    let hot = HokmProfile {
        player_skew: Skew::Zipf(3.0),
        tricks_to_win: 1,
        read_write_ratio: 0.0,
        transaction_size: (6, 6),
        ..profile()
    };
    let how = (16, Duration::from_secs(2));
    let mut run = play_with(&database, hot, Protocol::Prepared, how);
    assert_eq!(run.finished.measured.failures.total(), 0);
    assert_passes(&mut run, &database);
    let hottest = "SELECT max(games) FROM (SELECT count(*) AS games FROM game_players
                   WHERE game_id LIKE '%-g%' GROUP BY player_id) AS counted";
    let games = "SELECT count(*) FROM games WHERE game_id LIKE '%-g%'";
    assert!(database.number(hottest) * 2 > database.number(games));
}

#[test]
fn metrics_are_about_the_measured_window() {
    let database = Database::new("hokm_metrics");
    let run = play(&database, profile(), Protocol::Prepared);
    let metrics = run.workload.metrics(&run.finished.players, 1.5);
    let value = |name: &str| {
        let metric = metrics.iter().find(|metric| metric.name == name);
        metric.unwrap_or_else(|| panic!("no {name}")).as_number().unwrap()
    };
    let ended = "SELECT count(*) FROM games WHERE game_id LIKE '%-g%' AND status = ";
    let (completed, abandoned) = (value("games_completed"), value("games_abandoned"));
    assert_eq!(completed, database.number(&format!("{ended} 'finished'")) as f64);
    assert_eq!(abandoned, database.number(&format!("{ended} 'abandoned'")) as f64);
    let started = "SELECT count(*) FROM games WHERE game_id LIKE '%-g%' AND game_id NOT LIKE '%-0'";
    assert_eq!(value("games_started"), database.number(started) as f64);
    let rate = value("games_completion_rate_percent");
    assert!((rate - 100.0 * completed / (completed + abandoned)).abs() < 1e-9);
    assert!((60.0..95.0).contains(&rate), "four of five games are completed: {rate}");
    let duration_s = value("average_game_duration_s");
    assert!(duration_s > 0.0 && duration_s < 1.5, "{duration_s}");
    let actions = run.finished.measured.all_actions().counts.succeeded as f64;
    let per_s = value("player_actions_per_second");
    assert!(per_s > 0.9 * actions / 1.5 && per_s < actions / 1.5, "{per_s} {actions}");
}

#[test]
fn a_run_whose_connections_are_killed_again_and_again_verifies() {
    let database = Database::new("hokm_killed");
    let (workload, stop) = (set_up(&database, profile()), AtomicBool::new(false));
    let how = (8, Duration::from_secs(3));
    let mut run = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut client = database.client();
            let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid()
                        AND backend_type = 'client backend'";
            while !stop.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(150));
                client.query_one(kill, &[]).unwrap();
            }
        });
        let run = load(&database, workload, Protocol::Prepared, how);
        stop.store(true, Ordering::Relaxed);
        run
    });
    let connections = &run.finished.measured.connections;
    assert!(connections.lost > 10, "{connections:?}");
    assert!(run.finished.measured.all_actions().counts.succeeded > 200);
    assert_eq!(run.failed_checks(&database.server()), [""; 0]);
}
