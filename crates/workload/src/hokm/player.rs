//! One client's player: looks after its places, and is asked for one action after another.
//!
//! Wishes are drawn from the player's own generator; what depends on time (expiring rows, and
//! the looks that keep the share of reads in spite of it) is drawn from another, so that wishes
//! are the same however fast the server is.

use super::actions::Action;
use super::balance::Balance;
use super::course::{Boundary, Course};
use super::keys::{Fold, GameKey};
use super::memory::{Ended, Memory};
use super::place::{Place, PlaceKind};
use super::plan::Planner;
use super::read_back::ReadBack;
use super::scene::{EXPIRE_SESSIONS_MOST, Scene, Scratch};
use super::statements::STALE_AFTER_S;
use super::step::Step;
use super::world::World;
use crate::postgres::{Answer, Request};
use engine::{Last, Loss, Moment, Next, Player, Wish};
use model::failure::{ErrorClass, Failure};
use model::random::{Generator, generator};
use rand::RngExt;
use std::sync::Arc;
use std::time::Duration;

/// What is under way.
#[derive(Clone, Copy, Debug)]
enum Current {
    /// What users want.
    Main,
    /// What the game server does for itself.
    Side,
    /// Reading a game back.
    ReadBack(ReadBack),
}

/// An action that failed so often is read back before it is tried again.
const FAILURES_BEFORE_READ_BACK: u32 = 3;
/// Preloaded games whose events are expired at a time.
const HISTORY_GAMES_EXPIRED: usize = 2;

/// The player of one client.
pub struct HokmPlayer {
    pub(super) world: Arc<World>,
    pub(super) places: Vec<Place>,
    pub(super) memory: Memory,
    pub(super) main: Course,
    pub(super) side: Course,
    current: Current,
    pub(super) doubtful: Option<ReadBack>,
    random: Generator,
    balance: Balance,
    side_random: Generator,
    side_balance: Balance,
    pub(super) scratch: Scratch,
}

impl HokmPlayer {
    /// The player of client `client` of `clients`: every `clients`-th table is theirs; without a
    /// table, and for the seats that fill no table, they look after a lobby.
    pub fn new(world: Arc<World>, client: u32, clients: u32) -> HokmPlayer {
        let (tables, seed) = (world.profile.tables(), world.profile.seed);
        let own = (client..tables).step_by(clients.max(1) as usize);
        let mut places: Vec<Place> = own.map(|table| Place::started(&world, table)).collect();
        let spare = (world.profile.seats % 4) as u8;
        let has_spare = spare > 0 && tables % clients.max(1) == client;
        if places.is_empty() || has_spare {
            let seats = if has_spare { spare } else { 0 };
            places.push(Place::empty(&world, PlaceKind::Lobby { client, seats }));
        }
        let mut random = generator(seed, "hokm-wish", client.into());
        let ratio = world.profile.read_write_ratio;
        HokmPlayer {
            places,
            memory: Memory::default(),
            main: Course::default(),
            side: Course::default(),
            current: Current::Main,
            doubtful: None,
            balance: Balance::new(ratio, &mut random),
            random,
            side_random: generator(seed, "hokm-expire", client.into()),
            side_balance: Balance::even(ratio),
            scratch: Scratch::default(),
            world,
        }
    }

    fn plan_main(&mut self) {
        let index = self.random.random_range(0..self.places.len());
        let HokmPlayer { world, places, random, balance, main: course, .. } = self;
        let place = &mut places[index];
        Planner { world, place, index, random, balance, course }.plan();
    }

    /// Deletes sessions, then events, each in its own statement, and counts what that owes.
    fn plan_expire(&mut self, now: Duration) {
        self.side.begin(Action::Expire, 0);
        let after = Duration::from_secs(STALE_AFTER_S);
        self.side.facts.expiring.extend(self.memory.take_expirable(now, after));
        let (expiry, volume) = (&self.world.expiry, self.world.volume);
        for _ in 0..HISTORY_GAMES_EXPIRED {
            let Some(index) = expiry.next_history_game(volume.expirable_games()) else { break };
            let game = GameKey::History { index };
            let left = Fold::of_range(game.code(), 0, volume.events_per_game.into());
            let ended = Ended { game, left, at: now, is_uncertain: false };
            self.side.facts.expiring.push(ended);
        }
        self.side.open_group(Boundary::Autocommit);
        self.side.push(Step::SessionExpire);
        self.side.open_group(Boundary::Autocommit);
        self.side.push(Step::EventExpire);
        self.side_balance.count(0, 2);
    }

    fn plan_side_look(&mut self) {
        let HokmPlayer { world, places, side_random, side_balance, side, .. } = self;
        let (place, index) = (&mut places[0], 0);
        let (random, balance, course) = (side_random, side_balance, side);
        Planner { world, place, index, random, balance, course }.plan_look();
    }

    /// Chooses what is next, and says whether it is the main course.
    fn choose(&mut self, now: Duration) -> Current {
        if let Some(doubtful) = self.doubtful {
            return Current::ReadBack(doubtful);
        }
        if self.side.is_pending {
            return Current::Side;
        }
        if !self.balance.is_read_only() {
            if self.world.expiry.claim(now) {
                self.plan_expire(now);
                return Current::Side;
            }
            if self.side_balance.is_behind() {
                self.plan_side_look();
                return Current::Side;
            }
        }
        if !self.main.is_pending {
            self.plan_main();
        }
        Current::Main
    }

    /// The action that is under way did what was wanted.
    fn succeed(&mut self) {
        let HokmPlayer { world, places, memory, scratch, main, side, .. } = self;
        let course = if matches!(self.current, Current::Side) { side } else { main };
        let place = &mut places[course.place];
        let (now, is_measured) = (course.wished_at, course.is_measured);
        if is_measured && course.action.is_by_a_player() {
            memory.measured.actions += 1;
        }
        if course.action == Action::CreateGame && place.is_table() {
            place.begun = Some(now);
            memory.measured.games_started += u64::from(is_measured);
        }
        Scene { world, place, memory, scratch }.conclude(now, is_measured);
    }

    /// The action failed: what can't be mended by trying again must be looked at first.
    fn fail(&mut self, failure: &Failure) {
        let Current::Main = self.current else {
            // What can't be mended by trying again must not keep users from playing.
            if !failure.class.is_retryable() {
                self.side.is_pending = false;
                self.memory.queue.extend(self.side.facts.expiring.drain(..));
            }
            return;
        };
        let is_odd = failure.class == ErrorClass::Unexpected;
        if is_odd && self.main.action.is_look() {
            self.main.is_pending = false;
        } else if is_odd || self.main.failures.is_multiple_of(FAILURES_BEFORE_READ_BACK) {
            self.doubt(ReadBack::of_odd(self.main.place));
        }
    }

    fn doubt(&mut self, doubtful: ReadBack) {
        self.places[doubtful.place].must_read_back = true;
        self.doubtful = Some(doubtful);
    }
}

impl Player for HokmPlayer {
    type Request = Request;
    type Answer = Answer;

    fn wish(&mut self, moment: Moment) -> Wish {
        self.current = self.choose(moment.elapsed);
        let course = match self.current {
            Current::ReadBack(doubtful) => {
                let action = Action::ReadBack.number();
                return Wish { action, statements: doubtful.statements() };
            }
            Current::Main => &mut self.main,
            Current::Side => &mut self.side,
        };
        (course.wished_at, course.is_measured) = (moment.elapsed, moment.measured);
        let (reads, writes) = course.counts();
        Wish { action: course.action.number(), statements: reads + writes }
    }

    fn next(&mut self, last: Last<'_, Answer>, request: &mut Request) -> Next {
        if let (Current::ReadBack(_), Some(doubtful)) = (self.current, self.doubtful) {
            return self.read_back(doubtful, &last, request);
        }
        let HokmPlayer { world, places, memory, scratch, main, side, .. } = self;
        let course = if matches!(self.current, Current::Side) { side } else { main };
        let place = &mut places[course.place];
        let next = course.proceed(&last, &mut Scene { world, place, memory, scratch }, request);
        match &next {
            Next::Send => {}
            Next::Succeeded => self.succeed(),
            Next::Failed(failure) => self.fail(failure),
        }
        next
    }

    fn lost(&mut self, in_flight: bool, heard: &Answer) -> Loss {
        match self.current {
            Current::ReadBack(_) => Loss::Nothing,
            Current::Main => {
                let loss = self.main.lose(in_flight);
                if loss == Loss::Unknown {
                    self.doubt(ReadBack::of_lost(self.main.place, heard.process_id()));
                }
                loss
            }
            Current::Side => {
                let loss = self.side.lose(in_flight);
                if loss == Loss::Unknown {
                    self.side.is_in_doubt = false;
                    self.doubt_expiry();
                }
                loss
            }
        }
    }
}

impl HokmPlayer {
    /// An expiry was never answered: it will be done again, and what the first one took is not
    /// reported by the second.
    fn doubt_expiry(&mut self) {
        // Each of the two is a group of its own.
        let step = self.side.open_steps().next();
        match step {
            Some(Step::SessionExpire) => {
                self.memory.sessions_expired_unknown += u64::from(EXPIRE_SESSIONS_MOST);
            }
            Some(Step::EventExpire) => {
                let expiring = &mut self.side.facts.expiring;
                expiring.iter_mut().for_each(|ended| ended.is_uncertain = true);
            }
            _ => {}
        }
    }
}
