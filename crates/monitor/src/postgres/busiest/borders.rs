//! When the next look is due: every ten seconds of a stage, and where one stage ends and the next
//! begins, so that no window holds parts of two.

use model::run_result::StagePlan;

/// How long a window is.
const WINDOW_S: f64 = 10.0;
/// A window that would be shorter joins the one before it: a server may take a second to tell what
/// happened to its tables.
const SHORTEST_S: f64 = 1.0;
/// Moments are rounded to ms.
const ROUNDING_S: f64 = 0.0005;

/// The first border after a moment, in seconds since measuring began; infinite where none is left.
/// The end of the last stage is none: what comes after the load closes its last window.
pub(super) fn after(stages: &[StagePlan], at_s: f64) -> f64 {
    let at_s = at_s + ROUNDING_S;
    let ends = |stage: &StagePlan| stage.from_s + stage.length_s;
    let Some(stage) = stages.iter().find(|stage| at_s < ends(stage)) else { return f64::INFINITY };
    let windows = ((at_s - stage.from_s) / WINDOW_S).floor() + 1.0;
    let due_s = stage.from_s + windows * WINDOW_S;
    let due_s = if due_s > ends(stage) - SHORTEST_S { ends(stage) } else { due_s };
    match stages.last() {
        Some(last) if due_s > ends(last) - SHORTEST_S => f64::INFINITY,
        _ => due_s,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(lengths: &[f64]) -> Vec<f64> {
        let mut from_s = 0.0;
        let stages: Vec<StagePlan> = lengths
            .iter()
            .map(|length_s| {
                let stage = StagePlan { from_s, length_s: *length_s, ..StagePlan::default() };
                from_s += length_s;
                stage
            })
            .collect();
        let next = |at_s: &f64| Some(after(&stages, *at_s)).filter(|due_s| due_s.is_finite());
        std::iter::successors(next(&0.0), next).collect()
    }

    #[test]
    fn windows_last_ten_seconds_and_end_with_their_stage() {
        assert_eq!(all(&[35.0]), [10.0, 20.0, 30.0]);
        assert_eq!(all(&[25.0, 15.0]), [10.0, 20.0, 25.0, 35.0]);
        assert_eq!(all(&[2.0, 3.0, 1.5]), [2.0, 5.0]);
        assert_eq!(all(&[0.3, 40.0]), [0.3, 10.3, 20.3, 30.3]);
        assert_eq!(all(&[6.0]), [0.0; 0]);
    }

    #[test]
    fn no_window_is_a_splinter() {
        assert_eq!(all(&[30.0]), [10.0, 20.0]);
        assert_eq!(all(&[20.5, 20.5]), [10.0, 20.5, 30.5]);
    }

    #[test]
    fn a_look_that_came_late_is_not_made_up_for() {
        let stage = StagePlan { length_s: 100.0, ..StagePlan::default() };
        assert_eq!(after(&[stage], 34.7), 40.0);
    }

    #[test]
    fn a_moment_that_is_rounded_down_is_no_border_of_its_own() {
        let stages = [0.3, 100.3].map(|from_s| StagePlan {
            from_s,
            length_s: 100.0,
            ..StagePlan::default()
        });
        let mut at_s = 0.3;
        for window in 1..10 {
            at_s = after(&stages, at_s);
            assert!((at_s - (0.3 + 10.0 * f64::from(window))).abs() < 1e-9, "{at_s}");
        }
    }
}
