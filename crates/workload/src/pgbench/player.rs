//! One pgbench client: draws its numbers, sends its script step by step, counts what it was told.

use super::PgbenchOptions;
use super::script::{Numbers, Script, Step};
use super::tables::{ACCOUNTS_PER_BRANCH, TELLERS_PER_BRANCH};
use crate::postgres::{Answer, Request};
use engine::{Last, Loss, Moment, Next, Player, Wish};
use model::failure::{ErrorClass, Failure};
use model::random::{Generator, generator};
use rand::RngExt;
use std::ops::AddAssign;

/// What one player remembers of what it did, in memory that does not grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Transactions whose END was acknowledged.
    pub acknowledged: u64,
    /// The sum of their deltas.
    pub acknowledged_delta: i64,
    /// Transactions whose END was sent and never answered.
    pub unknown: u64,
    /// The sum of their negative deltas: the least that they may have added.
    pub unknown_delta_least: i64,
    /// The sum of their positive deltas: the most.
    pub unknown_delta_most: i64,
    /// Statements answered that address one row by its key.
    pub keyed: u64,
    /// Of those: that did not find exactly one row.
    pub keyed_wrong: u64,
}

impl AddAssign<&Count> for Count {
    fn add_assign(&mut self, other: &Count) {
        self.acknowledged += other.acknowledged;
        self.acknowledged_delta += other.acknowledged_delta;
        self.unknown += other.unknown;
        self.unknown_delta_least += other.unknown_delta_least;
        self.unknown_delta_most += other.unknown_delta_most;
        self.keyed += other.keyed;
        self.keyed_wrong += other.keyed_wrong;
    }
}

/// A client of one or several scripts.
#[derive(Debug)]
pub struct PgbenchPlayer {
    scripts: Vec<(Script, u32)>,
    numbers: Numbers,
    weights: u32,
    scale: i64,
    random: Generator,
    script: Script,
    draw: Draw,
    /// Whether all steps travel in one round trip.
    pipeline: bool,
    /// The first step whose answer comes next.
    step: usize,
    /// How many steps are answered with it.
    sent: usize,
    /// Why the transaction that is being rolled back failed.
    failing: Option<Box<Failure>>,
    count: Count,
}

/// The numbers of one transaction, kept for another try.
#[derive(Clone, Copy, Debug, Default)]
struct Draw {
    aid: i64,
    bid: i32,
    tid: i32,
    delta: i32,
}

impl PgbenchPlayer {
    pub(super) fn new(options: &PgbenchOptions, scale: u32, client: u32) -> PgbenchPlayer {
        let scripts = &options.scripts;
        PgbenchPlayer {
            scripts: scripts.clone(),
            numbers: Numbers::of(scripts),
            weights: scripts.iter().map(|(_, weight)| weight).sum(),
            scale: i64::from(scale),
            random: generator(options.seed, "pgbench", u64::from(client)),
            script: Script::SelectOnly,
            draw: Draw::default(),
            pipeline: options.pipeline,
            step: 0,
            sent: 0,
            failing: None,
            count: Count::default(),
        }
    }

    /// What it did so far.
    pub fn count(&self) -> &Count {
        &self.count
    }

    /// Chooses a script by weight; the number of weights is small.
    fn choose(&mut self) -> usize {
        if let [_] = self.scripts.as_slice() {
            return 0;
        }
        let mut at = self.random.random_range(0..self.weights);
        let chosen = self.scripts.iter().position(|(_, weight)| match at.checked_sub(*weight) {
            Some(rest) => {
                at = rest;
                false
            }
            None => true,
        });
        chosen.unwrap_or(0)
    }

    /// In pgbench's order; select-only draws its account only.
    fn draw(&mut self) {
        let (scale, random) = (self.scale, &mut self.random);
        self.draw.aid = random.random_range(1..=ACCOUNTS_PER_BRANCH * scale);
        if self.script.writes() {
            // MAX_SCALE times 10 fits.
            self.draw.bid = random.random_range(1..=scale) as i32;
            self.draw.tid = random.random_range(1..=TELLERS_PER_BRANCH * scale) as i32;
            self.draw.delta = random.random_range(-5000..=5000);
        }
    }

    /// Sends the next step, or all that are left.
    fn send(&mut self, request: &mut Request) -> Next {
        let left = &self.script.steps()[self.step..];
        self.sent = if self.pipeline { left.len() } else { 1 };
        left[..self.sent].iter().for_each(|step| self.call(*step, request));
        Next::Send
    }

    fn call(&self, step: Step, request: &mut Request) {
        let Draw { aid, bid, tid, delta } = self.draw;
        let call = request.call(self.numbers.get(step));
        match step {
            Step::Begin | Step::End => call.end(),
            Step::AccountSelect => call.int8(aid).end(),
            Step::AccountUpdate => call.int4(delta).int8(aid).end(),
            Step::TellerUpdate => call.int4(delta).int4(tid).end(),
            Step::BranchUpdate => call.int4(delta).int4(bid).end(),
            Step::HistoryInsert => call.int4(tid).int4(bid).int8(aid).int4(delta).end(),
        }
    }

    /// Takes the answer to what was sent, and goes on with the next.
    fn proceed(&mut self, answer: &Answer, request: &mut Request) -> Next {
        if let Some(failure) = self.failing.take() {
            // The rollback is answered. Had it failed, the connection would not be usable.
            return Next::Failed(failure);
        }
        if let Some(failure) = answer.failure() {
            return self.give_up(failure.clone(), answer, request);
        }
        let wrong = self.check(answer);
        self.step += self.sent;
        let is_over = self.step == self.script.steps().len();
        if is_over && self.script.writes() {
            // Whatever its steps found, it is stored.
            self.count.acknowledged += 1;
            self.count.acknowledged_delta += i64::from(self.draw.delta);
        }
        match wrong {
            Some(failure) => self.give_up(failure, answer, request),
            None if is_over => Next::Succeeded,
            None => self.send(request),
        }
    }

    /// Counts the keys that were looked for, and says what is wrong with the first that did not
    /// find its one row.
    fn check(&mut self, answer: &Answer) -> Option<Failure> {
        let steps = &self.script.steps()[self.step..self.step + self.sent];
        let mut wrong = None;
        for (index, step) in steps.iter().enumerate() {
            if matches!(step, Step::Begin | Step::HistoryInsert | Step::End) {
                continue;
            }
            self.count.keyed += 1;
            let found = answer.reply(index).map_or(0, |reply| reply.affected());
            if found != 1 {
                self.count.keyed_wrong += 1;
                wrong.get_or_insert(found);
            }
        }
        wrong.map(|found| {
            let message = format!("{found} rows have one key: do the tables fit the scale?");
            Failure::new(ErrorClass::Unexpected, message)
        })
    }

    /// Ends the action; a transaction that is still open is rolled back first.
    fn give_up(&mut self, failure: Failure, answer: &Answer, request: &mut Request) -> Next {
        let failure = Box::new(failure);
        if !answer.in_transaction() {
            return Next::Failed(failure);
        }
        self.failing = Some(failure);
        request.rollback();
        Next::Send
    }
}

impl Player for PgbenchPlayer {
    type Request = Request;
    type Answer = Answer;

    #[inline]
    fn wish(&mut self, _moment: Moment) -> Wish {
        let action = self.choose();
        self.script = self.scripts[action].0;
        self.draw();
        // There are three scripts at most.
        Wish { action: action as u16, statements: self.script.slots() }
    }

    #[inline]
    fn next(&mut self, last: Last<'_, Answer>, request: &mut Request) -> Next {
        match last {
            Last::Answer(answer) => self.proceed(answer, request),
            Last::Begin | Last::Retry => {
                self.step = 0;
                self.failing = None;
                self.send(request)
            }
        }
    }

    fn lost(&mut self, in_flight: bool, _heard: &Answer) -> Loss {
        let rolling_back = self.failing.take().is_some();
        let under_way = self.script.steps().get(self.step..self.step + self.sent);
        let ending = under_way.is_some_and(|steps| steps.contains(&Step::End));
        if !in_flight || rolling_back || !ending {
            return Loss::Nothing;
        }
        let delta = i64::from(self.draw.delta);
        self.count.unknown += 1;
        self.count.unknown_delta_least += delta.min(0);
        self.count.unknown_delta_most += delta.max(0);
        Loss::Unknown
    }
}
