//! What each row of a record adds.

use super::RecordReader;
use crate::failure::{ErrorClass, Failure};
use crate::histogram::Histogram;
use crate::measured::{GeneratorSample, Interval, Measured};
use crate::plan::Shape;
use crate::sample::{ActionCounts, ActionSample, ConnectionSample, Phase};
use crate::series::{ActionRow, IntervalRow, StatementRow};
use serde::Deserialize;
use serde_json::Value;

impl RecordReader {
    pub(super) fn interval(&mut self, row: &IntervalRow) {
        let early = is_early(row.t);
        for (index, counts) in row.action_counts.iter().enumerate() {
            let counts = ActionCounts::of_array(*counts);
            if let Some(sample) = phase(&mut self.measured, early).get_mut(index) {
                sample.counts += counts;
            }
            if row.grace {
                self.measured.late_succeeded += counts.succeeded;
            }
        }
        for (index, counts) in row.statement_counts.iter().enumerate() {
            self.statement_counts(index, *counts, row);
        }
        let response = decoded(row.response_time.as_deref());
        match early {
            true => self.early_responses.merge(&response),
            false => self.responses.merge(&response),
        }
        self.failures(row, early);
        let connections = connections(row);
        self.measured.connections += &connections;
        let interval = self.interval_of(row, connections, response);
        self.stages.interval(&interval);
        match (early, row.grace) {
            (true, _) => self.measured.warm_up_s += row.length_s,
            (false, true) => self.measured.measured_connections += &interval.connections,
            (false, false) => self.measured_second(row, &interval),
        }
    }

    /// A second of the measured time, the grace after it left out.
    fn measured_second(&mut self, row: &IntervalRow, interval: &Interval) {
        let measured = &mut self.measured;
        measured.measured_connections += &interval.connections;
        measured.elapsed_s += row.length_s;
        let due = match self.plan.as_ref().map(|plan| (plan.reconnect, &plan.shape)) {
            // How many users there should have been is not on record: availability is absent.
            Some((_, Shape::Closed { user_stages: Some(_), .. })) => false,
            Some((true, _)) => interval.work_was_due(None),
            _ => interval.work_was_due(Some(self.header.connections)),
        };
        measured.seconds_due += u64::from(due);
        measured.seconds_available += u64::from(row.succeeded > 0);
        measured.in_use_max = measured.in_use_max.max(row.in_use_max);
        measured.generator.cpu_us += interval.generator.cpu_us;
        measured.generator.busiest_thread_cpu_us += interval.generator.busiest_thread_cpu_us;
        if let Some(run_queue) = row.run_queue {
            *measured.generator.run_queue.get_or_insert_default() += run_queue;
        }
        if let Some(offered) = row.offered {
            *measured.offered.get_or_insert(0.0) += offered;
        }
        self.idle_s += row.idle_mean * row.length_s;
    }

    fn statement_counts(&mut self, index: usize, counts: [u64; 3], row: &IntervalRow) {
        let [count, failed, rows] = counts;
        if let Some(session) = self.measured.session_statements.get_mut(index) {
            session.0 += count;
            session.1 += failed;
        }
        let sample = self.measured.statements.get_mut(index);
        if let Some(sample) = sample.filter(|_| !is_early(row.t)) {
            sample.count += count;
            sample.failed += failed;
            sample.rows += rows;
            self.measured.late_statements[index] += if row.grace { count } else { 0 };
        }
    }

    fn failures(&mut self, row: &IntervalRow, early: bool) {
        for error in &row.failures {
            // A class of a newer program is one of ours without a name.
            let class = ErrorClass::deserialize(Value::from(error.class.as_str()));
            let failure = Failure {
                class: class.unwrap_or(ErrorClass::Other),
                sqlstate: error.sqlstate.as_ref().and_then(|it| it.as_bytes().try_into().ok()),
                message: error.sample.clone(),
            };
            let measured = &mut self.measured;
            let tally = if early { &mut measured.early_failures } else { &mut measured.failures };
            tally.count_many(&failure, error.count);
            // The sample stands where a kind was seen first, which may be the warm-up.
            if !early && error.sample.is_empty() {
                let sample = measured.early_failures.sample_of(failure.class, failure.sqlstate);
                let message = sample.unwrap_or_default().to_owned();
                measured.failures.count_many(&Failure { message, ..failure }, 0);
            }
        }
    }

    pub(super) fn action(&mut self, row: &ActionRow) {
        self.operations_end_s = self.operations_end_s.max(row.t + row.length_s);
        let early = is_early(row.t);
        let sample = phase(&mut self.measured, early).get_mut(usize::from(row.action));
        if let Some(sample) = sample {
            sample.response.merge(&decoded(row.response_time.as_deref()));
            sample.service.merge(&decoded(row.service_time.as_deref()));
            sample.wait.merge(&decoded(row.wait.as_deref()));
            sample.lateness.merge(&decoded(row.lateness.as_deref()));
        }
    }

    pub(super) fn statement(&mut self, row: &StatementRow) {
        self.operations_end_s = self.operations_end_s.max(row.t + row.length_s);
        let sample = self.measured.statements.get_mut(usize::from(row.statement));
        if let Some(sample) = sample.filter(|_| !is_early(row.t)) {
            sample.service.merge(&decoded(row.service_time.as_deref()));
        }
    }

    fn interval_of(
        &self,
        row: &IntervalRow,
        connections: ConnectionSample,
        response: Histogram,
    ) -> Interval {
        let counts = ActionCounts {
            scheduled: row.scheduled,
            succeeded: row.succeeded,
            late: 0,
            failed: row.failed,
            unknown: row.unknown,
            skipped: row.skipped,
            unfinished: row.unfinished,
            retries: row.retries,
        };
        Interval {
            start_s: row.t + self.header.warm_up_s,
            length_s: row.length_s,
            phase: if is_early(row.t) { Phase::WarmUp } else { Phase::Measured },
            grace: row.grace,
            offered: row.offered,
            behind_s: row.behind_s,
            actions: vec![Some(ActionSample { counts, response, ..ActionSample::default() })],
            statements: vec![],
            connections,
            failures: Default::default(),
            generator: GeneratorSample {
                // A record does not tell.
                standstill: None,
                cpu_us: (row.cpu_ms * 1000.0) as u64,
                busiest_thread_cpu_us: (row.busiest_thread_cpu_ms * 1000.0) as u64,
                turn: Histogram::default(),
                run_queue: row.run_queue,
            },
            connected: row.connected,
            in_use_max: row.in_use_max,
            idle_mean: row.idle_mean,
        }
    }
}

/// Times are rounded to ms: the first of the measured ones is 0.
fn is_early(t: f64) -> bool {
    t < -0.0005
}

fn phase(measured: &mut Measured, early: bool) -> &mut Vec<ActionSample> {
    if early { &mut measured.warm_up_actions } else { &mut measured.actions }
}

fn connections(row: &IntervalRow) -> ConnectionSample {
    ConnectionSample {
        attempted: row.connects,
        failed: row.connects_failed,
        lost: row.lost,
        reconnected: row.reconnected,
        connect: decoded(row.connect_time.as_deref()),
    }
}

/// Nothing where there is none, or where it is damaged.
fn decoded(text: Option<&str>) -> Histogram {
    text.and_then(Histogram::from_base64).unwrap_or_default()
}
