//! A workload through its life: set up, loaded, verified, cleaned up.
//!
//! Once load has begun there is always a result: a server that dies, a user who has seen enough
//! and a disk that is full shorten it or mark it, but never lose it.

use super::abort::Abort;
use super::action_log::ActionLog;
use super::error::LoadError;
use super::host;
use super::interrupt::Interrupt;
use super::journal::{Journal, Record};
use super::observers::Observers;
use super::progress::Progress;
use super::reached::CONNECT_TIMEOUT;
use super::shape;
use super::target::Target;
use super::watching::{Seen, Watching};
use crate::messages::Messages;
use engine::Finished;
use model::catalog::Catalog;
use model::measured::Interval;
use model::plan::{Plan, Shape, Unit};
use model::run_result::{
    ActionLogMetrics, Environment, Inputs, Pacing, RunResult, StageMetrics, StagePlan, StageTracker,
};
use model::series::Header;
use model::verdict::{Cause, Reason};
use model::verification::Verification;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wire::blocking::Stop;
use wire::settings::Settings;
use workload::postgres::{Postgres, Protocol, transaction_control};
use workload::{CleanUp, Mix, MixPlayer, Server, SetUp};

/// How long one statement of set-up, verification or clean-up may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long verification waits for a server that has just died to come back.
const COME_BACK: Duration = Duration::from_secs(10);
/// How long a statement of clean-up may take for a user who wants to go at once.
const LAST_TRY: Duration = Duration::from_secs(3);

/// Hears the details.
type Told<'a> = dyn Fn(&str) + Sync + 'a;

/// What every workload is driven with.
pub struct Drive<'a> {
    pub plan: &'a Plan,
    pub target: &'a Target,
    pub messages: &'a Messages,
    pub interrupt: &'a Interrupt,
    pub started_at: String,
    /// Whether progress may be drawn over.
    pub terminal: bool,
    /// Sees each second of the load.
    pub watch: &'a dyn Fn(&Interval),
}

/// A result that nobody has judged or written yet.
pub struct Driven {
    pub result: RunResult,
    pub record: Record,
    pub reasons: Vec<Reason>,
}

/// What came out of the load itself.
struct Loaded {
    finished: Finished<MixPlayer>,
    record: Record,
    stages: Vec<StageMetrics>,
    action_log: Option<ActionLogMetrics>,
    catalog: Catalog,
    environment: Environment,
    seen: Seen,
}

impl Drive<'_> {
    /// Drives the workloads of `mix` from beginning to end.
    ///
    /// # Errors
    /// Load could not begin. What set-up had made by then is removed again.
    pub fn run(&self, mut workload: Mix) -> Result<Driven, LoadError> {
        let told = |text: &str| self.messages.detail(text);
        let set_up = self.set_up(&mut workload)?;
        let loaded = match self.load(&mut workload, &set_up) {
            Ok(loaded) => loaded,
            Err(error) => {
                self.clean_up(&mut workload, &told);
                return Err(error);
            }
        };
        let Loaded { finished, record, stages, action_log, catalog, mut environment, seen } =
            loaded;
        host::note_server_cpus(&mut environment, self.plan.server_cpus, seen.system.as_ref());
        let Finished { measured, players } = finished;
        workload.take_back(players);
        let mut reasons = Vec::new();
        let server = self.server(&told, self.interrupt.twice());
        let verification = self.verify(&mut workload, &server, &mut reasons);
        let metrics = workload.metrics(measured.elapsed_s);
        let cleaned = self.clean_up(&mut workload, &told);
        let result = RunResult::assemble(Inputs {
            started_at: &self.started_at,
            workload: &self.plan.workload.name,
            connections: u64::from(self.plan.connections),
            pacing: self.pacing(),
            measured: &measured,
            catalog: &catalog,
            set_up_statements: &by_name(set_up.statements.iter().chain(&cleaned.statements)),
            plan: serde_json::to_value(self.plan).unwrap_or_default(),
            environment,
            verification,
            metrics,
            stages,
            database_metrics: seen.database,
            system_metrics: seen.system,
            action_log,
        });
        Ok(Driven { result, record, reasons })
    }

    /// Sets `workload` up, and undoes that where it fails.
    ///
    /// # Errors
    /// Set-up failed, or was interrupted.
    pub fn set_up(&self, workload: &mut Mix) -> Result<SetUp, LoadError> {
        let told = |text: &str| self.messages.detail(text);
        match workload.set_up(&self.server(&told, self.interrupt.once())) {
            Ok(set_up) => {
                self.tell_set_up(&set_up);
                Ok(set_up)
            }
            Err(cause) => {
                self.clean_up(workload, &told);
                Err(match self.interrupt.once().is_raised() {
                    true => LoadError::Interrupted,
                    false => LoadError::workload("set the tables up")(cause),
                })
            }
        }
    }

    /// The server for set-up, verification or clean-up, which end when `stop` is raised.
    fn server<'s>(&self, progress: &'s Told<'s>, stop: &Stop) -> Server<'s> {
        Server {
            settings: self.target.settings.clone(),
            tls: self.target.tls.clone(),
            schema: self.plan.data.schema.clone(),
            loaders: self.plan.threads.clamp(1, 4) as usize,
            patience: Some(PATIENCE),
            stop: stop.clone(),
            progress,
        }
    }

    fn tell_set_up(&self, set_up: &SetUp) {
        let (rows, seconds) = (set_up.rows_loaded, set_up.seconds);
        self.messages.info(&format!("tables ready: {rows} rows loaded, {seconds:.1} s"));
        set_up.notes.iter().for_each(|note| self.messages.info(note));
        set_up.warnings.iter().for_each(|it| self.messages.warn(it));
    }

    fn load(&self, workload: &mut Mix, set_up: &SetUp) -> Result<Loaded, LoadError> {
        if self.interrupt.once().is_raised() {
            return Err(LoadError::Interrupted);
        }
        let catalog = catalog_of(workload);
        let environment = self.environment(workload);
        let backend = self.backend(workload)?;
        let connect_timeout = self.target.settings.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
        let load = shape::load_of(self.plan, connect_timeout);
        let players = workload.players(self.plan.connections, self.plan.seed);
        let log = ActionLog::of_plan(self.plan, &catalog)?;
        let stages =
            StageTracker::new(StagePlan::all_of(self.plan), self.plan.warm_up.as_secs_f64());
        let header = Header {
            started_at: self.started_at.clone(),
            environment: environment.clone(),
            set_up_statements: by_name(&set_up.statements),
            ..Header::default()
        };
        let journal = Journal::of_plan(self.plan, header, &catalog, self.messages)?;
        let progress = Progress::new(self.plan, self.messages, self.terminal);
        let watching =
            Watching::start(self.plan, self.target, self.interrupt.twice(), self.messages);
        let (watching_now, watch) = (&watching, self.watch);
        let abort = Abort::of_plan(self.plan, &catalog, self.interrupt, self.messages);
        let mut observer =
            Observers { journal, stages, progress, log, watching: watching_now, abort, watch };
        let control = self.interrupt.control();
        let ran = engine::run(&backend, players, &catalog, &load, (control, &mut observer));
        let Observers { mut journal, mut stages, mut progress, log, abort, .. } = observer;
        progress.finish();
        let mut finished = match ran {
            Ok(finished) => finished,
            Err(error) => return Err(self.broken_off(error, journal, log)),
        };
        abort.into_iter().for_each(|it| it.note(self.interrupt, &mut finished.measured));
        // Before anything else touches the server: what it counted belongs to the load.
        let seen = watching.finish((&mut journal, &mut stages), self.messages);
        let record = journal.finish(&finished.measured, &catalog);
        let action_log = log.map(|log| log.finish_telling(self.messages));
        let stages = stages.finish();
        Ok(Loaded { finished, record, stages, action_log, catalog, environment, seen })
    }

    /// What is kept of a load that gave no result, and why there is none.
    fn broken_off(
        &self,
        error: engine::Error,
        journal: Journal,
        log: Option<ActionLog>,
    ) -> LoadError {
        let record = journal.broken();
        if matches!(error, engine::Error::Unreachable(_) | engine::Error::Stopped) {
            // Nothing was measured: an empty record helps nobody.
            let _kept_if_it_must = record.remove();
            if let Some(log) = log {
                log.discard();
            }
        } else {
            let path = self.plan.output.partial().display().to_string();
            self.messages.warn(&format!("what was measured until then is in {path}"));
            log.map(|log| log.finish_telling(self.messages));
        }
        LoadError::from(error)
    }

    fn backend(&self, workload: &Mix) -> Result<Postgres, LoadError> {
        let settings = self.target.load_settings(self.plan);
        let protocol = match self.target.protocol {
            model::plan::Protocol::Simple => Protocol::Simple,
            model::plan::Protocol::Extended => Protocol::Extended,
            model::plan::Protocol::Prepared => Protocol::Prepared,
        };
        Postgres::new(&settings, self.target.tls.clone(), workload.statements(), protocol)
            .map_err(LoadError::workload("prepare the load"))
    }

    fn environment(&self, workload: &Mix) -> Environment {
        Environment {
            pgsurge_version: env!("CARGO_PKG_VERSION").to_owned(),
            server: Some(self.target.server.clone()),
            pooler: self.target.pooler(self.plan),
            host: host::host(),
            clock: "CLOCK_MONOTONIC".to_owned(),
            workloads: workload.versions(),
            tags: self.plan.tags.clone(),
            ..Environment::default()
        }
    }

    fn pacing(&self) -> Pacing {
        match &self.plan.shape {
            Shape::Closed { .. } => Pacing::Closed,
            Shape::Open { unit: Unit::Actions, .. } => Pacing::Actions,
            Shape::Open { unit: Unit::Statements, .. } => Pacing::Statements,
        }
    }

    /// What the server holds against what the players remember. A server that can't be asked
    /// makes the run inconclusive, not a pass.
    fn verify(
        &self,
        workload: &mut Mix,
        server: &Server<'_>,
        reasons: &mut Vec<Reason>,
    ) -> Option<Verification> {
        if server.stop.is_raised() {
            let text = "the stored data was not verified: stopped at once";
            reasons.push(Reason::new(Cause::Inconclusive, text));
            return None;
        }
        self.messages.detail("verifying the stored data");
        wait_for(server);
        match workload.verify(server) {
            Ok(verification) => Some(verification),
            Err(error) => {
                let stopped = server.stop.is_raised();
                let cause = if stopped { Cause::Interrupted } else { Cause::Inconclusive };
                let text = format!("the stored data could not be verified: {error}");
                reasons.push(Reason::new(cause, text));
                None
            }
        }
    }

    fn clean_up(&self, workload: &mut Mix, told: &Told<'_>) -> CleanUp {
        if self.target.goes_with_its_load() {
            // It goes with everything in it.
            return CleanUp::default();
        }
        let mut server = self.server(told, self.interrupt.twice());
        if self.interrupt.twice().is_raised() {
            // Who wants to go at once still does not want to leave a mess, if that takes no time.
            let mut settings = Settings::clone(&server.settings);
            settings.connect_timeout = Some(LAST_TRY);
            (server.settings, server.patience) = (Arc::new(settings), Some(LAST_TRY));
            server.stop = Stop::default();
        }
        match workload.clean_up(&server) {
            Ok(cleaned) => {
                let (dropped, rows) = (cleaned.dropped.len(), cleaned.rows_removed);
                self.messages.detail(&format!(
                    "cleaned up: {dropped} tables dropped, {rows} rows removed from those that stay"
                ));
                cleaned.notes.iter().for_each(|note| self.messages.info(note));
                cleaned
            }
            Err(error) => {
                self.messages.warn(&super::clean::left(self.plan, &error));
                CleanUp::default()
            }
        }
    }
}

/// Waits until the server accepts a connection again, but not for ever.
fn wait_for(server: &Server<'_>) {
    let give_up = Instant::now() + COME_BACK;
    while server.connect().is_err() && Instant::now() < give_up && !server.stop.is_raised() {
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn catalog_of(workload: &Mix) -> Catalog {
    let statements = transaction_control().into_iter().chain(workload.statements());
    Catalog {
        actions: workload.actions(),
        statements: statements.map(|statement| statement.spec()).collect(),
    }
}

/// Executions beside the load, summed up by statement: they count on the server too.
fn by_name<'a>(
    statements: impl IntoIterator<Item = &'a (&'static str, u64)>,
) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for (name, count) in statements {
        *counts.entry((*name).to_owned()).or_default() += count;
    }
    counts
}
