//! A user told as a story: an `async fn` whose only await points are answers.
//!
//! For people who would rather write what a user does from top to bottom than as a
//! [`Player`](engine::Player)'s steps. No runtime is behind it: one future per player lives as long
//! as the run and is polled when an answer is there, so a step allocates nothing. It costs two
//! copies of the answer and a lock that nobody else wants, some hundred nanoseconds a step.
//!
//! How it maps to the engine's accounting:
//! - `Ok` is an action that succeeded. A transaction that is open then is a slip of the story: it
//!   is rolled back and the action fails.
//! - `Err` is one that failed, after the transaction that was open has been rolled back. A
//!   serialization failure or a deadlock begins it again while tries are left: [`Story::act`] is
//!   called anew, with whatever the first try left in `self`.
//! - A connection that is lost, or the run's end, drops the future where it waits, and
//!   [`Story::lost`] says whether something may have been stored. That is so when an answer was
//!   outstanding to a COMMIT of a transaction that wrote, or to a write outside a transaction, as
//!   the kinds of the statements tell.

mod exchange;
mod player;
mod stories;

pub use exchange::{Talk, Told};
pub use player::StoryPlayer;
pub use stories::Stories;

use engine::{Loss, Moment, Wish};
use model::failure::{ErrorClass, Failure};
use model::random::Generator;
use wire::value::DecodeError;

/// What one user does.
pub trait Story: Send + 'static {
    /// Chooses the next action, by `random` where chance has a say: the first one, of one
    /// statement, as it is here.
    fn wish(&mut self, _moment: Moment, _random: &mut Generator) -> Wish {
        Wish { action: 0, statements: 1 }
    }

    /// Does it. `talk` is the only thing that may be waited for. What it draws from
    /// `talk.random` it draws again when the action begins again.
    ///
    /// # Errors
    /// The action failed, mostly with what [`Talk::ask`] returned.
    fn act(
        &mut self,
        action: u16,
        talk: &mut Talk,
    ) -> impl Future<Output = Result<(), Failed>> + Send;

    /// The action that was wished for will not happen: too late, or the run ended.
    fn skip(&mut self) {}

    /// The action was cut off where it waited. What it had acknowledged before is stored; of what
    /// it waited for, `loss` says what can be known.
    fn lost(&mut self, _loss: Loss) {}
}

/// Why an action failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed(pub(crate) Box<Failure>);

impl Failed {
    /// The answer is not what the rules of the story allow.
    pub fn unexpected(message: impl Into<String>) -> Failed {
        Failed(Box::new(Failure::new(ErrorClass::Unexpected, message)))
    }

    /// What it was.
    pub fn failure(&self) -> &Failure {
        &self.0
    }
}

impl From<&Failure> for Failed {
    fn from(failure: &Failure) -> Failed {
        Failed(Box::new(failure.clone()))
    }
}

impl From<DecodeError> for Failed {
    fn from(error: DecodeError) -> Failed {
        Failed::unexpected(format!("cannot read the answer: {error}"))
    }
}
