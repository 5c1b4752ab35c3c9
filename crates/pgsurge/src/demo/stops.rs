//! The three stops of the tour.

use super::Tour;
use crate::error::Error;
use crate::load::Target;
use crate::settings::Resolved;
use model::units::{count, milliseconds};
use std::cell::Cell;
use std::time::Duration;

/// When the server is stopped, seconds after the load began.
const STALL_AT_S: f64 = 4.0;
/// For how long.
const STALL: Duration = Duration::from_millis(1500);

impl Tour<'_> {
    /// As fast as 20 connections go: actions per second.
    pub(super) fn capacity(&self, plan: &Resolved, target: &Target) -> Result<f64, Error> {
        self.say("1. How much does it take? 20 connections, each asking again at once:\n")?;
        let result = self.load(plan, target, &|_| {})?;
        let per_s = result.load_metrics.achieved_per_s;
        let queries = result.load_metrics.queries_per_s;
        self.say(&format!(
            "   {} actions/s ({} queries/s). Response times mean little here: a user who waits\n   \
             for the answer before asking again makes a slow server look fast.\n",
            count(per_s as u64),
            count(queries as u64)
        ))?;
        Ok(per_s)
    }

    /// Half of that as a schedule: the whole report.
    pub(super) fn half(&self, capacity_per_s: f64, target: &Target) -> Result<(), Error> {
        let rate = half_of(capacity_per_s);
        self.say(&format!(
            "2. How long do users wait at half of that? {rate} actions/s by schedule, whatever\n   \
             the server does; every latency counts from the intended start:\n"
        ))?;
        let plan = self.plan("2-half", &[("duration", "10s"), ("rate", &rate.to_string())])?;
        let result = self.load(&plan, target, &|_| {})?;
        self.session.show(&result)
    }

    /// The same rate, and the server stands still for a moment.
    pub(super) fn stall(&self, capacity_per_s: f64, target: &Target) -> Result<(), Error> {
        let rate = half_of(capacity_per_s);
        self.say(&format!(
            "\n3. What does a stall look like? The same rate, and the server is stopped for {} s:\n",
            STALL.as_secs_f64()
        ))?;
        let plan = self.plan("3-stall", &[("duration", "8s"), ("rate", &rate.to_string())])?;
        let result = std::thread::scope(|scope| {
            let done = Cell::new(false);
            self.load(&plan, target, &|interval| {
                let end_s = interval.start_s + interval.length_s;
                if end_s >= STALL_AT_S && !done.replace(true) {
                    target.pause();
                    scope.spawn(|| {
                        std::thread::sleep(STALL);
                        target.resume();
                    });
                }
            })
        })?;
        let all = &result.load_metrics.all_actions;
        let p99 = |times: &Option<model::metric::Distribution>| times.as_ref().map(|it| it.p99);
        let (Some(response), Some(service)) =
            (p99(&all.response_time_ms), p99(&all.service_time_ms))
        else {
            return self.say("   Nothing was answered.");
        };
        let (waited, asked) = (milliseconds(response), milliseconds(service));
        self.say(&match service < response / 2.0 {
            true => format!(
                "   99 % of the actions were answered within {waited} of their intended start. Counted\n   \
                 from the moment of sending it would be {asked}: nobody is asked while a server stands\n   \
                 still, and a tool that counts so does not see the stall."
            ),
            // At a low rate the few that were asked in the stall are more than 1 %.
            false => format!(
                "   99 % of the actions were answered within {waited} of their intended start, or {asked}\n   \
                 from the moment of sending."
            ),
        })
    }
}

fn half_of(capacity_per_s: f64) -> u64 {
    (capacity_per_s / 2.0).max(1.0) as u64
}
