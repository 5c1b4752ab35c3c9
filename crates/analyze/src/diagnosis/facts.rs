//! What rules ask of a result: each answer is a value, or why there is none.

use super::waits::Waits;
use model::database_metrics::{DatabaseMetrics, Section};
use model::finding::{WHOLE_RUN, Window};
use model::run_result::{LoadMetrics, RunResult, StageMetrics};
use model::system_metrics::HostMetrics;
use model::verdict::{ValidityCheck, ValidityOutcome};
use serde_json::Value;
use std::cell::Cell;

/// Something that a rule needs and that was not there, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing(pub(crate) String);

impl Missing {
    pub(crate) fn because(reason: impl Into<String>) -> Missing {
        Missing(reason.into())
    }
}

/// Below this share of what was offered a server did not keep up; see `validity::substance`.
const KEPT_UP: f64 = 0.95;
/// A queue before the connections that makes up this share of the response time is load that the
/// server, or the number of connections, did not take.
const QUEUE_SHARE: f64 = 0.2;

/// A result, seen from a rule.
pub(crate) struct Facts<'a> {
    pub(crate) result: &'a RunResult,
    validity: &'a [ValidityCheck],
    /// From the first to the last moment of what the rule that is asked has read so far.
    read: Cell<Option<Window>>,
}

impl<'a> Facts<'a> {
    pub(crate) fn of(result: &'a RunResult, validity: &'a [ValidityCheck]) -> Facts<'a> {
        Facts { result, validity, read: Cell::new(None) }
    }

    /// When what was read since the last call was seen; the measured time where it was the load's
    /// own numbers alone, for those are all of it.
    pub(super) fn take_window(&self) -> Option<Window> {
        let to_s = self.load().elapsed_s;
        let measured = (to_s > 0.0).then_some(Window { from_s: 0.0, to_s });
        self.read.take().or(measured)
    }

    /// The numbers of a section, or its reason.
    fn read<T>(&self, section: &'a Section<T>) -> Result<&'a T, Missing> {
        let reason = section.reason.as_deref().unwrap_or("it was not read");
        let data = section.data().ok_or_else(|| Missing::because(reason))?;
        let (before, now) = (self.read.get(), window(section));
        let both = before
            .zip(now)
            .map(|(a, b)| Window { from_s: a.from_s.min(b.from_s), to_s: a.to_s.max(b.to_s) });
        self.read.set(both.or(before).or(now));
        Ok(data)
    }

    pub(crate) fn load(&self) -> &'a LoadMetrics {
        &self.result.load_metrics
    }

    /// What the server said.
    pub(crate) fn database(&self) -> Result<&'a DatabaseMetrics, Missing> {
        let why = "the server was not watched (--monitor off)";
        self.result.database_metrics.as_ref().ok_or_else(|| Missing::because(why))
    }

    /// The numbers of a section of what the server said.
    pub(crate) fn section<T>(
        &self,
        pick: impl FnOnce(&'a DatabaseMetrics) -> &'a Section<T>,
    ) -> Result<&'a T, Missing> {
        self.read(pick(self.database()?))
    }

    /// The server's host.
    pub(crate) fn host(&self) -> Result<&'a HostMetrics, Missing> {
        let hosts = self.result.system_metrics.as_ref();
        let why = "the server's host was not watched";
        self.read(&hosts.ok_or_else(|| Missing::because(why))?.server_host)
    }

    /// What sessions waited for.
    pub(crate) fn waits(&self) -> Result<Waits<'a>, Missing> {
        let database = self.database()?;
        Waits::of(self.read(&database.wait_events)?, window(&database.wait_events))
    }

    /// The CPUs that the server can use; results of old say it only indirectly.
    pub(crate) fn cpus(&self) -> Result<f64, Missing> {
        if let Some(cpus) = self.result.environment.server.as_ref().and_then(|it| it.cpus) {
            return Ok(cpus);
        }
        if let Ok(host) = self.host() {
            return Ok(host.usable_cpus());
        }
        let cpus = self.result.environment.host.cpus.filter(|_| self.on_this_host());
        let why = "how many CPUs the server has is not known (--server-cpus tells)";
        cpus.map(|cpus| cpus as f64).ok_or_else(|| Missing::because(why))
    }

    /// Whether the server runs on this machine, as far as that is known.
    pub(crate) fn on_this_host(&self) -> bool {
        let server = self.result.environment.server.as_ref();
        server.and_then(|it| it.on_this_host) == Some(true)
    }

    /// The value of a setting of the server, as `SHOW` gives it. Of those that only the monitor
    /// has read, the ones with a unit are left out: it reads them in another form.
    pub(crate) fn setting(&self, name: &str) -> Result<&'a str, Missing> {
        let server = self.result.environment.server.as_ref();
        let shown = server.and_then(|it| it.settings.get(name)).map(String::as_str);
        let read = self.section(|it| &it.settings).ok().and_then(|it| it.values.get(name));
        let read = read.filter(|it| it.unit.is_none()).map(|it| it.value.as_str());
        let shown = shown.or(read);
        shown.ok_or_else(|| Missing(format!("the server's {name} was not read")))
    }

    /// True where each action opens a connection of its own.
    pub(crate) fn reconnects(&self) -> bool {
        self.result.plan.get("reconnect").and_then(Value::as_bool) == Some(true)
    }

    /// Actions that ended with an answer or a failure, per second.
    pub(crate) fn finished_per_s(&self) -> f64 {
        let load = self.load();
        load.all_actions.finished() as f64 / load.elapsed_s.max(f64::MIN_POSITIVE)
    }

    /// True where the load asked for all that the server gives: a closed loop without a pause, a
    /// schedule that was not kept, or a queue before the connections. Then whatever sessions do
    /// most is what limits; elsewhere it only makes answers slower.
    pub(crate) fn is_pressed(&self) -> bool {
        let load = self.load();
        let (all, plan) = (&load.all_actions, &self.result.plan);
        let wait = all.wait_ms.map_or(0.0, |it| it.mean);
        let response = all.response_time_ms.map_or(0.0, |it| it.mean);
        match load.offered_per_s.or(load.offered_queries_per_s.map(|_| f64::INFINITY)) {
            Some(offered) if offered.is_finite() => {
                load.achieved_per_s < offered * KEPT_UP || wait > response * QUEUE_SHARE
            }
            Some(_) => wait > response * QUEUE_SHARE,
            None => plan.pointer("/shape/think_time").is_none_or(Value::is_null),
        }
    }

    /// A check of the run's own soundness.
    pub(crate) fn check(&self, code: &str) -> Option<&'a ValidityCheck> {
        self.validity.iter().find(|check| check.code == code)
    }

    /// The codes of the checks that void the run.
    pub(crate) fn invalid_checks(&self) -> Vec<&'a str> {
        let invalid = self.validity.iter().filter(|it| it.outcome == ValidityOutcome::Invalid);
        invalid.map(|it| it.code.as_str()).collect()
    }

    /// True where the numbers can't be trusted.
    pub(crate) fn is_invalid(&self) -> bool {
        self.validity.iter().any(|check| check.outcome == ValidityOutcome::Invalid)
    }

    /// The name of the stage at a moment, or of those that a window covers.
    pub(crate) fn stage(&self, at_s: Option<f64>, window: Option<Window>) -> Option<String> {
        let stages = &self.load().stages;
        let is_in = |it: &&StageMetrics| match (at_s, window) {
            // A moment at a border is of the stage that begins there.
            (Some(at_s), _) => (it.from_s..it.from_s + it.length_s).contains(&at_s),
            (None, Some(window)) => covers(window, it),
            (None, None) => false,
        };
        let names: Vec<_> = stages.iter().filter(is_in).map(|it| it.name.as_str()).collect();
        match names.len() {
            0 => None,
            n if n > 1 && n == stages.len() => Some(WHOLE_RUN.to_owned()),
            _ => Some(names.join(", ")),
        }
    }
}

/// What a look at a border comes late by; it is not of the next stage for that.
const BORDER_S: f64 = 1.0;

fn covers(window: Window, stage: &StageMetrics) -> bool {
    let shared_s = window.to_s.min(stage.from_s + stage.length_s) - window.from_s.max(stage.from_s);
    let shorter_s = stage.length_s.min(window.to_s - window.from_s);
    shared_s >= BORDER_S.min(shorter_s / 2.0)
}

/// When a section was read.
pub(crate) fn window<T>(section: &Section<T>) -> Option<Window> {
    Some(Window { from_s: section.from_s?, to_s: section.to_s? })
}
