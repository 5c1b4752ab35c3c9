//! Several workloads in one run keep their own statements, actions and verification.

use crate::database::Database;
use crate::pgbench::{Silent, load};
use engine::{Control, Player};
use model::catalog::{Catalog, Kind};
use model::metric::Metric;
use model::verification::{Check, Verification};
use workload::pgbench::{Pgbench, PgbenchOptions, Script};
use workload::postgres::transaction_control;
use workload::postgres::{Answer, FIRST, Postgres, Protocol, Request, Statement};
use workload::{CleanUp, Error, Mix, Part, Server, SetUp, Workload};

/// A user's own workload: one action, one statement.
struct Ping(&'static str);

struct Pinger(u64);

impl engine::Player for Pinger {
    type Request = Request;
    type Answer = Answer;

    fn wish(&mut self, _moment: engine::Moment) -> engine::Wish {
        engine::Wish { action: 0, statements: 1 }
    }

    fn next(&mut self, last: engine::Last<'_, Answer>, request: &mut Request) -> engine::Next {
        let engine::Last::Answer(answer) = last else {
            request.call(FIRST).int4(42).end();
            return engine::Next::Send;
        };
        assert_eq!(answer.reply(0).unwrap().row(0).unwrap().int4(0), Ok(42));
        self.0 += 1;
        engine::Next::Succeeded
    }

    fn lost(&mut self, _in_flight: bool, _heard: &Answer) -> engine::Loss {
        engine::Loss::Nothing
    }
}

impl Workload for Ping {
    type Player = Pinger;

    fn actions(&self) -> Vec<String> {
        vec![self.0.to_owned()]
    }

    fn statements(&self) -> Vec<Statement> {
        let types = &[workload::postgres::Type::Int4];
        vec![Statement::new(self.0, Kind::Select, format!("SELECT $1 AS {}", self.0), types)]
    }

    fn set_up(&mut self, _server: &Server<'_>) -> Result<SetUp, Error> {
        Ok(SetUp { notes: vec!["pinging".into()], ..SetUp::default() })
    }

    fn players(&mut self, clients: u32) -> Vec<Pinger> {
        (0..clients).map(|_| Pinger(0)).collect()
    }

    fn verify(&mut self, _: &Server<'_>, players: &mut [Pinger]) -> Result<Verification, Error> {
        let checked = players.iter().map(|player| player.0).sum();
        let check = Check { name: "pinged".into(), checked, ..Check::default() };
        Ok(Verification { passed: true, checks: vec![check] })
    }

    fn clean_up(&mut self, _server: &Server<'_>) -> Result<CleanUp, Error> {
        Ok(CleanUp::default())
    }

    fn metrics(&self, players: &[Pinger], _elapsed_s: f64) -> Vec<Metric> {
        let pings = players.iter().map(|player| player.0).sum();
        vec![Metric::counter("pings", "how often", pings)]
    }
}

fn tpcb() -> Pgbench {
    let scripts = vec![(Script::TpcbLike, 1)];
    let run = "run".to_owned();
    let options = PgbenchOptions {
        scripts,
        scale: 1,
        schema: None,
        seed: 1,
        run,
        keep_data: false,
        pipeline: false,
        reuse_data: false,
    };
    Pgbench::new(options).unwrap()
}

#[test]
fn parts_share_a_run_and_verify_what_they_did() {
    let database = Database::new("mixed");
    let server = database.server();
    let mut mix = Mix::new();
    mix.add("ping", Part::of(Ping("ping")), 2).unwrap();
    mix.add("tpcb-like", Part::of(tpcb()), 1).unwrap();
    mix.add("pong", Part::of(Ping("pong")), 1).unwrap();
    assert_eq!(mix.set_up(&server).unwrap().created.len(), 4);

    let statements = transaction_control().into_iter().chain(mix.statements());
    let statements = statements.map(|it| it.spec()).collect();
    let catalog = Catalog { actions: mix.actions(), statements };
    let backend =
        Postgres::new(&database.settings, None, mix.statements(), Protocol::Prepared).unwrap();
    let (players, control) = (mix.players(4, 1), Control::default());
    let run = engine::run(&backend, players, &catalog, &load(4), (&control, &mut Silent)).unwrap();
    mix.take_back(run.players);

    let measured = run.measured.actions.iter().zip(&run.measured.warm_up_actions);
    let done: Vec<_> =
        measured.map(|(it, early)| it.counts.succeeded + early.counts.succeeded).collect();
    assert!(run.measured.actions.iter().all(|it| it.counts.failed == 0), "{done:?}");
    assert!(done.iter().all(|it| *it > 0), "{done:?}");
    let metrics = mix.metrics(1.0);
    assert_eq!(metrics[0].as_number(), Some(done[0] as f64));
    assert_eq!(metrics[1].name, "pong_pings", "a name that is taken says whose it is");
    let verified = mix.verify(&server).unwrap();
    assert!(verified.passed, "{verified:?}");
    assert_eq!(verified.checks.last().unwrap().checked, done[2]);
    assert_eq!(mix.clean_up(&server).unwrap().dropped.len(), 4);
}

#[test]
fn actions_are_drawn_by_weight_and_by_seed() {
    let mut mix = Mix::new();
    mix.add("ping", Part::of(Ping("ping")), 2).unwrap();
    mix.add("tpcb-like", Part::of(tpcb()), 1).unwrap();
    mix.add("pong", Part::of(Ping("pong")), 1).unwrap();
    let mut drawn = |seed| {
        let mut player = mix.players(1, seed).remove(0);
        let moment = engine::Moment { elapsed: Default::default(), measured: true };
        let draw = |_| {
            let wish = player.wish(moment);
            player.skip();
            wish.action
        };
        (0..4000).map(draw).collect::<Vec<_>>()
    };
    let first = drawn(1);
    assert!(first == drawn(1) && first != drawn(2));
    for (action, expected) in [(0, 2000), (1, 1000), (2, 1000)] {
        let count = first.iter().filter(|it| **it == action).count();
        assert!(count.abs_diff(expected) < 150, "action {action}: {count}");
    }
}

#[test]
fn parts_that_could_not_be_told_apart_are_refused() {
    let mut mix = Mix::new();
    mix.add("ping", Part::of(Ping("ping")), 1).unwrap();
    let twice = mix.add("other", Part::of(Ping("ping")), 1).unwrap_err().to_string();
    assert_eq!(twice, "workloads ping and other both have an action ping");
    assert_eq!(
        mix.add("tpcb-like", Part::of(tpcb()), 0).unwrap_err().to_string(),
        "the weight of workload tpcb-like is 0"
    );
}
