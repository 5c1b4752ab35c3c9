//! Commits that a server is still at when their connection is gone: they take effect afterwards, and
//! none of them is done twice or taken for wrong data.

use super::document::{self, Chapter};
use crate::database::{Database, bouncer};
use crate::existing_tables::game;
use crate::proxy::{Proxy, Trick};
use crate::running::{Ended, Load};
use servers::PoolMode;

/// Small transactions: events alone, which nobody locks anything for.
const SMALL: &str = r#"{"load_profile": {"data_volume_multiplier": 0.02,
    "concurrent_user_actions": 40, "transaction_size_range": [1, 2]}}"#;

/// A database in which whoever commits an event takes a while for it, at the very end.
fn slow_at_commit(name: &str) -> Database {
    let database = game(name);
    database.psql(
        "CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
             IF current_setting('late.slept', true) IS DISTINCT FROM txid_current()::text THEN
                 PERFORM set_config('late.slept', txid_current()::text, true), pg_sleep(0.2);
             END IF;
             RETURN NULL;
         END $$;
         CREATE CONSTRAINT TRIGGER late AFTER INSERT ON game_events DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION wait_at_commit();",
    );
    database
}

/// A run through a proxy before `url` that cuts connections while their commits are carried out.
#[track_caller]
fn verifies(url: &str) -> Ended {
    let proxy = Proxy::before(url);
    let load = Load::at(proxy.url()).config(SMALL).args("--connections 8 --qps-target 0");
    let mut running = load.args("--warm-up 0 --duration 4s").start();
    running.wait_for_second(1);
    proxy.play(Trick::CutDuringCommit);
    running.wait_for_second(3);
    proxy.play(Trick::None);
    let ended = running.wait();
    let load = ended.result().load_metrics;
    assert!(proxy.cut() >= 5 && load.all_actions.unknown >= 5, "{:?}", load.all_actions);
    let verification = load.verification.unwrap();
    assert!(verification.passed, "{:#?}", verification.checks);
    ended
}

#[test]
fn a_late_commit_is_no_wrong_data() {
    let ended = verifies(&slow_at_commit("late_commit").url());
    document::measured(
        Chapter::Connections,
        "the connection is cut while the server is still at the commit",
        &ended,
        // What makes commits slow is the test's own, and no part of the fault.
        &["triggers of yours"],
    );
}

#[test]
fn a_late_commit_behind_a_pooler_is_no_wrong_data() {
    let (database, bouncer) = (slow_at_commit("late_pooled"), bouncer(PoolMode::Transaction));
    verifies(&database.url_through(&bouncer));
}
