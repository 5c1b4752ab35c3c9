//! What a thread notes of single actions, for whoever wants a line of each.
//!
//! Notes are of fixed size and gathered in memory that is bounded: what does not fit is counted.
//! They leave with the interval's books; writing them anywhere is not for the engine.

use crate::client::Current;
use model::random::Generator;
use model::sample::Phase;
use rand::RngExt as _;

/// So many notes of one thread may wait for the coordinator, some 9 MB: a second of more actions
/// than a thread can carry.
const MOST: usize = 131_072;

/// How an action ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Answered as the workload wants it.
    Succeeded,
    /// Answered with an error, or the connection went away.
    Failed,
    /// The same, and it may have been stored or not.
    Unknown,
    /// Too late, never sent.
    Skipped,
    /// No answer when the run ended.
    Unfinished,
}

/// One action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionNote {
    /// Its intended start, µs since measuring began; negative in the warm-up.
    pub intended_us: i64,
    /// Whose it was, from 0.
    pub client: u32,
    /// Which, by its number in the catalogue.
    pub action: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// How often it began; 0 when it never did.
    pub tries: u32,
    /// Intended start to a connection being free, µs; none when it was not sent, as below.
    pub wait_us: Option<u32>,
    /// The later of those two to sent.
    pub lateness_us: Option<u32>,
    /// Sent to last byte; none also without an answer.
    pub service_us: Option<u32>,
    /// Intended start to its end; none when it never ended.
    pub response_us: Option<u32>,
}

/// What one thread hands over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// In the order in which the actions ended.
    pub notes: Vec<ActionNote>,
    /// Actions that were to be noted and did not fit.
    pub dropped: u64,
}

/// Gathers notes.
#[derive(Debug)]
pub(crate) struct ActionLog {
    share: f64,
    generator: Generator,
    first_client: u32,
    pub(crate) measuring_ns: u64,
    gathered: Notes,
}

impl ActionLog {
    /// Notes a share (above 0, up to 1) of the actions of clients from number `first_client` on.
    pub(crate) fn new(share: f64, generator: Generator, first_client: u32) -> ActionLog {
        let gathered = Notes::default();
        ActionLog { share, generator, first_client, measuring_ns: 0, gathered }
    }

    /// An action ended at `at_ns`.
    pub(crate) fn note(&mut self, client: usize, of: &Current, outcome: Outcome, at_ns: u64) {
        if self.share < 1.0 && self.generator.random::<f64>() >= self.share {
            return;
        }
        if self.gathered.notes.len() >= MOST {
            self.gathered.dropped += 1;
            return;
        }
        let us =
            |from: u64, to: u64| u32::try_from(to.saturating_sub(from) / 1000).unwrap_or(u32::MAX);
        let ready_ns = of.intended_ns.max(of.free_ns);
        let sent_ns = of.first_sent_ns;
        let has_ended = !matches!(outcome, Outcome::Skipped | Outcome::Unfinished);
        self.gathered.notes.push(ActionNote {
            intended_us: (of.intended_ns as i64 - self.measuring_ns as i64).div_euclid(1000),
            client: self.first_client + client as u32,
            action: of.action,
            outcome,
            tries: of.tries,
            wait_us: sent_ns.map(|_| us(of.intended_ns, ready_ns)),
            lateness_us: sent_ns.map(|sent_ns| us(ready_ns, sent_ns)),
            service_us: sent_ns.filter(|_| has_ended).map(|sent_ns| us(sent_ns, at_ns)),
            response_us: has_ended.then(|| us(of.intended_ns, at_ns)),
        });
    }

    /// An action that was never begun: skipped, or unfinished.
    pub(crate) fn note_unsent(
        &mut self,
        client: usize,
        (action, phase): (u16, Phase),
        outcome: Outcome,
        intended_ns: u64,
    ) {
        let (free_ns, first_sent_ns, tries) = (intended_ns, None, 0);
        let current = Current { action, phase, intended_ns, free_ns, first_sent_ns, tries };
        self.note(client, &current, outcome, intended_ns);
    }

    /// All since the last time. The next takes as much room at once: no growing on the way.
    pub(crate) fn take(&mut self) -> Notes {
        let room = self.gathered.notes.len();
        let next = Notes { notes: Vec::with_capacity(room), dropped: 0 };
        std::mem::replace(&mut self.gathered, next)
    }

    /// Takes back what could not be handed over.
    pub(crate) fn put_back(&mut self, notes: Notes) {
        self.gathered = notes;
    }
}
