//! What is told of single actions.

use super::world::{MS, Reply, Run, closed, open};
use crate::action_log::Outcome;
use crate::settings::Load;
use std::time::Duration;

#[test]
fn a_note_has_the_four_times_of_its_action() {
    let warm_up = Duration::from_secs(1);
    let load = Load { noted_share: Some(1.0), warm_up, ..closed(1, 1) };
    let (_, heard) = Run::new(load, |_| Reply::After(7 * MS)).hear();
    let first = heard.notes.notes[0];
    assert_eq!(
        (first.intended_us, first.outcome, first.tries),
        (-1_000_000, Outcome::Succeeded, 1)
    );
    assert_eq!((first.wait_us, first.lateness_us), (Some(0), Some(0)));
    assert_eq!((first.service_us, first.response_us), (Some(7_000), Some(7_000)));
}

#[test]
fn every_scheduled_action_has_one_note_whatever_becomes_of_it() {
    let mut turn = 0;
    let script = move |_| {
        turn += 1;
        match turn % 60 {
            0 => Reply::Hangup,
            20 => Reply::Error(b"23505"),
            40 => Reply::Never,
            _ => Reply::After(30 * MS),
        }
    };
    let latency_limit = Some(Duration::from_millis(200));
    let load = Load { noted_share: Some(1.0), latency_limit, ..open(6, 5, 150.0) };
    let (measured, heard) = Run::new(load, script).hear();
    let counts = measured.all_actions().counts;
    let count =
        |outcome| heard.notes.notes.iter().filter(|note| note.outcome == outcome).count() as u64;
    assert_eq!((heard.notes.notes.len() as u64, heard.notes.dropped), (counts.scheduled, 0));
    assert_eq!(count(Outcome::Succeeded), counts.succeeded);
    assert_eq!(count(Outcome::Failed) + count(Outcome::Unknown), counts.failed);
    assert_eq!(
        (count(Outcome::Skipped), count(Outcome::Unfinished)),
        (counts.skipped, counts.unfinished)
    );
    assert!(counts.skipped > 0 && counts.failed > 0 && counts.unfinished > 0, "{counts:?}");
}

#[test]
fn a_share_is_drawn_by_the_seed() {
    let noted = || {
        let load = Load { noted_share: Some(0.1), ..open(4, 10, 1_000.0) };
        Run::new(load, |_| Reply::After(MS)).hear().1.notes
    };
    let notes = noted();
    assert!((900..1_100).contains(&notes.notes.len()), "{}", notes.notes.len());
    assert_eq!(noted(), notes);
}

#[test]
fn what_does_not_fit_is_dropped_and_counted() {
    // Nothing is answered, so all that is due is given up at once, at the end.
    let load = Load { noted_share: Some(1.0), ..open(1, 30, 10_000.0) };
    let (measured, heard) = Run::new(load, |_| Reply::Never).hear();
    let told = heard.notes.notes.len() as u64 + heard.notes.dropped;
    assert_eq!(told, measured.all_actions().counts.scheduled);
    assert!(heard.notes.dropped > 100_000, "{}", heard.notes.dropped);
}
