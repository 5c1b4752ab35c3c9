//! The seam to what users do: a player is asked for its next step, told the answer, asked again.
//!
//! No IO, no clock, no allocation per step: a player can be tested without a server. One player
//! belongs to one client (connection) for the whole run, through every reconnect, so what it
//! wishes depends on its own seed and answers only, never on timing.

use model::failure::Failure;
use std::time::Duration;

/// When an action is about to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Since the start of the warm-up.
    pub elapsed: Duration,
    /// True when its intended start lies in the measured window.
    pub measured: bool,
}

/// The next action that a player wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Its number in the catalogue.
    pub action: u16,
    /// How many of the workload's own statements it will send (transaction control aside): the
    /// slots that it takes of a schedule paced by statements. At least 1.
    pub statements: u32,
}

/// What happened since a player was last asked.
#[derive(Debug)]
pub enum Last<'a, A> {
    /// The action that was wished for begins now.
    Begin,
    /// The request is answered; errors of single statements stand in the answer.
    Answer(&'a A),
    /// The action failed in a way that another try may mend; it begins again from its start.
    Retry,
}

/// What a player wants now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// The request has been filled: send it.
    Send,
    /// The action is over and did what was wanted.
    Succeeded,
    /// The action is over and failed (a transaction that it had open has been rolled back). The
    /// engine tries again where the class allows and tries are left.
    Failed(Box<Failure>),
}

/// What a lost connection leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Nothing was stored by this action.
    Nothing,
    /// A commit (or an autocommit write) was sent and not answered: it may be stored or not.
    Unknown,
}

/// What one user does next.
pub trait Player: Send {
    /// The backend's request.
    type Request;
    /// The backend's answer.
    type Answer;

    /// Chooses the next action. It begins with [`Last::Begin`], or is given up by
    /// [`Player::skip`], before this is called again.
    fn wish(&mut self, moment: Moment) -> Wish;

    /// Fills `request` with the next step, or ends the action.
    fn next(&mut self, last: Last<'_, Self::Answer>, request: &mut Self::Request) -> Next;

    /// The wished action will not happen: it was hopelessly late, or the run ended.
    fn skip(&mut self) {}

    /// The connection is gone, or the run ended, while the action was under way. `in_flight`: a
    /// request was sent and not wholly answered. `heard` is the last that the connection told, be it
    /// when it was opened. The action is over.
    fn lost(&mut self, in_flight: bool, heard: &Self::Answer) -> Loss;
}
