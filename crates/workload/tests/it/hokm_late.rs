//! Commits that take effect after their connection has gone, and after somebody has looked: no
//! group is done twice, and the verification calls none of it wrong.

use crate::database::Database;
use crate::hokm::profile;
use crate::hokm_session::{At, Cut, Hears, Session};
use engine::Loss;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use wire::blocking::Client;
use workload::hokm::HokmProfile;

/// Whoever commits a change waits for this lock, at the very end.
const SLOW_COMMITS: &str = "
    CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock_shared(42); RETURN NULL; END $$;
    DO $$ DECLARE name text; BEGIN
    FOREACH name IN ARRAY ARRAY['games', 'players', 'sessions', 'game_events', 'game_players'] LOOP
        EXECUTE format('CREATE CONSTRAINT TRIGGER late AFTER INSERT OR UPDATE ON %I DEFERRABLE
            INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_at_commit()', name);
    END LOOP; END $$";

/// Actions until one changes something, which every third or so does.
const MOST_ACTIONS: usize = 500;

/// A session whose commits a second client can hold up.
struct Late {
    database: Database,
    session: Session,
    holder: Client,
}

impl Late {
    fn open(name: &str, transaction_size: (u32, u32)) -> Late {
        let database = Database::new(name);
        let busy = HokmProfile { transaction_size, read_write_ratio: 0.2, seats: 10, ..profile() };
        let session = Session::open(&database, busy, 3);
        database.run(SLOW_COMMITS);
        let holder = database.client();
        Late { database, session, holder }
    }

    /// The player's next action. Where it changes something, the connection goes while the server
    /// is held up at the end of that; says whether it was so. Else nobody is held up.
    fn cut_late(&mut self, player: usize) -> bool {
        self.holder.batch("SELECT pg_advisory_lock(42)").unwrap();
        let cut = Cut { at: At::Change, server: Hears::Late };
        let is_late = self.session.act_until_cut(player, Some(cut)) == Err(Loss::Unknown);
        match is_late {
            true => self.wait_for("NOT granted", 1),
            false => self.let_go(),
        }
        is_late
    }

    fn let_go(&mut self) {
        self.holder.batch("SELECT pg_advisory_unlock(42)").unwrap();
    }

    /// Waits until so many of this database's advisory locks are like this.
    fn wait_for(&self, locks: &str, count: i64) {
        let sql = format!(
            "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
             WHERE locktype = 'advisory' AND datname = current_database() AND {locks}"
        );
        let give_up = Instant::now() + Duration::from_secs(30);
        while self.database.number(&sql) != count {
            assert!(Instant::now() < give_up, "{locks}");
        }
    }

    /// What the player does next, three actions, while the commit takes so much longer.
    fn go_on(&mut self, player: usize, late: Duration) -> Vec<String> {
        let Late { session, holder, .. } = self;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // So long does the server take.
                std::thread::sleep(late);
                holder.batch("SELECT pg_advisory_unlock(42)").unwrap();
            });
            let acted: Vec<_> = (0..3).map(|_| session.act_as(player)).collect();
            assert!(acted.iter().all(|one| one.failure.is_none()), "{acted:?}");
            acted.into_iter().map(|one| one.action).collect()
        })
    }

    /// Plays on, with every fifth action cut if it changes something; returns what followed those.
    fn play(&mut self, actions: usize, late: Duration) -> BTreeSet<String> {
        let mut next = BTreeSet::new();
        for turn in 0..actions {
            let player = turn % self.session.players.len();
            if turn % 5 == 0 && self.cut_late(player) {
                next.extend(self.go_on(player, late));
            } else {
                assert_eq!(self.session.act_as(player).failure, None);
            }
        }
        next
    }

    /// The checks that fail when every commit has taken effect.
    fn failed_checks(&mut self) -> Vec<String> {
        self.wait_for("true", 0);
        self.session.failed_checks(&self.database)
    }
}

fn is_never_done_twice(name: &str, is_direct: bool, transaction_size: (u32, u32)) {
    let mut late = Late::open(name, transaction_size);
    late.session.is_direct = is_direct;
    let next = late.play(250, Duration::from_millis(50));
    assert!(next.contains("read_back"), "{next:?}");
    assert_eq!(late.failed_checks(), [""; 0]);
}

#[test]
fn a_commit_that_the_server_is_still_at_is_waited_for() {
    is_never_done_twice("late", true, (1, 5));
    is_never_done_twice("late_halves", true, (1, 1));
}

#[test]
fn a_commit_that_nobody_can_wait_for_is_not_tried_again() {
    is_never_done_twice("late_pooled", false, (1, 5));
    is_never_done_twice("late_pooled_halves", false, (1, 1));
}

#[test]
fn a_commit_that_takes_longer_than_anybody_waits_is_not_tried_again() {
    let mut late = Late::open("late_for_long", (1, 1));
    let is_late = (0..MOST_ACTIONS).any(|_| {
        let is_late = late.cut_late(0);
        if !is_late {
            late.session.act_as(0);
        }
        is_late
    });
    assert!(is_late, "no action changed anything");
    assert_eq!(late.go_on(0, Duration::from_secs(6))[0], "read_back");
    assert_eq!(late.failed_checks(), [""; 0]);
}

/// A game that was given up, for nobody knows whether its last change is stored.
fn given_up(name: &str) -> (Database, Session) {
    let database = Database::new(name);
    let alone = HokmProfile { transaction_size: (1, 1), seats: 4, ..profile() };
    let mut session = Session::open(&database, alone, 1);
    session.is_direct = false;
    session.act_times(20);
    let cut = Cut { at: At::Change, server: Hears::Never };
    let is_unknown = (0..MOST_ACTIONS).any(|_| {
        let is_unknown = session.act_until_cut(0, Some(cut)) == Err(Loss::Unknown);
        if !is_unknown {
            // It was a commit of looks.
            session.act();
        }
        is_unknown
    });
    assert!(is_unknown, "no action changed anything");
    assert_eq!(session.act().action, "read_back");
    assert_eq!(session.failed_checks(&database), [""; 0]);
    session.act_until("create_game");
    (database, session)
}

#[test]
fn of_a_game_that_was_given_up_everything_acknowledged_must_be_there_once() {
    let (database, mut session) = given_up("given_up");
    let event = "(SELECT max(event_id) FROM game_events WHERE game_id = 'run-g0-0')";
    database.run(&format!(
        "INSERT INTO game_events (game_id, event_type, event_data) \
         SELECT game_id, event_type, event_data FROM game_events WHERE event_id = {event}"
    ));
    let failed = session.failed_checks(&database);
    assert!(failed.len() == 1 && failed[0].starts_with("no_event_is_stored_twice"), "{failed:?}");
    (0..2).for_each(|_| database.run(&format!("DELETE FROM game_events WHERE event_id = {event}")));
    let failed = session.failed_checks(&database);
    let missing = "every_acknowledged_event_is_stored";
    assert!(failed.len() == 1 && failed[0].starts_with(missing), "{failed:?}");
}
