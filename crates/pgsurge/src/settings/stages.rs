//! Staged rates and numbers of users as text: `30s:100,2m:500,30s:0`, in k6's meaning.
//!
//! Each stage is a straight line from the target before it (the first from 0) to its own; a stage
//! of no length jumps there.

use super::keys::MAX_CONNECTIONS;
use super::span::{self, Bare};
use model::plan::{Stage, UserStage};
use std::time::Duration;

/// The fastest rate that makes sense to ask of one client machine.
pub const MAX_PER_S: f64 = 10_000_000.0;
/// More stages than this is a slip of whatever wrote them.
const MAX_STAGES: usize = 1_000;

/// The stages that `text` lists.
pub fn parse(text: &str) -> Option<Vec<Stage>> {
    let stages: Option<Vec<Stage>> = text.split(',').map(stage).collect();
    stages.filter(|it| sensible(it))
}

/// One stage: a span, a colon, a rate.
fn stage(text: &str) -> Option<Stage> {
    let (length, target) = text.split_once(':')?;
    make(length, target.trim())
}

/// A stage of a length and a target, both still text.
pub fn make(length: &str, target: &str) -> Option<Stage> {
    let target_per_s: f64 = target.parse().ok()?;
    let fits = (0.0..=MAX_PER_S).contains(&target_per_s);
    let duration = span::parse(length, Bare::Refused)?;
    fits.then_some(Stage { duration, target_per_s })
}

/// The same stages as numbers of users: whole ones, and no more than there may be connections.
pub fn users(stages: &[Stage]) -> Option<Vec<UserStage>> {
    let user_stage = |stage: &Stage| {
        let target = stage.target_per_s;
        let fits = target.fract() == 0.0 && target <= MAX_CONNECTIONS as f64;
        // It is whole, not negative, and below 2^32.
        fits.then_some(UserStage { duration: stage.duration, target_users: target as u32 })
    };
    stages.iter().map(user_stage).collect()
}

/// Whether the stages take some time and offer some load.
pub fn sensible(stages: &[Stage]) -> bool {
    let busy = stages.iter().any(|it| it.target_per_s > 0.0);
    busy && stages.len() <= MAX_STAGES && length(stages).is_some_and(|it| !it.is_zero())
}

/// How long all of them take; none beyond what a duration holds.
pub fn length(stages: &[Stage]) -> Option<Duration> {
    sum(stages.iter().map(|it| it.duration))
}

/// The same of numbers of users.
pub fn length_of_users(stages: &[UserStage]) -> Option<Duration> {
    sum(stages.iter().map(|it| it.duration))
}

fn sum(mut lengths: impl Iterator<Item = Duration>) -> Option<Duration> {
    lengths.try_fold(Duration::ZERO, |sum, it| sum.checked_add(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_read_in_order() {
        let stages = parse("30s:100, 0s:250,2m:500.5").unwrap();
        let shown: Vec<_> =
            stages.iter().map(|it| (it.duration.as_secs(), it.target_per_s)).collect();
        assert_eq!(shown, [(30, 100.0), (0, 250.0), (120, 500.5)]);
        assert_eq!(length(&stages), Some(Duration::from_secs(150)));
    }

    #[test]
    fn users_are_whole_and_no_more_than_there_may_be_connections() {
        let read = |text| users(&parse(text).unwrap()).map(|all| all[0].target_users);
        assert_eq!((read("1s:5"), read("1s:5.0"), read("1s:2.5")), (Some(5), Some(5), None));
        assert_eq!((read("1s:100000"), read("1s:100001")), (Some(100_000), None));
    }

    #[test]
    fn stages_that_offer_nothing_or_take_no_time_are_refused() {
        let slips = [
            "", "30s", "30s:", ":5", "30s:-1", "30s:x", "30:5", "0s:5", "30s:0", "30s:5,",
            "1s:NaN", "1s:inf", "1s:1e9",
        ];
        for text in slips {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
