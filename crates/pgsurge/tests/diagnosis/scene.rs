//! A scene, and the stage that plays them one after another.

use crate::seen::Seen;
use model::finding::{Finding, Severity};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// What the rule of a scene is to be among the findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The first; of those that can limit, the one that is named as the primary bottleneck.
    Leads,
    /// Among them: what it says is true besides what leads, or worth no more than knowing.
    Found,
}

/// A condition, made on a real server.
pub struct Scene {
    /// A sentence.
    pub name: &'static str,
    /// The rule that has to see it; none for a load that nothing is wrong with.
    pub rule: Option<(&'static str, Place)>,
    /// What else is true of it, so that finding it is no false alarm.
    pub also: &'static [&'static str],
    /// Makes it, and holds the numbers of the finding to what it knows itself.
    pub play: fn() -> Seen,
}

/// What became of a scene.
pub struct Outcome {
    pub scene: &'static Scene,
    /// What it came to, where it came to anything.
    pub findings: Vec<Finding>,
    /// Rules that fired without a reason, of more than low severity.
    pub false_alarms: Vec<String>,
    /// Why it failed.
    pub failure: Option<String>,
}

/// What the machine may do to any run: no scene can keep others from its CPUs.
const OF_THE_MACHINE: [&str; 1] = ["cpu_stolen"];
/// Scenes are loads of one statement, or one and its company: that it takes most of the time is true
/// of them, and not what they are about.
const OF_SCENES: &str = "dominant_statement";

/// Plays them.
pub fn play(scenes: &[&'static Scene]) -> Vec<Outcome> {
    scenes.iter().map(|scene| one(scene)).collect()
}

fn one(scene: &'static Scene) -> Outcome {
    let began = Instant::now();
    let played = catch_unwind(AssertUnwindSafe(scene.play));
    let mut outcome =
        Outcome { scene, findings: Vec::new(), false_alarms: Vec::new(), failure: None };
    match played {
        Ok(seen) => {
            outcome.findings = seen.findings().to_vec();
            outcome.false_alarms = false_alarms(scene, &outcome.findings);
            outcome.failure = complaint(scene, &seen, &outcome.false_alarms);
        }
        // The panic has told why.
        Err(_) => outcome.failure = Some("its numbers are not true".to_owned()),
    }
    let word = if outcome.failure.is_some() { "FAILED" } else { "ok" };
    println!("{}: {word} ({:.1} s)", scene.name, began.elapsed().as_secs_f64());
    if let Some(failure) = &outcome.failure {
        println!("  {}", failure.replace('\n', "\n  "));
    }
    outcome
}

fn complaint(scene: &Scene, seen: &Seen, false_alarms: &[String]) -> Option<String> {
    let mut wrong = Vec::new();
    let primary = seen.primary();
    match scene.rule {
        Some((rule, Place::Leads)) => {
            let first = seen.findings().first().map(|it| it.code.as_str());
            if first != Some(rule) || primary.is_some_and(|it| it != rule) {
                wrong.push(format!("{rule} does not lead"));
            }
        }
        Some((rule, Place::Found)) => {
            if !seen.findings().iter().any(|it| it.code == rule) {
                wrong.push(format!("{rule} was not found"));
            }
        }
        None if primary.is_some() => wrong.push(format!("{primary:?} is said to limit")),
        None => {}
    }
    if !false_alarms.is_empty() {
        wrong.push(format!("false alarms: {}", false_alarms.join(", ")));
    }
    (!wrong.is_empty()).then(|| format!("{}\n{}", wrong.join("; "), seen.told()))
}

fn false_alarms(scene: &Scene, findings: &[Finding]) -> Vec<String> {
    let is_false = |it: &&Finding| {
        it.severity > Severity::Low
            && scene.rule.is_none_or(|(rule, _)| rule != it.code)
            && !scene.also.contains(&it.code.as_str())
            && !OF_THE_MACHINE.contains(&it.code.as_str())
            && (scene.rule.is_none() || it.code != OF_SCENES)
    };
    findings.iter().filter(is_false).map(|it| it.code.clone()).collect()
}
