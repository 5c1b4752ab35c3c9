//! What one thread counts, and how it is handed on once an interval.
//!
//! Nothing here is shared while load runs. Samples are made when an operation first happens in
//! an interval and given away whole at its end, so memory follows the number of operations, not
//! the length of the run.

use crate::action_log::{ActionLog, Notes};
use crate::client::Current;
use crate::outages::Outages;
use crate::poller::OwnTime;
use model::catalog::{Bound, Catalog, StatementSpec};
use model::failure::{Failure, FailureTally};
use model::histogram::IntervalHistogram;
use model::measured::{SlowStatement, Standstill};
use model::sample::{ActionSample, ConnectionSample, Phase, StatementSample};

type PerOperation<S> = Vec<Option<Box<S>>>;

/// Counts of one phase.
#[derive(Debug, Default)]
pub(crate) struct PhaseSamples {
    pub(crate) actions: PerOperation<ActionSample<u32>>,
    pub(crate) statements: PerOperation<StatementSample<u32>>,
    pub(crate) connections: ConnectionSample<u32>,
    pub(crate) failures: FailureTally,
    /// Of explicit transactions: begun to ended.
    pub(crate) transactions: Option<Box<IntervalHistogram>>,
}

impl PhaseSamples {
    fn new((actions, statements): (usize, usize)) -> PhaseSamples {
        PhaseSamples {
            actions: (0..actions).map(|_| None).collect(),
            statements: (0..statements).map(|_| None).collect(),
            ..PhaseSamples::default()
        }
    }
}

/// What one thread hands over.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) thread: usize,
    /// The latest interval that it holds; it may hold earlier ones when the way was blocked.
    pub(crate) interval: u64,
    pub(crate) warm_up: PhaseSamples,
    pub(crate) measured: PhaseSamples,
    pub(crate) turn: IntervalHistogram,
    pub(crate) standstill: Standstill,
    pub(crate) own: OwnTime,
    pub(crate) busy_max: u64,
    pub(crate) idle_ns: u64,
    pub(crate) connected: u64,
    pub(crate) behind_ns: Option<u64>,
    pub(crate) notes: Option<Notes>,
    pub(crate) last: Option<LastWords>,
}

/// What a thread says at its end.
#[derive(Debug, Default)]
pub(crate) struct LastWords {
    pub(crate) late_succeeded: u64,
    pub(crate) late_statements: Vec<u64>,
    /// When a request to stop was seen.
    pub(crate) stopped_ns: Option<u64>,
    pub(crate) slowest: Vec<SlowStatement>,
    pub(crate) outages: Outages,
    pub(crate) ended_ns: u64,
}

/// How many of the slowest statements a result names.
const SLOWEST: usize = 20;
/// Shorter ones are what any scheduler, and any timer, takes.
const SHORTEST_STANDSTILL_US: u64 = 10_000;

/// See the module.
#[derive(Debug)]
pub(crate) struct Recorder {
    operations: (usize, usize),
    /// Of each statement: what it does to a transaction.
    bounds: Vec<Option<Bound>>,
    pub(crate) warm_up: PhaseSamples,
    pub(crate) measured: PhaseSamples,
    pub(crate) turn: IntervalHistogram,
    pub(crate) standstill: Standstill,
    /// Where single actions are asked for.
    pub(crate) log: Option<Box<ActionLog>>,
    slowest: Vec<(u64, u16, u64)>,
    pub(crate) outages: Outages,
    /// When the schedule ends: what is answered later is late.
    end_ns: u64,
    late_succeeded: u64,
    late_statements: Vec<u64>,
    busy: u64,
    busy_max: u64,
    usable: u64,
    idle_ns: u64,
    changed_ns: u64,
    own: OwnTime,
}

impl Recorder {
    pub(crate) fn new(catalog: &Catalog) -> Recorder {
        let operations = (catalog.actions.len(), catalog.statements.len());
        Recorder {
            warm_up: PhaseSamples::new(operations),
            measured: PhaseSamples::new(operations),
            operations,
            bounds: catalog.statements.iter().map(StatementSpec::bound).collect(),
            turn: IntervalHistogram::default(),
            standstill: Standstill::default(),
            log: None,
            slowest: Vec::new(),
            outages: Outages::default(),
            end_ns: u64::MAX,
            late_succeeded: 0,
            late_statements: Vec::new(),
            busy: 0,
            busy_max: 0,
            usable: 0,
            idle_ns: 0,
            changed_ns: 0,
            own: OwnTime::default(),
        }
    }

    #[inline]
    pub(crate) fn phase(&mut self, phase: Phase) -> &mut PhaseSamples {
        match phase {
            Phase::WarmUp => &mut self.warm_up,
            Phase::Measured => &mut self.measured,
        }
    }

    #[inline]
    pub(crate) fn action(&mut self, phase: Phase, action: u16) -> &mut ActionSample<u32> {
        let actions = &mut self.phase(phase).actions;
        let index = usize::from(action);
        if index >= actions.len() {
            // A workload that names an action it did not declare: counted all the same.
            actions.resize_with(index + 1, || None);
        }
        actions[index].get_or_insert_with(Box::default)
    }

    /// Counts one answered statement of `us` µs at `now_ns`.
    #[inline]
    pub(crate) fn statement(&mut self, phase: Phase, done: &crate::Answered, us: u64, now_ns: u64) {
        let statements = &mut self.phase(phase).statements;
        let index = usize::from(done.statement);
        if index >= statements.len() {
            statements.resize_with(index + 1, || None);
        }
        let sample = statements[index].get_or_insert_with(Box::default);
        sample.count += 1;
        sample.rows += done.rows;
        sample.service.record_us(us);
        if let Some(failure) = &done.failure {
            sample.failed += 1;
            self.failure(phase, failure);
        }
        if phase == Phase::Measured && now_ns >= self.end_ns {
            self.count_late_statement(index);
        }
        if phase == Phase::Measured
            && (self.slowest.len() < SLOWEST || self.slowest.last().is_some_and(|s| us > s.0))
        {
            self.remember_slow(us, done.statement, now_ns);
        }
    }

    /// What a statement does to a transaction; none for most.
    #[inline]
    pub(crate) fn bound(&self, statement: u16) -> Option<Bound> {
        self.bounds.get(usize::from(statement)).copied().flatten()
    }

    /// Counts an explicit transaction that took `us` µs.
    #[inline]
    pub(crate) fn transaction(&mut self, phase: Phase, us: u64) {
        self.phase(phase).transactions.get_or_insert_with(Box::default).record_us(us);
    }

    #[cold]
    fn count_late_statement(&mut self, index: usize) {
        let length = self.late_statements.len().max(index + 1);
        self.late_statements.resize(length, 0);
        self.late_statements[index] += 1;
    }

    /// An action ended at `now_ns`, well or not: both count, or a server that fails what is slow
    /// would look fast.
    #[inline]
    pub(crate) fn ended(&mut self, current: &Current, now_ns: u64) {
        let sample = self.action(current.phase, current.action);
        sample.response.record_us(now_ns.saturating_sub(current.intended_ns) / 1000);
        let sent_ns = current.first_sent_ns.unwrap_or(now_ns);
        sample.service.record_us(now_ns.saturating_sub(sent_ns) / 1000);
    }

    /// An action of `phase` succeeded at `now_ns`.
    #[inline]
    pub(crate) fn succeeded(&mut self, phase: Phase, now_ns: u64) {
        self.late_succeeded += u64::from(phase == Phase::Measured && now_ns >= self.end_ns);
    }

    /// Nothing begins from `end_ns` on.
    pub(crate) fn ends_at(&mut self, end_ns: u64) {
        self.end_ns = self.end_ns.min(end_ns);
    }

    #[cold]
    fn remember_slow(&mut self, us: u64, statement: u16, now_ns: u64) {
        let place = self.slowest.partition_point(|slow| slow.0 >= us);
        self.slowest.insert(place, (us, statement, now_ns));
        self.slowest.truncate(SLOWEST);
    }

    pub(crate) fn failure(&mut self, phase: Phase, failure: &Failure) {
        self.phase(phase).failures.count(failure);
    }

    /// The number of usable connections, or of those with an action in flight, changes by so
    /// much.
    #[inline]
    pub(crate) fn population(&mut self, now_ns: u64, usable: i64, busy: i64) {
        let idle = self.usable.saturating_sub(self.busy);
        self.idle_ns += idle * now_ns.saturating_sub(self.changed_ns);
        self.changed_ns = now_ns.max(self.changed_ns);
        self.usable = self.usable.saturating_add_signed(usable);
        self.busy = self.busy.saturating_add_signed(busy);
        self.busy_max = self.busy_max.max(self.busy);
    }

    /// Starts the books anew when the load begins: opening connections is not idling.
    pub(crate) fn begin(&mut self, now_ns: u64, own: OwnTime) {
        (self.idle_ns, self.changed_ns, self.own) = (0, now_ns, own);
        self.turn.clear();
        self.standstill = Standstill::default();
    }

    /// The loop did not run for so long although it was to; what is short is any scheduler's.
    pub(crate) fn stood_still(&mut self, us: u64) {
        if us >= SHORTEST_STANDSTILL_US {
            self.standstill.add(us);
        }
    }

    /// All since the last batch.
    pub(crate) fn take(
        &mut self,
        thread: usize,
        interval: u64,
        now_ns: u64,
        own: OwnTime,
    ) -> Batch {
        self.population(now_ns, 0, 0);
        let batch = Batch {
            thread,
            interval,
            warm_up: std::mem::replace(&mut self.warm_up, PhaseSamples::new(self.operations)),
            measured: std::mem::replace(&mut self.measured, PhaseSamples::new(self.operations)),
            turn: std::mem::take(&mut self.turn),
            standstill: std::mem::take(&mut self.standstill),
            own: own.since(self.own),
            busy_max: self.busy_max,
            idle_ns: self.idle_ns,
            connected: self.usable,
            behind_ns: None,
            notes: self.log.as_mut().map(|log| log.take()),
            last: None,
        };
        (self.idle_ns, self.busy_max, self.own) = (0, self.busy, own);
        batch
    }

    /// Takes back a batch that could not be handed over: the next one holds it too.
    pub(crate) fn put_back(&mut self, batch: Batch) {
        self.warm_up = batch.warm_up;
        self.measured = batch.measured;
        self.turn = batch.turn;
        self.standstill = batch.standstill;
        if let (Some(log), Some(notes)) = (&mut self.log, batch.notes) {
            log.put_back(notes);
        }
        self.idle_ns = batch.idle_ns;
        self.busy_max = batch.busy_max;
        self.own = self.own.before(batch.own);
    }

    /// What there is to say at the end; times count from `measuring_ns`.
    pub(crate) fn last_words(&mut self, measuring_ns: u64, ended_ns: u64) -> LastWords {
        let slowest = self.slowest.drain(..).map(|(us, statement, at_ns)| SlowStatement {
            statement,
            when_s: (at_ns as f64 - measuring_ns as f64) / 1e9,
            service_ms: us as f64 / 1000.0,
        });
        LastWords {
            late_succeeded: self.late_succeeded,
            late_statements: std::mem::take(&mut self.late_statements),
            stopped_ns: None,
            slowest: slowest.collect(),
            outages: std::mem::take(&mut self.outages),
            ended_ns,
        }
    }
}
