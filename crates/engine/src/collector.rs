//! Merges what the threads hand over: into one interval after another, and into the totals.
//!
//! An interval is complete when every thread has reported it or a later one; then the observer
//! sees it, and it is forgotten. What stays is one set of totals, however long the run.

use crate::action_log::Notes;
use crate::outages::{Outages, add_outages};
use crate::pace::Curve;
use crate::recorder::{Batch, LastWords, PhaseSamples};
use crate::settings::{Load, Shape};
use model::catalog::Catalog;
use model::failure::FailureTally;
use model::measured::{GeneratorSample, Interval, Measured};
use model::sample::{ActionSample, ConnectionSample, Phase, StatementSample};
use std::collections::BTreeMap;
use std::time::Instant;

/// Who wants to know while load runs.
pub trait Observer {
    /// The first action may start at this moment; intervals count from it.
    fn begins(&mut self, _at: Instant) {}

    /// One interval is complete.
    fn interval(&mut self, interval: &Interval);

    /// Single actions of one thread, where [`Load::noted_share`] asks for them.
    fn actions(&mut self, _notes: Notes) {}
}

impl<F: FnMut(&Interval)> Observer for F {
    fn interval(&mut self, interval: &Interval) {
        self(interval);
    }
}

/// See the module.
pub(crate) struct Collector<'a> {
    load: &'a Load,
    catalog: &'a Catalog,
    begin_ns: u64,
    open: BTreeMap<u64, Interval>,
    reported: Vec<Option<u64>>,
    ended: Vec<Option<LastWords>>,
    totals: Measured,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(load: &'a Load, catalog: &'a Catalog, begin_ns: u64) -> Collector<'a> {
        let threads = load.threads as usize;
        let totals = Measured {
            actions: vec![ActionSample::default(); catalog.actions.len()],
            warm_up_actions: vec![ActionSample::default(); catalog.actions.len()],
            statements: vec![StatementSample::default(); catalog.statements.len()],
            session_statements: vec![(0, 0); catalog.statements.len()],
            threads: load.threads,
            ..Measured::default()
        };
        Collector {
            load,
            catalog,
            begin_ns,
            open: BTreeMap::new(),
            reported: vec![None; threads],
            ended: (0..threads).map(|_| None).collect(),
            totals,
        }
    }

    /// True when every thread has said its last words.
    pub(crate) fn is_done(&self) -> bool {
        self.ended.iter().all(Option::is_some)
    }

    /// Takes one batch; tells the observer the intervals that it completes.
    pub(crate) fn take(&mut self, mut batch: Batch, observer: &mut dyn Observer) {
        let (thread, index) = (batch.thread, batch.interval);
        let ended = batch.last.take();
        if let Some(notes) = batch.notes.take() {
            observer.actions(notes);
        }
        if !self.open.contains_key(&index) {
            self.open.insert(index, self.empty_interval(index));
        }
        self.add_totals(&batch);
        if let Some(interval) = self.open.get_mut(&index) {
            add_to_interval(interval, &batch);
        }
        self.reported[thread] = Some(if ended.is_some() { u64::MAX } else { index });
        if let Some(last_words) = ended {
            self.ended[thread] = Some(last_words);
        }
        self.complete(observer);
    }

    fn complete(&mut self, observer: &mut dyn Observer) {
        let Some(Some(reported)) = self.reported.iter().min().copied() else { return };
        while let Some(entry) = self.open.first_entry() {
            if *entry.key() > reported {
                return;
            }
            let mut interval = entry.remove();
            self.close_interval(&mut interval);
            if interval.length_s > 0.0 {
                observer.interval(&interval);
            }
        }
    }

    /// Start and planned end of interval `index`, seconds from the start of the warm-up.
    fn bounds_s(&self, index: u64) -> (f64, f64) {
        let warm_up_s = self.load.warm_up.as_secs_f64();
        let first_s = if warm_up_s.fract() > 0.0 { warm_up_s.fract() } else { 1.0 };
        let end_s = first_s + index as f64;
        (if index == 0 { 0.0 } else { end_s - 1.0 }, end_s)
    }

    fn empty_interval(&self, index: u64) -> Interval {
        let (start_s, end_s) = self.bounds_s(index);
        let warm_up_s = self.load.warm_up.as_secs_f64();
        let schedule_end_s = warm_up_s + self.load.duration.as_secs_f64();
        let curve = self.curve();
        Interval {
            start_s,
            length_s: end_s - start_s,
            phase: if start_s + 1e-9 < warm_up_s { Phase::WarmUp } else { Phase::Measured },
            grace: start_s + 1e-9 >= schedule_end_s,
            offered: curve.map(|curve| curve.slots_at(end_s) - curve.slots_at(start_s)),
            behind_s: curve.map(|_| 0.0),
            actions: vec![None; self.catalog.actions.len()],
            statements: vec![None; self.catalog.statements.len()],
            connections: ConnectionSample::default(),
            failures: FailureTally::default(),
            generator: GeneratorSample::default(),
            connected: 0,
            in_use_max: 0,
            idle_mean: 0.0,
        }
    }

    fn curve(&self) -> Option<&Curve> {
        match &self.load.shape {
            Shape::Closed { .. } => None,
            Shape::Open { curve, .. } => Some(curve),
        }
    }

    fn add_totals(&mut self, batch: &Batch) {
        let totals = &mut self.totals;
        add_actions(&mut totals.actions, &batch.measured);
        add_actions(&mut totals.warm_up_actions, &batch.warm_up);
        for samples in [&batch.measured, &batch.warm_up] {
            let length = totals.session_statements.len().max(samples.statements.len());
            totals.session_statements.resize(length, (0, 0));
            totals.connections += &samples.connections;
            for (total, sample) in totals.session_statements.iter_mut().zip(&samples.statements) {
                if let Some(sample) = sample {
                    total.0 += sample.count;
                    total.1 += sample.failed;
                }
            }
        }
        let length = totals.statements.len().max(batch.measured.statements.len());
        totals.statements.resize_with(length, StatementSample::default);
        for (total, sample) in totals.statements.iter_mut().zip(&batch.measured.statements) {
            if let Some(sample) = sample {
                *total += sample.as_ref();
            }
        }
        if let Some(transactions) = &batch.measured.transactions {
            totals.transactions.merge(transactions);
        }
        totals.measured_connections += &batch.measured.connections;
        totals.failures.merge(&batch.measured.failures);
        totals.early_failures.merge(&batch.warm_up.failures);
    }

    /// What is only known when all threads have reported.
    fn close_interval(&mut self, interval: &mut Interval) {
        let ended_s = self.ended_s().unwrap_or(f64::MAX);
        interval.length_s = (ended_s - interval.start_s).clamp(0.0, interval.length_s);
        if interval.length_s > 0.0 {
            interval.idle_mean /= interval.length_s;
        }
        if interval.phase == Phase::WarmUp || interval.grace || interval.length_s <= 0.0 {
            return;
        }
        // In a closed loop, users without a connection would ask if they could; not so where
        // each action brings its own.
        let end_s = interval.start_s + interval.length_s;
        let users = self.load.users_at(interval.start_s).min(self.load.users_at(end_s));
        let due = interval.work_was_due((!self.load.reconnect).then_some(users));
        self.totals.seconds_due += u64::from(due);
        self.totals.seconds_available += u64::from(interval.counts().succeeded > 0);
        self.totals.in_use_max = self.totals.in_use_max.max(interval.in_use_max);
        self.totals.idle_mean += interval.idle_mean * interval.length_s;
        let generator = &mut self.totals.generator;
        generator.cpu_us += interval.generator.cpu_us;
        generator.busiest_thread_cpu_us += interval.generator.busiest_thread_cpu_us;
        if let Some(run_queue) = interval.generator.run_queue {
            *generator.run_queue.get_or_insert_default() += run_queue;
        }
        generator.turn.merge(&interval.generator.turn);
        if let Some(standstill) = interval.generator.standstill {
            *generator.standstill.get_or_insert_default() += standstill;
        }
    }

    /// When the last thread ended, seconds from the start of the warm-up; none while one runs.
    fn ended_s(&self) -> Option<f64> {
        let ended: Option<Vec<u64>> =
            self.ended.iter().map(|words| words.as_ref().map(|words| words.ended_ns)).collect();
        let ended_ns = ended?.into_iter().max()?;
        Some(ended_ns.saturating_sub(self.begin_ns) as f64 / 1e9)
    }

    /// Everything, when all threads have ended. `interrupted`: the user asked for the end.
    pub(crate) fn finish(mut self, interrupted: bool) -> Measured {
        let stopped = self.ended.iter().flatten().filter_map(|words| words.stopped_ns).min();
        let stopped_s = stopped.map(|ns| ns.saturating_sub(self.begin_ns) as f64 / 1e9);
        let ended_s = self.ended_s().unwrap_or_default().min(stopped_s.unwrap_or(f64::MAX));
        let (warm_up_s, planned_s) =
            (self.load.warm_up.as_secs_f64(), self.load.duration.as_secs_f64());
        let mut totals = std::mem::take(&mut self.totals);
        totals.warm_up_s = warm_up_s.min(ended_s);
        totals.elapsed_s = (ended_s - warm_up_s).clamp(0.0, planned_s);
        totals.interrupted = interrupted && ended_s < warm_up_s + planned_s;
        totals.idle_mean /= totals.elapsed_s.max(f64::MIN_POSITIVE);
        totals.offered = self
            .curve()
            .map(|curve| curve.slots_at(warm_up_s + totals.elapsed_s) - curve.slots_at(warm_up_s));
        let words: Vec<LastWords> = self.ended.drain(..).flatten().collect();
        for words in &words {
            totals.slowest.extend_from_slice(&words.slowest);
            totals.late_succeeded += words.late_succeeded;
            let length = totals.late_statements.len().max(words.late_statements.len());
            totals.late_statements.resize(length, 0);
            for (total, late) in totals.late_statements.iter_mut().zip(&words.late_statements) {
                *total += late;
            }
        }
        totals.slowest.sort_by(|a, b| b.service_ms.total_cmp(&a.service_ms));
        totals.slowest.truncate(20);
        let outages: Vec<Outages> = words.into_iter().map(|words| words.outages).collect();
        let measuring_ns = self.begin_ns as f64 + warm_up_s * 1e9;
        add_outages(&mut totals, &outages, measuring_ns);
        totals
    }
}

fn add_actions(totals: &mut Vec<ActionSample>, samples: &PhaseSamples) {
    let length = totals.len().max(samples.actions.len());
    totals.resize_with(length, ActionSample::default);
    for (total, sample) in totals.iter_mut().zip(&samples.actions) {
        if let Some(sample) = sample {
            *total += sample.as_ref();
        }
    }
}

fn add_to_interval(interval: &mut Interval, batch: &Batch) {
    for samples in [&batch.warm_up, &batch.measured] {
        for (total, sample) in interval.actions.iter_mut().zip(&samples.actions) {
            if let Some(sample) = sample {
                *total.get_or_insert_default() += sample.as_ref();
            }
        }
        for (total, sample) in interval.statements.iter_mut().zip(&samples.statements) {
            if let Some(sample) = sample {
                *total.get_or_insert_default() += sample.as_ref();
            }
        }
        interval.connections += &samples.connections;
        interval.failures.merge(&samples.failures);
    }
    interval.generator.cpu_us += batch.own.cpu_us;
    let busiest = &mut interval.generator.busiest_thread_cpu_us;
    *busiest = batch.own.cpu_us.max(*busiest);
    // Of one process: the kernel tells it of all threads or of none.
    if let Some(queued) = batch.own.run_queue {
        let run_queue = interval.generator.run_queue.get_or_insert_default();
        run_queue.add_thread(queued.wait_us, queued.runs);
    }
    interval.generator.turn.merge(&batch.turn);
    *interval.generator.standstill.get_or_insert_default() += batch.standstill;
    interval.connected += batch.connected;
    interval.in_use_max += batch.busy_max;
    // Connection-seconds until the interval is closed, then divided by its length.
    interval.idle_mean += batch.idle_ns as f64 / 1e9;
    if let (Some(behind_s), Some(ns)) = (&mut interval.behind_s, batch.behind_ns) {
        *behind_s = behind_s.max(ns as f64 / 1e9);
    }
}
