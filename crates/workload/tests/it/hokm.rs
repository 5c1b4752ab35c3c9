//! The Hokm game under the engine, on a real server: whole runs verify, at every setting.

use crate::database::{Database, catalog};
use engine::poller::PollerChoice;
use engine::{Control, Finished, Load, Observer, Shape};
use model::catalog::Kind;
use model::measured::Interval;
use model::verification::Verification;
use std::time::Duration;
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
    let mut workload = Hokm::new(profile).unwrap();
    workload.set_up(&database.server()).unwrap();
    let backend = Postgres::new(&database.settings, None, workload.statements(), protocol).unwrap();
    let load = Load {
        clients,
        threads: 1,
        poller: PollerChoice::Auto,
        shape: Shape::Closed { think_min: Duration::ZERO, think_max: Duration::ZERO },
        warm_up: Duration::ZERO,
        duration,
        grace: Duration::from_secs(5),
        max_tries: 3,
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
