//! From layers of values to a plan: defaults filled in, contradictions found, nothing started.

mod limits;
mod watching;

use super::database::{self, Server};
use super::fault::{Fault, Faults};
use super::keys::{self, Key};
use super::layer::Layers;
use super::output;
use super::shape::{self, Timing};
use super::source::Source;
use super::typed::{self, Typed};
use super::{data, file, relevance, workload};
use crate::surroundings::Surroundings;
use model::plan::{Data, Part, Plan, Poller, Protocol, Shape, Target, Workload};
use std::time::Duration;

/// A plan, and what does not belong in it.
#[derive(Debug)]
pub struct Resolved {
    /// What a run will do.
    pub plan: Plan,
    /// How to connect; none for a throwaway server. These two are the places with a password.
    pub server: Option<wire::settings::Settings>,
    /// How to reach a PgBouncer's console that was named.
    pub pooler_admin: Option<wire::settings::Settings>,
    /// Who decided each part of the plan, by its path in the plan's JSON; a path covers what is
    /// below it.
    pub sources: Vec<(String, String)>,
    /// What is odd and stops nothing.
    pub warnings: Vec<String>,
}

impl Resolved {
    /// Whether somebody asked for the value of the plan at `path`, rather than nobody.
    pub fn is_given(&self, path: &str) -> bool {
        let default = Source::Default.to_string();
        self.sources.iter().any(|(of, source)| of == path && *source != default)
    }
}

/// Files and sockets that a run has open besides its connections: result, log, set-up, monitor.
pub const OTHER_FILES: u64 = 64;

/// How to get so many.
pub fn raise_open_files_to(needed: u64) -> String {
    format!(
        "as root: ulimit -n {needed} (a systemd unit: LimitNOFILE={needed}, a container: \
         --ulimit nofile={needed})"
    )
}

/// Settles everything that was typed, set and filed, or says everything that is wrong with it.
///
/// # Errors
/// All faults at once.
pub fn resolve(
    typed: &[Typed],
    file: Option<&str>,
    surroundings: &Surroundings,
) -> Result<Resolved, Faults> {
    let (flags, mut faults) = typed::flags(typed);
    let (environment, more) = typed::environment(&surroundings.environment);
    faults.extend(more);
    let (filed, more) = file.map(file::read).unwrap_or_default();
    faults.extend(more);
    let layers = Layers(vec![flags, environment, filed.layer]);
    let (mut resolved, more) = settle(layers, surroundings);
    faults.extend(more);
    resolved.warnings.splice(0..0, typed::strangers(&surroundings.environment));
    if faults.is_empty() { Ok(resolved) } else { Err(Faults(faults)) }
}

/// Settles one plan from its layers. Where there are faults the plan is of no use.
pub(super) fn settle(layers: Layers, surroundings: &Surroundings) -> (Resolved, Vec<Fault>) {
    let mut resolver = Resolver {
        layers,
        surroundings,
        faults: Vec::new(),
        warnings: Vec::new(),
        sources: Vec::new(),
    };
    let (mut plan, server) = resolver.plan();
    let pooler_admin = resolver.pooler_admin(&mut plan);
    let Resolver { sources, warnings, faults, .. } = resolver;
    (Resolved { plan, server, pooler_admin, sources, warnings }, faults)
}

struct Resolver<'a> {
    layers: Layers,
    surroundings: &'a Surroundings,
    faults: Vec<Fault>,
    warnings: Vec<String>,
    sources: Vec<(String, String)>,
}

impl Resolver<'_> {
    fn plan(&mut self) -> (Plan, Option<wire::settings::Settings>) {
        let server = self.server();
        let workload = self.workload();
        let timing = self.timing();
        relevance::judge(
            &self.layers,
            (&self.surroundings.registry, &workload.mix),
            (&timing.shape, &server.target),
            &mut self.faults,
            &mut self.warnings,
        );
        let connections = self.connections(&timing.shape);
        let plan = Plan {
            connections,
            threads: self.threads(connections),
            shape: timing.shape,
            warm_up: timing.warm_up,
            duration: timing.duration,
            transactions: timing.transactions,
            latency_limit: self.latency_limit(),
            time_scale: 1.0,
            grace: self.span("grace_s", &keys::GRACE),
            max_tries: self.count("max_tries", &keys::MAX_TRIES),
            statement_timeout: some(self.span("statement_timeout_s", &keys::STATEMENT_TIMEOUT)),
            protocol: self.protocol(),
            reconnect: self.switch("reconnect", &keys::RECONNECT),
            pipeline: self.pipeline(&workload.mix),
            poller: self.poller(),
            seed: self.seed(),
            thresholds: self.thresholds(),
            threshold_expressions: self.expressions(),
            abort_grace: self.abort_grace(timing.duration),
            tags: self.pairs("tags", &keys::TAG),
            output: self.output(),
            progress: some(self.progress()),
            monitor: self.switch("monitor", &keys::MONITOR),
            node_exporter: self.node_exporter(),
            server_cpus: self.server_cpus(),
            pooler_admin: None,
            data: self.data(&server.target),
            target: server.target,
            workload,
        };
        let registry = &self.surroundings.registry;
        workload::check(&plan, &self.layers, registry, &mut self.faults);
        self.note("time_scale", Source::Default);
        (plan, server.settings)
    }

    fn server(&mut self) -> Server {
        let Resolver { layers, surroundings, faults, warnings, .. } = self;
        let server = database::server(layers, surroundings, faults, warnings);
        self.note("target", Source::Derived("no server is named".to_owned()));
        for (parameter, source) in &server.sources {
            let field = if *parameter == "dbname" { "database" } else { parameter };
            self.sources.push((format!("target.{field}"), source.clone()));
        }
        server
    }

    fn timing(&mut self) -> Timing {
        let timing = shape::timing(&self.layers, &mut self.faults);
        self.note("shape", timing.shape_source.clone());
        self.note("shape.arrivals", self.layers.source(&keys::ARRIVALS));
        self.note("shape.max_backlog_s", self.layers.source(&keys::MAX_BACKLOG));
        self.note("shape.think_time", self.layers.source(&keys::THINK_TIME));
        self.note("warm_up_s", timing.warm_up_source.clone());
        self.note("duration_s", timing.duration_source.clone());
        self.note("transactions", self.layers.source(&keys::TRANSACTIONS));
        timing
    }

    fn workload(&mut self) -> Workload {
        let registry = &self.surroundings.registry;
        let (mut workload, sources) = workload::workload(&self.layers, registry, &mut self.faults);
        sources.into_iter().for_each(|(path, source)| self.note(&path, source));
        if workload::has_options(registry, &workload.mix) {
            let options = self.pairs("workload.profile.options", &keys::WORKLOAD_OPTION);
            workload.profile.options = options;
        }
        workload
    }

    fn data(&mut self, target: &Target) -> Data {
        let (data, sources) = data::data(&self.layers, self.surroundings, target, &mut self.faults);
        sources.into_iter().for_each(|(path, source)| self.note(&path, source));
        data
    }

    fn connections(&mut self, shape: &Shape) -> u32 {
        let (connections, source) = self.connections_of(shape);
        self.note("connections", source.clone());
        let needed = u64::from(connections) + OTHER_FILES;
        if needed > self.surroundings.open_files {
            let allowed = self.surroundings.open_files;
            let words = format!(
                "{connections} connections need {needed} open files, and this process may have \
                 {allowed}; use fewer connections, or raise that limit, {}",
                raise_open_files_to(needed)
            );
            self.faults.push(Fault::new(source, words));
        }
        connections
    }

    /// As many as asked for, or as many as there are users at most.
    fn connections_of(&mut self, shape: &Shape) -> (u32, Source) {
        let (key, layers) = (&keys::CONNECTIONS, &self.layers);
        let Shape::Closed { user_stages: Some(stages), .. } = shape else {
            return (layers.small_count(key).unwrap_or_default(), layers.source(key));
        };
        let most = stages.iter().map(|it| it.target_users).max().unwrap_or_default();
        let ranks = (layers.rank(key), layers.rank(&keys::USER_STAGES));
        if matches!(ranks, (Some(own), Some(users)) if own <= users)
            && layers.small_count(key) != Some(most)
        {
            let words = format!("every user has one connection, and there are {most} at most");
            let source = layers.source(key);
            self.faults.push(Fault::new(source, words));
        }
        (most, Source::Derived("the most users at once".to_owned()))
    }

    fn pipeline(&mut self, mix: &[Part]) -> bool {
        let protocol = self.protocol();
        self.note("pipeline", self.layers.source(&keys::PIPELINE));
        let Resolver { layers, surroundings, faults, warnings, .. } = self;
        let registry = &surroundings.registry;
        relevance::pipeline(layers, (registry, mix, protocol), faults, warnings)
    }

    fn latency_limit(&mut self) -> Option<Duration> {
        self.note("latency_limit_s", self.layers.source(&keys::LATENCY_LIMIT));
        self.layers.span(&keys::LATENCY_LIMIT)
    }

    fn switch(&mut self, path: &str, key: &Key) -> bool {
        self.note(path, self.layers.source(key));
        self.layers.switch(key)
    }

    fn threads(&mut self, connections: u32) -> u32 {
        let source = self.layers.source(&keys::THREADS);
        match self.layers.small_count(&keys::THREADS) {
            Some(threads) => {
                if threads > connections {
                    let words = format!(
                        "expected at most as many threads as connections ({connections}), found \
                         {threads}"
                    );
                    self.faults.push(Fault::new(source.clone(), words));
                }
                self.note("threads", source);
                threads
            }
            None => {
                let words = format!("one per core ({}), at most one per connection", self.cores());
                self.note("threads", Source::Derived(words));
                self.cores().min(connections)
            }
        }
    }

    fn cores(&self) -> u32 {
        self.surroundings.cores.max(1)
    }

    fn protocol(&mut self) -> Protocol {
        self.note("protocol", self.layers.source(&keys::PROTOCOL));
        match self.layers.choice(&keys::PROTOCOL) {
            Some("simple") => Protocol::Simple,
            Some("extended") => Protocol::Extended,
            _ => Protocol::Prepared,
        }
    }

    fn poller(&mut self) -> Poller {
        self.note("poller", self.layers.source(&keys::POLLER));
        match self.layers.choice(&keys::POLLER) {
            Some("io_uring") => Poller::IoUring,
            Some("epoll") => Poller::Epoll,
            _ => Poller::Auto,
        }
    }

    fn seed(&mut self) -> u64 {
        match self.layers.count(&keys::SEED) {
            Some(seed) => {
                self.note("seed", self.layers.source(&keys::SEED));
                seed
            }
            None => {
                self.note("seed", Source::Derived("random".to_owned()));
                // Within what every reader of JSON keeps whole.
                self.surroundings.random >> 11
            }
        }
    }

    fn output(&mut self) -> model::plan::Output {
        let (output, source) = output::output(&self.layers, self.surroundings, &mut self.faults);
        self.note("output.path", source);
        for (field, key) in [
            ("formats", &keys::FORMAT),
            ("include_raw_data", &keys::INCLUDE_RAW_DATA),
            ("force", &keys::FORCE),
            ("log", &keys::LOG),
            ("log.sampling_rate", &keys::SAMPLING_RATE),
        ] {
            self.note(&format!("output.{field}"), self.layers.source(key));
        }
        if self.layers.switch(&keys::GENERATE_CHARTS) {
            let source = self.layers.source(&keys::GENERATE_CHARTS);
            self.warnings.push(format!("{source}: there are no charts yet; none will be drawn"));
        }
        output
    }

    fn progress(&mut self) -> Duration {
        let source = self.layers.source(&keys::PROGRESS);
        let words = |it: &str| Source::Derived(it.to_owned());
        let (span, source) = match self.layers.span(&keys::PROGRESS) {
            Some(span) => (span, source),
            None if self.surroundings.terminal => (Duration::from_secs(1), words("a terminal")),
            None => (Duration::from_secs(10), words("no terminal")),
        };
        self.note("progress_s", source);
        span
    }

    /// A whole number of a setting that always has one; a slip in it is a fault already.
    fn count(&mut self, path: &str, key: &Key) -> u32 {
        self.note(path, self.layers.source(key));
        self.layers.small_count(key).unwrap_or_default()
    }

    fn span(&mut self, path: &str, key: &Key) -> Duration {
        self.note(path, self.layers.source(key));
        self.layers.span(key).unwrap_or_default()
    }

    fn note(&mut self, path: &str, source: Source) {
        self.sources.push((path.to_owned(), source.to_string()));
    }
}

/// A length of time where 0 means none.
fn some(span: Duration) -> Option<Duration> {
    (!span.is_zero()).then_some(span)
}
