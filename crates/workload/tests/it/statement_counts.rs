//! What we count is what the server counts, text by text, transaction control included.

use crate::database::{Database, catalog};
use crate::driver::Driver;
use std::collections::BTreeMap;
use workload::Workload;
use workload::pgbench::{Pgbench, PgbenchOptions, Script};
use workload::postgres::{COMMIT, FIRST, Protocol, ROLLBACK};

/// Plays a mix of the scripts, some transactions that are rolled back and some that commit
/// by COMMIT; tells how often each statement was answered without an error.
fn play(database: &Database, workload: &mut Pgbench, protocol: Protocol) -> BTreeMap<u16, u64> {
    let mut driver = Driver::open(database, workload.statements(), protocol);
    let mut counts = BTreeMap::new();
    let mut count = |driver: &Driver| {
        for answered in driver.answered.iter().filter(|it| it.failure.is_none()) {
            *counts.entry(answered.statement).or_default() += 1;
        }
    };
    let mut player = workload.players(1).remove(0);
    for _ in 0..60 {
        driver.request.clear();
        play_one(&mut driver, &mut player, &mut count);
    }
    for end in [COMMIT, ROLLBACK, ROLLBACK] {
        driver
            .ask(|request| {
                request.begin();
                request.call(FIRST).int4(1).int8(1).end();
                request.call(end).end();
            })
            .unwrap();
        count(&driver);
    }
    counts
}

fn play_one(
    driver: &mut Driver,
    player: &mut workload::pgbench::PgbenchPlayer,
    count: &mut impl FnMut(&Driver),
) {
    use engine::{Last, Moment, Next, Player};
    player.wish(Moment { elapsed: Default::default(), measured: true });
    let mut next = player.next(Last::Begin, &mut driver.request);
    while next == Next::Send {
        driver.send().unwrap();
        count(driver);
        next = player.next(Last::Answer(&driver.answer), &mut driver.request);
    }
    assert_eq!(next, Next::Succeeded);
}

#[test]
fn our_counts_are_the_servers_in_every_protocol() {
    let apart = Protocol::ALL.map(|protocol| (protocol, false));
    // The simple protocol has a round trip per statement.
    let together = [(Protocol::Extended, true), (Protocol::Prepared, true)];
    for (protocol, pipeline) in apart.into_iter().chain(together) {
        let database = Database::new(&format!("counts_{}_{pipeline}", protocol.name()));
        let scripts = Script::ALL.map(|script| (script, 1)).into();
        let run = "run".to_owned();
        let options = PgbenchOptions {
            scripts,
            scale: 1,
            schema: None,
            seed: 1,
            run,
            keep_data: false,
            pipeline,
            reuse_data: false,
        };
        let mut workload = Pgbench::new(options).unwrap();
        workload.set_up(&database.server()).unwrap();
        let texts = catalog(&workload).statements;
        let before: Vec<_> = texts.iter().map(|it| database.calls(&it.sql)).collect();
        let counts = play(&database, &mut workload, protocol);
        for (id, text) in (0_u16..).zip(&texts) {
            let calls = database.calls(&text.sql) - before[usize::from(id)];
            let ours = counts.get(&id).copied().unwrap_or(0);
            assert_eq!(calls, ours, "{} ({})", text.sql, protocol.name());
            assert!(ours > 0, "{} was never run", text.name);
        }
    }
}
