//! What may be stored or not: the group of an action whose commit was never answered.

use super::course::Course;
use super::place::Place;
use super::state::State;
use super::step::Step;

/// A group in doubt.
#[derive(Clone, Debug, Default)]
pub struct Doubt {
    /// Its steps.
    pub steps: Vec<Step>,
    /// The state, where the group stores one.
    pub after: Option<State>,
    /// How many events it appends.
    pub events: u64,
}

impl Doubt {
    /// The open group of an action.
    pub fn of(course: &Course) -> Doubt {
        let steps: Vec<Step> = course.open_steps().collect();
        let stores = steps.iter().any(|step| step.stores_state());
        let events = steps.iter().map(|step| step.events()).sum();
        Doubt { after: stores.then_some(course.facts.after), events, steps }
    }

    /// Whether it has such a step.
    pub fn has(&self, wanted: impl Fn(&Step) -> bool) -> bool {
        self.steps.iter().any(wanted)
    }
}

/// A game that nobody goes on with, as a commit may still change it.
#[derive(Clone, Debug)]
pub struct GivenUp {
    /// As it was acknowledged.
    pub place: Place,
    /// What the commit would add.
    pub doubt: Doubt,
}
