//! A result made again from the record of a run that never came to write its own.
//!
//! The record has every second, so counts are whole to the second. Two things differ from a result
//! that a run writes itself, and the reader is told: actions count where they ended, not where they
//! were meant to begin; and the times of single operations end with the last window that was
//! written. What the record does not hold is absent.

mod rows;

use super::{Inputs, Pacing, RunResult, StagePlan, StageTracker};
use crate::catalog::{Catalog, StatementSpec};
use crate::histogram::Histogram;
use crate::measured::Measured;
use crate::metric::Distribution;
use crate::plan::Plan;
use crate::sample::{ActionSample, StatementSample};
use crate::series::{EndRow, Header, Line};
use serde::Deserialize;
use serde_json::Value;

/// Takes the lines of a record, one after the other.
#[derive(Debug, Default)]
pub struct RecordReader {
    header: Header,
    plan: Option<Plan>,
    catalog: Catalog,
    measured: Measured,
    /// Response times of all actions, to the last second.
    responses: Histogram,
    early_responses: Histogram,
    stages: StageTracker,
    idle_s: f64,
    operations_end_s: f64,
    end: Option<EndRow>,
    result: Option<RunResult>,
    /// The last line was none of ours: the end of a run that was killed while it wrote.
    cut: bool,
    notes: RecordNotes,
}

/// How whole a record was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordNotes {
    /// The load ended, and only what comes after it is missing.
    pub load_ended: bool,
    /// The measured time on record.
    pub recorded_s: f64,
    /// The measured time that the plan wanted; none where the plan is of another version.
    pub planned_s: Option<f64>,
    /// Until when the times of single operations are on record.
    pub operations_end_s: f64,
    /// Lines that could not be read, but for one cut short at the very end.
    pub damaged: u64,
}

/// What a record came to.
#[derive(Debug)]
pub enum Recorded {
    /// The result as the run judged it: it could not be written to its own place.
    Judged(Box<RunResult>),
    /// A result that nobody has judged.
    Unjudged(Box<RunResult>, RecordNotes),
}

/// A file that is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// It does not begin with a header.
    #[error("it does not begin as the record of a run does")]
    NoHeader,
    /// Its header is of another version.
    #[error("its schema_version is {0}, and this program reads version {v}", v = super::SCHEMA_VERSION)]
    Version(u32),
}

impl RecordReader {
    /// Reads the first line, which every record begins with.
    ///
    /// # Errors
    /// It is no header, or one of another version.
    pub fn begin(line: &str) -> Result<RecordReader, RecordError> {
        let Ok(Line::Header(header)) = Line::parse(line) else { return Err(RecordError::NoHeader) };
        if header.schema_version != super::SCHEMA_VERSION {
            return Err(RecordError::Version(header.schema_version));
        }
        let plan = Plan::deserialize(&header.plan).ok();
        let statements = header.statements.iter().map(|statement| StatementSpec {
            name: statement.name.clone(),
            sql: statement.sql.clone(),
            kind: statement.kind,
        });
        let catalog = Catalog { actions: header.actions.clone(), statements: statements.collect() };
        let stages = plan.as_ref().map(StagePlan::all_of).unwrap_or_default();
        let threads = header.plan.get("threads").and_then(Value::as_u64).unwrap_or_default();
        let measured = Measured {
            actions: vec![ActionSample::default(); catalog.actions.len()],
            warm_up_actions: vec![ActionSample::default(); catalog.actions.len()],
            statements: vec![StatementSample::default(); catalog.statements.len()],
            late_statements: vec![0; catalog.statements.len()],
            session_statements: vec![(0, 0); catalog.statements.len()],
            threads: u32::try_from(threads).unwrap_or_default(),
            ..Measured::default()
        };
        let stages = StageTracker::new(stages, header.warm_up_s);
        Ok(RecordReader { header: *header, plan, catalog, measured, stages, ..Self::default() })
    }

    /// Takes the next line.
    pub fn line(&mut self, text: &str) {
        // Only the last line of all may be cut short.
        self.notes.damaged += u64::from(std::mem::take(&mut self.cut));
        match Line::parse(text) {
            Ok(Line::Interval(row)) => self.interval(&row),
            Ok(Line::Action(row)) => self.action(&row),
            Ok(Line::Statement(row)) => self.statement(&row),
            Ok(Line::Server(row)) => self.stages.server(&row),
            // Their seconds are series; what the server said of the whole run came at its end.
            Ok(Line::Host(_) | Line::Pooler(_) | Line::Busiest(_)) => {}
            Ok(Line::Event(event)) => self.measured.events.push(event),
            Ok(Line::End(row)) => self.end = Some(row),
            Ok(Line::Result(result)) => self.result = Some(*result),
            Ok(Line::Header(_)) => self.notes.damaged += 1,
            Err(_) => self.cut = true,
        }
    }

    /// What the record came to.
    pub fn finish(mut self) -> Recorded {
        if let Some(result) = self.result {
            return Recorded::Judged(Box::new(result));
        }
        self.settle();
        let notes = RecordNotes {
            load_ended: self.end.is_some(),
            recorded_s: self.measured.elapsed_s,
            planned_s: self.plan.as_ref().map(|plan| plan.duration.as_secs_f64()),
            operations_end_s: self.operations_end_s.max(0.0),
            damaged: self.notes.damaged,
        };
        let (measured, header) = (&self.measured, self.header);
        let mut result = RunResult::assemble(Inputs {
            started_at: &header.started_at,
            workload: &header.workload,
            connections: header.connections,
            pacing: pacing(&header.plan),
            measured,
            catalog: &self.catalog,
            set_up_statements: &header.set_up_statements,
            plan: header.plan,
            environment: header.environment,
            verification: None,
            metrics: vec![],
            stages: self.stages.finish(),
            database_metrics: None,
            system_metrics: None,
            action_log: None,
        });
        let load = &mut result.load_metrics;
        load.all_actions.response_time_ms = Distribution::of(&self.responses);
        load.all_actions.histograms.response_time = encoded(&self.responses);
        load.warm_up.response_time_ms = Distribution::of(&self.early_responses);
        load.warm_up.histograms.response_time = encoded(&self.early_responses);
        load.slowest = self.end.map(|end| end.slowest).unwrap_or_default();
        Recorded::Unjudged(Box::new(result), notes)
    }

    /// Every action that began and has no end on record is unfinished, where the record ends.
    fn settle(&mut self) {
        let measured = &mut self.measured;
        let began = measured.elapsed_s > 0.0;
        for (early, late) in measured.warm_up_actions.iter_mut().zip(&mut measured.actions) {
            let (early, late) = (&mut early.counts, &mut late.counts);
            let scheduled = early.scheduled + late.scheduled;
            let open = scheduled.saturating_sub(early.ended() + late.ended());
            let last = if began { &mut *late } else { &mut *early };
            last.unfinished += open;
            early.scheduled = early.ended();
            late.scheduled = late.ended();
        }
        measured.idle_mean = self.idle_s / measured.elapsed_s.max(f64::MIN_POSITIVE);
        if let Some(end) = &self.end {
            measured.interrupted = end.interrupted;
            measured.poller.clone_from(&end.poller);
            measured.time_to_recover_s = end.time_to_recover_s;
            measured.still_down = end.still_down;
        }
    }
}

fn encoded(histogram: &Histogram) -> Option<String> {
    (!histogram.is_empty()).then(|| histogram.to_base64())
}

/// What the schedule counted, as the plan in the header has it.
fn pacing(plan: &Value) -> Pacing {
    match plan.pointer("/shape/unit").and_then(Value::as_str) {
        Some("actions") => Pacing::Actions,
        Some("statements") => Pacing::Statements,
        _ => Pacing::Closed,
    }
}

#[cfg(test)]
mod tests;
