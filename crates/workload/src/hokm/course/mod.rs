//! An action under way: its steps in order, where transactions begin and end, and how far it is.
//!
//! ```text
//! Idle ─> Sent ─> Sent … ─> Idle (succeeded)
//!           └─> Undoing ─> Idle (failed)
//! ```
//! A group is what commits together. What a group changes is remembered only when its commit is
//! answered; a retry begins again at the first group that is not committed, with the same content.

mod run;

use super::actions::Action;
use super::memory::Ended;
use super::state::State;
use super::step::Step;
use model::failure::Failure;
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
