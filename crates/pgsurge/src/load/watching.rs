//! The monitor of one load: whether there is one, and what becomes of what it sees.
//!
//! A monitor that can't do its work never ends a run: the result then says what is missing.

use super::journal::Journal;
use super::target::Target;
use crate::messages::Messages;
use model::database_metrics::DatabaseMetrics;
use model::plan::Plan;
use model::run_result::{StagePlan, StageTracker};
use model::series::Line;
use model::system_metrics::SystemMetrics;
use monitor::{Monitor, Monitored, NodeExporter, Watched};
use std::time::Instant;
use wire::blocking::Stop;

/// What was seen of the server and of its host; nothing where nobody watched.
#[derive(Default)]
pub struct Seen {
    pub database: Option<DatabaseMetrics>,
    pub system: Option<SystemMetrics>,
}

/// Keeps a line: the record every one, the stages what the server did in their seconds.
pub fn keep(line: &Line, journal: &mut Journal, stages: &mut StageTracker) {
    if let Line::Server(row) = line {
        stages.server(row);
    }
    journal.line(line);
}

/// A monitor, or none where the plan wants none.
pub struct Watching(Option<Monitor>);

impl Watching {
    /// Begins to watch the target; raising `stop` ends its calls at once.
    pub fn start(plan: &Plan, target: &Target, stop: &Stop, messages: &Messages) -> Watching {
        if !plan.monitor {
            return Watching(None);
        }
        // An address that is none was a fault of the settings.
        let exporter = plan.node_exporter.as_deref().map(NodeExporter::parse).transpose();
        let watched = Watched {
            settings: target.settings.clone(),
            tls: target.tls.clone(),
            on_this_host: target.server.on_this_host,
            local_server: target.local.clone(),
            node_exporter: exporter.ok().flatten(),
            is_behind_pooler: target.is_behind_pooler(),
            pooler: target.console(plan.connections),
            stages: StagePlan::all_of(plan),
            warm_up: plan.warm_up,
            duration: plan.duration,
            stop: stop.clone(),
        };
        let started = Monitor::start(&watched);
        let monitor = started.inspect_err(|error| {
            messages.warn(&format!("the server is not watched: start a thread: {error}"));
        });
        Watching(monitor.ok())
    }

    /// The load begins.
    pub fn begins(&self, at: Instant) {
        self.0.iter().for_each(|monitor| monitor.begins(at));
    }

    /// Hands over what has been seen since the last time.
    pub fn record(&self, taken: impl FnMut(Line)) {
        self.0.iter().flat_map(Monitor::lines).for_each(taken);
    }

    /// The load has just ended: waits for the server's last counters, and hands over the last lines.
    pub fn finish(
        self,
        (journal, stages): (&mut Journal, &mut StageTracker),
        messages: &Messages,
    ) -> Seen {
        let Some(monitor) = self.0 else { return Seen::default() };
        messages.detail("reading the server's counters");
        let recorded = |line| keep(&line, journal, stages);
        let Monitored { database, system } = monitor.finish(Instant::now(), recorded);
        Seen { database: Some(database), system: Some(system) }
    }
}
