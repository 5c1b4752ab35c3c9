//! The names that a run's actions and statements have, for limits that name one.

use super::nearest_of;
use model::threshold::Threshold;

/// The names of a run's operations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operations {
    /// Of its actions.
    pub actions: Vec<String>,
    /// Of its statements, transaction control included.
    pub statements: Vec<String>,
}

impl Operations {
    /// What to say of a threshold on an action or a statement that the run does not have; none
    /// where it has it, or the threshold is on something else.
    pub fn unknown(&self, threshold: &Threshold) -> Option<String> {
        let under = |section| threshold.metric.strip_prefix(section);
        let (rest, names, what) = match under("load_metrics.actions.") {
            Some(rest) => (rest, &self.actions, "action"),
            None => (under("load_metrics.statements.")?, &self.statements, "statement"),
        };
        let name = rest.split('.').next().unwrap_or(rest);
        if names.iter().any(|it| it == name) {
            return None;
        }
        let nearest = nearest_of(name, names.iter().map(String::as_str));
        Some(format!("the workload has no {what} \"{name}\"; did you mean \"{nearest}\"?"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thresholds::parse;

    #[test]
    fn a_name_that_the_run_does_not_have_is_told_with_the_nearest_that_it_has() {
        let names = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect();
        let run = Operations {
            actions: names(&["play_card", "join_game"]),
            statements: names(&["begin", "game_save"]),
        };
        let told = |text: &str| run.unknown(&parse(text).unwrap());
        for known in ["action.play_card.p99 < 1ms", "statement.begin.p99 < 1ms", "p99 < 1ms"] {
            assert_eq!(told(known), None, "{known}");
        }
        let slip = told("action.play_crad.p99 < 1ms").unwrap();
        assert!(slip.contains("no action \"play_crad\"; did you mean \"play_card\"?"), "{slip}");
        assert!(told("load_metrics.statements.game_sav.count > 1").unwrap().contains("game_save"));
    }
}
