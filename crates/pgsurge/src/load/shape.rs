//! A plan as the engine takes it.

use engine::pace::{Arrivals, Curve, Stage, UserStage, Users};
use engine::poller::PollerChoice;
use engine::{Load, Shape, Unit};
use model::plan::{self, Plan, Rate};
use std::sync::Arc;
use std::time::Duration;

/// The engine's part of `plan`.
pub fn load_of(plan: &Plan, connect_timeout: Duration) -> Load {
    Load {
        clients: plan.connections,
        threads: plan.threads,
        poller: match plan.poller {
            plan::Poller::Auto => PollerChoice::Auto,
            plan::Poller::IoUring => PollerChoice::IoUring,
            plan::Poller::Epoll => PollerChoice::Epoll,
        },
        shape: shape(plan),
        warm_up: plan.warm_up,
        duration: plan.duration,
        grace: plan.grace,
        max_tries: plan.max_tries,
        actions_per_client: plan.transactions,
        latency_limit: plan.latency_limit,
        noted_share: plan.output.log.as_ref().map(|log| log.sampling_rate),
        reconnect: plan.reconnect,
        connect_timeout,
        seed: plan.seed,
    }
}

fn shape(plan: &Plan) -> Shape {
    match &plan.shape {
        plan::Shape::Closed { think_time, user_stages } => {
            let (think_min, think_max) =
                think_time.map_or((Duration::ZERO, Duration::ZERO), |it| (it.min, it.max));
            let users = user_stages.as_deref().map(|it| Arc::new(users(it, plan.warm_up)));
            Shape::Closed { think_min, think_max, users }
        }
        plan::Shape::Open { unit, rate, arrivals, max_backlog } => Shape::Open {
            curve: Arc::new(Curve::new(&stages(rate, plan.warm_up, plan.duration))),
            arrivals: match arrivals {
                plan::Arrivals::Uniform => Arrivals::Uniform,
                plan::Arrivals::Poisson => Arrivals::Poisson,
            },
            unit: match unit {
                plan::Unit::Actions => Unit::Actions,
                plan::Unit::Statements => Unit::Statements,
            },
            max_backlog: *max_backlog,
        },
    }
}

/// Warm-up and measured time. As with a rate, the warm-up holds the first number of users, and
/// the first stage begins with nobody.
fn users(planned: &[plan::UserStage], warm_up: Duration) -> Users {
    let first = planned.iter().map(|stage| stage.target_users).find(|&users| users > 0);
    let warm = |target| UserStage { duration: Duration::ZERO, target };
    let (up, down) = (warm(first.unwrap_or_default()), warm(0));
    let hold = UserStage { duration: warm_up, ..up };
    let before = [up, hold, down].into_iter().filter(|_| !warm_up.is_zero());
    let stages =
        planned.iter().map(|it| UserStage { duration: it.duration, target: it.target_users });
    Users::new(&before.chain(stages).collect::<Vec<_>>())
}

/// Warm-up and measured time as one curve. Staged load warms up at the rate of its first stage.
fn stages(rate: &Rate, warm_up: Duration, duration: Duration) -> Vec<Stage> {
    match rate {
        Rate::Constant { per_s } => vec![Stage::hold(warm_up + duration, *per_s)],
        Rate::Stages(planned) => {
            let first = planned.iter().map(|stage| stage.target_per_s).find(|&rate| rate > 0.0);
            let mut stages = vec![Stage::hold(warm_up, first.unwrap_or_default())];
            let mut before = 0.0;
            for stage in planned {
                stages.push(Stage {
                    duration: stage.duration,
                    from_per_s: before,
                    to_per_s: stage.target_per_s,
                });
                before = stage.target_per_s;
            }
            stages
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_warm_up_at_the_first_number_and_the_stages_begin_with_nobody() {
        let planned = [(10, 20), (5, 20)].map(|(seconds, target_users)| plan::UserStage {
            duration: Duration::from_secs(seconds),
            target_users,
        });
        let users = users(&planned, Duration::from_secs(4));
        assert_eq!(
            [0.0, 3.9, 4.0, 9.0, 14.0, 18.9].map(|at| users.at(at)),
            [20, 20, 0, 10, 20, 20]
        );
    }

    fn stage(seconds: u64, target_per_s: f64) -> plan::Stage {
        plan::Stage { duration: Duration::from_secs(seconds), target_per_s }
    }

    #[test]
    fn stages_ramp_from_the_last_target_and_a_stage_of_no_length_jumps() {
        let rate = Rate::Stages(vec![stage(10, 100.0), stage(0, 500.0), stage(10, 500.0)]);
        let curve = Curve::new(&stages(&rate, Duration::ZERO, Duration::from_secs(20)));
        assert_eq!(curve.slots_at(10.0), 500.0);
        assert_eq!(curve.slots_at(20.0), 5500.0);
    }

    #[test]
    fn the_warm_up_comes_before_the_measured_time() {
        let rate = Rate::Constant { per_s: 10.0 };
        let (warm_up, duration) = (Duration::from_secs(3), Duration::from_secs(7));
        assert_eq!(Curve::new(&stages(&rate, warm_up, duration)).end_s(), 10.0);
    }
}
