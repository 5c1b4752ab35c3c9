//! An action under way: its steps in order, where transactions begin and end, and how far it is.
//!
//! ```text
//! Idle ─> Sent ─> Sent … ─> Idle (succeeded)
//!           └─> Undoing ─> Idle (failed)
//! ```
//! A group is what commits together. What a group changes is remembered only when its commit is
//! answered; a retry begins again at the first group that is not committed, with the same content.

use super::actions::Action;
use super::memory::Ended;
use super::scene::Scene;
use super::state::State;
use super::step::Step;
use crate::postgres::{Answer, Request};
use engine::{Last, Loss, Next};
use model::failure::{ErrorClass, Failure};
use std::ops::Range;
use std::time::Duration;

/// What holds a group of steps together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// Nothing: at most one of its steps writes.
    Autocommit,
    /// BEGIN and COMMIT.
    Transaction,
    /// BEGIN and, on purpose, ROLLBACK.
    Undone,
}

/// A step in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Planned {
    step: Step,
    group: usize,
    /// It needs an earlier answer, and so a round trip of its own.
    waits: bool,
}

#[derive(Debug, Default)]
enum Stage {
    /// Nothing is on its way.
    #[default]
    Idle,
    /// A request is.
    Sent,
    /// A rollback is, because of this.
    Undoing(Box<Failure>),
}

/// What an action will change when it is committed.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The state it leads to, where it stores one.
    pub after: State,
    /// The ended games whose events it expires.
    pub expiring: Vec<Ended>,
}

/// One action, from its wish to its end.
#[derive(Debug)]
pub struct Course {
    /// Which.
    pub action: Action,
    /// The place it happens at.
    pub place: usize,
    /// What it will change.
    pub facts: Facts,
    /// When it was wished for.
    pub wished_at: Duration,
    /// Whether that lies in the measured window.
    pub is_measured: bool,
    /// Whether it is still to be done, in whole or in part.
    pub is_pending: bool,
    /// How often it has failed.
    pub failures: u32,
    /// A commit was sent and not answered: the group at `done` may be stored.
    pub is_in_doubt: bool,
    steps: Vec<Planned>,
    groups: Vec<Boundary>,
    /// All steps before this one are committed.
    done: usize,
    /// The next step to be sent.
    next: usize,
    sent: Range<usize>,
    first_reply: usize,
    stage: Stage,
    /// The answer that was not what it must be.
    fault: Option<String>,
}

impl Default for Course {
    /// A course with nothing to do.
    fn default() -> Course {
        Course {
            action: Action::LookPlayerStats,
            place: 0,
            facts: Facts { after: State::waiting(), expiring: Vec::new() },
            wished_at: Duration::ZERO,
            is_measured: false,
            is_pending: false,
            failures: 0,
            is_in_doubt: false,
            steps: Vec::new(),
            groups: Vec::new(),
            done: 0,
            next: 0,
            sent: 0..0,
            first_reply: 0,
            stage: Stage::Idle,
            fault: None,
        }
    }
}

impl Course {
    /// Forgets what was, for a new action.
    pub fn begin(&mut self, action: Action, place: usize) {
        (self.action, self.place) = (action, place);
        self.facts.expiring.clear();
        (self.is_pending, self.is_in_doubt, self.failures) = (true, false, 0);
        self.steps.clear();
        self.groups.clear();
        (self.done, self.next, self.sent) = (0, 0, 0..0);
        (self.stage, self.fault) = (Stage::Idle, None);
    }

    /// Begins a group; the steps that follow belong to it.
    pub fn open_group(&mut self, boundary: Boundary) {
        self.groups.push(boundary);
    }

    /// Adds a step to the last group.
    pub fn push(&mut self, step: Step) {
        let group = self.groups.len().saturating_sub(1);
        self.steps.push(Planned { step, group, waits: false });
    }

    /// Adds a step that needs the answers before it.
    pub fn push_waiting(&mut self, step: Step) {
        self.push(step);
        if let Some(planned) = self.steps.last_mut() {
            planned.waits = true;
        }
    }

    /// Cuts all steps into transactions of the sizes drawn; returns how many more statements the
    /// last one must get to have its size.
    pub fn cut_into_transactions(&mut self, mut size: impl FnMut() -> usize) -> usize {
        self.groups.clear();
        let mut room = 0;
        for planned in &mut self.steps {
            if room == 0 {
                room = size().max(1);
                self.groups.push(Boundary::Transaction);
            }
            room -= 1;
            planned.group = self.groups.len() - 1;
        }
        room
    }

    /// Reads and writes that are still to be sent.
    pub fn counts(&self) -> (u32, u32) {
        let left = &self.steps[self.done..];
        let reads = left.iter().filter(|planned| planned.step.is_read()).count();
        (reads as u32, (left.len() - reads) as u32)
    }

    /// The steps of the group that is not yet committed.
    pub fn open_steps(&self) -> impl Iterator<Item = Step> + '_ {
        self.steps[self.done..self.group_end(self.done)].iter().map(|planned| planned.step)
    }

    /// Whether the group that is not yet committed is to be undone.
    pub fn is_undone(&self) -> bool {
        self.boundary(self.done) == Some(Boundary::Undone)
    }

    /// Whether every step is committed.
    pub fn is_done(&self) -> bool {
        self.done == self.steps.len()
    }

    /// Takes the open group for committed. Returns whether that was the last.
    pub fn skip_group(&mut self) -> bool {
        self.done = self.group_end(self.done);
        self.next = self.done;
        self.is_in_doubt = false;
        self.is_done()
    }

    /// The next request, or how it ended.
    pub fn proceed(
        &mut self,
        last: &Last<'_, Answer>,
        scene: &mut Scene<'_>,
        request: &mut Request,
    ) -> Next {
        match last {
            Last::Begin | Last::Retry => {
                (self.next, self.fault) = (self.done, None);
                self.send(scene, request)
            }
            Last::Answer(answer) => self.receive(answer, scene, request),
        }
    }

    fn receive(&mut self, answer: &Answer, scene: &mut Scene<'_>, request: &mut Request) -> Next {
        if let Stage::Undoing(failure) = std::mem::take(&mut self.stage) {
            return self.fail(failure);
        }
        if let Some(failure) = answer.failure() {
            return self.undo(failure.clone(), answer, request);
        }
        self.check(answer, scene);
        if self.next == self.group_end(self.done) {
            self.commit(answer, scene);
        }
        if let Some(fault) = self.fault.take() {
            let failure = Failure::new(ErrorClass::Unexpected, fault);
            return self.undo(failure, answer, request);
        }
        if self.is_done() {
            self.is_pending = false;
            return Next::Succeeded;
        }
        self.send(scene, request)
    }

    /// Sends what may travel together: to the end of the group, or to a step that waits.
    fn send(&mut self, scene: &mut Scene<'_>, request: &mut Request) -> Next {
        let Some(boundary) = self.boundary(self.next) else {
            self.is_pending = false;
            return Next::Succeeded;
        };
        let end = self.group_end(self.next);
        let (start, explicit) = (self.next, boundary != Boundary::Autocommit);
        if explicit && start == self.done {
            request.begin();
        }
        self.first_reply = request.len();
        let mut seq = scene.place.seq + self.events(self.done..start);
        while self.next < end && (self.next == start || !self.steps[self.next].waits) {
            let step = self.steps[self.next].step;
            scene.encode(step, &self.facts, seq, request);
            seq += step.events();
            self.next += 1;
        }
        self.sent = start..self.next;
        match boundary {
            Boundary::Transaction if self.next == end => request.commit(),
            Boundary::Undone if self.next == end => request.rollback(),
            _ => {}
        }
        self.stage = Stage::Sent;
        Next::Send
    }

    fn check(&mut self, answer: &Answer, scene: &mut Scene<'_>) {
        let undone = self.is_undone();
        for index in self.sent.clone() {
            let step = self.steps[index].step;
            let earlier = &self.steps[self.done..index];
            let stored = earlier.iter().any(|planned| planned.step.stores_state());
            let expected = if stored { self.facts.after } else { scene.place.state };
            let reply = answer.reply(self.first_reply + index - self.sent.start);
            // What an undone transaction shows to itself is nobody's state.
            let looks = undone && stored && step.is_read();
            let fault = match reply {
                _ if looks => None,
                Some(reply) => scene.fault(step, &expected, reply),
                None => Some("was not answered".to_owned()),
            };
            let fault = fault.map(|fault| scene.describe(step, &fault));
            let tally = match step {
                Step::RollbackCheck => &mut scene.memory.rollback_looks,
                _ => &mut scene.memory.answers,
            };
            tally.expect(fault.is_none(), || fault.clone().unwrap_or_default());
            if self.fault.is_none() {
                self.fault = fault;
            }
        }
    }

    /// The group's end is answered: what it changed is acknowledged now.
    fn commit(&mut self, answer: &Answer, scene: &mut Scene<'_>) {
        let end = self.group_end(self.done);
        if self.is_undone() {
            scene.memory.rollbacks += 1;
        } else {
            for index in self.done..end {
                let sent_now = index.checked_sub(self.sent.start);
                let reply = sent_now.and_then(|at| answer.reply(self.first_reply + at));
                scene.acknowledge(self.steps[index].step, &mut self.facts, reply);
            }
        }
        self.skip_group();
    }

    /// Rolls back what is open, then fails.
    fn undo(&mut self, failure: Failure, answer: &Answer, request: &mut Request) -> Next {
        let failure = Box::new(failure);
        if !answer.in_transaction() {
            return self.fail(failure);
        }
        request.rollback();
        self.sent = 0..0;
        self.stage = Stage::Undoing(failure);
        Next::Send
    }

    fn fail(&mut self, failure: Box<Failure>) -> Next {
        self.stage = Stage::Idle;
        self.next = self.done;
        self.failures += 1;
        Next::Failed(failure)
    }

    /// The connection is gone. Says whether something may be stored all the same.
    pub fn lose(&mut self, in_flight: bool) -> Loss {
        let sent = matches!(std::mem::take(&mut self.stage), Stage::Sent) && in_flight;
        let end = self.group_end(self.done);
        let ends = !self.sent.is_empty() && self.sent.end == end;
        let keeps = self.boundary(self.done).is_some_and(|it| it != Boundary::Undone);
        let writes = self.open_steps().any(|step| !step.is_read());
        self.next = self.done;
        if sent && ends && keeps && writes {
            self.is_in_doubt = true;
            return Loss::Unknown;
        }
        Loss::Nothing
    }

    fn boundary(&self, step: usize) -> Option<Boundary> {
        self.groups.get(self.steps.get(step)?.group).copied()
    }

    /// Where the group of a step ends.
    fn group_end(&self, step: usize) -> usize {
        let Some(planned) = self.steps.get(step) else { return self.steps.len() };
        let rest = &self.steps[step..];
        let inside = rest.iter().take_while(|other| other.group == planned.group).count();
        step + inside
    }

    fn events(&self, steps: Range<usize>) -> u64 {
        self.steps[steps].iter().map(|planned| planned.step.events()).sum()
    }
}
