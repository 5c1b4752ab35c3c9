//! How the busiest statements changed over time, in a few parts: the stages where there are a few,
//! else windows, of which two become one whenever there would be too many. A run of a day keeps no
//! more than one of two minutes.

use super::super::session::Session;
use super::super::statement_texts::texts;
use super::known::Known;
use super::statements::{Sum, most};
use crate::timeline::round;
use model::database_metrics::{Section, StatementRate, StatementsOverTime, StatementsPart, Unread};
use model::run_result::StagePlan;
use std::collections::BTreeMap;

/// More are no overview. An even number: two become one.
const MOST_PARTS: usize = 12;
/// Of so many statements the sums of a part that is over are kept; of fewer it shows any.
const KEPT: usize = 1000;
/// A shorter window at the end begins no part of its own.
const SHORTEST_S: f64 = 1.0;

#[derive(Debug, Default)]
struct Part {
    stage: Option<usize>,
    windows: usize,
    from_s: f64,
    to_s: f64,
    seen_s: f64,
    gap: Option<Unread>,
    by_id: BTreeMap<i64, Sum>,
}

impl Part {
    /// Takes what comes after it.
    fn join(&mut self, next: Part) {
        self.windows += next.windows;
        self.to_s = next.to_s;
        self.seen_s += next.seen_s;
        self.gap = self.gap.take().or(next.gap);
        for (id, sum) in &next.by_id {
            *self.by_id.entry(*id).or_default() += sum;
        }
        self.forget_the_idle();
    }

    fn forget_the_idle(&mut self) {
        if self.by_id.len() > KEPT {
            let mut times: Vec<f64> = self.by_id.values().map(|sum| sum.exec_ms).collect();
            times.sort_by(|a, b| b.total_cmp(a));
            let least = times[KEPT];
            self.by_id.retain(|_, sum| sum.exec_ms > least);
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Parts {
    /// The stages; none where parts are windows.
    stages: Vec<StagePlan>,
    /// How many windows are a part, where it is no stage.
    grain: usize,
    parts: Vec<Part>,
}

impl Parts {
    pub(super) fn new(stages: &[StagePlan]) -> Parts {
        let is_few = (2..=MOST_PARTS).contains(&stages.len());
        let stages = if is_few { stages.to_vec() } else { Vec::new() };
        Parts { stages, grain: 1, parts: Vec::new() }
    }

    /// Adds what was seen in a window, in so many seconds of it.
    pub(super) fn add(&mut self, window: (f64, f64), seen_s: f64, by_id: &BTreeMap<i64, Sum>) {
        self.take(window, Part { seen_s, by_id: by_id.clone(), ..Part::default() });
    }

    /// Adds a window in which nothing could be seen.
    pub(super) fn gap(&mut self, window: (f64, f64), unread: &Unread) {
        self.take(window, Part { gap: Some(unread.clone()), ..Part::default() });
    }

    fn take(&mut self, (from_s, to_s): (f64, f64), seen: Part) {
        let middle_s = (from_s + to_s) / 2.0;
        // Load that outlasts its schedule belongs to the last stage.
        let stage = self.stages.iter().rposition(|stage| stage.from_s <= middle_s);
        let part = Part { stage, windows: 1, from_s, to_s, ..seen };
        let grain = self.grain;
        let joins = |last: &Part| match stage {
            Some(_) => last.stage == stage,
            None => last.windows < grain || to_s - from_s < SHORTEST_S,
        };
        match self.parts.last_mut() {
            Some(last) if joins(last) => last.join(part),
            Some(last) => {
                last.forget_the_idle();
                self.begin(part);
            }
            None => self.begin(part),
        }
    }

    fn begin(&mut self, part: Part) {
        if self.parts.len() == MOST_PARTS {
            self.grain *= 2;
            let mut parts = std::mem::take(&mut self.parts).into_iter();
            while let Some(mut one) = parts.next() {
                parts.next().into_iter().for_each(|next| one.join(next));
                self.parts.push(one);
            }
        }
        self.parts.push(part);
    }

    /// The section; none where there is nothing to compare.
    pub(super) fn finish(
        self,
        session: &mut Session,
        known: &mut Known,
    ) -> Option<Section<StatementsOverTime>> {
        let window = match self.parts.as_slice() {
            [first, .., last] => (first.from_s, last.to_s),
            _ => return None,
        };
        let gap = self.parts.iter().find_map(|part| part.gap.clone());
        if let Some(gap) = gap.clone().filter(|_| self.parts.iter().all(|it| it.seen_s == 0.0)) {
            return Some(Section::unread(gap));
        }
        let mut parts = Vec::new();
        let mut ids = Vec::new();
        for part in &self.parts {
            let busiest = match most(session, known, &part.by_id) {
                Ok(busiest) => busiest,
                Err(unread) => return Some(Section::unread(unread)),
            };
            parts.push(told(part, &busiest, &self.stages));
            ids.extend(busiest);
        }
        ids.sort_unstable();
        ids.dedup();
        // Without texts their numbers say it too.
        let texts = texts(session, &ids).unwrap_or_default();
        let texts = texts.into_iter().map(|(id, text)| (id.to_string(), text)).collect();
        let mut section = Section::read(StatementsOverTime { parts, texts }, window);
        section.reason = gap.map(|unread| unread.reason);
        Some(section)
    }
}

fn told(part: &Part, busiest: &[i64], stages: &[StagePlan]) -> StatementsPart {
    let per_s = |value: f64| round(value / part.seen_s.max(0.001));
    let rate = |id: &i64| {
        let sum = part.by_id[id];
        StatementRate {
            queryid: id.to_string(),
            calls_per_s: per_s(sum.calls),
            exec_ms_per_s: per_s(sum.exec_ms),
            mean_exec_time_ms: (sum.exec_ms / sum.calls * 1e6).round() / 1e6,
            rows_per_s: per_s(sum.rows),
        }
    };
    StatementsPart {
        stage: part.stage.and_then(|it| stages.get(it)).map(|stage| stage.name.clone()),
        from_s: round(part.from_s),
        to_s: round(part.to_s),
        seen_s: round(part.seen_s),
        reason: part.gap.as_ref().map(|unread| unread.reason.clone()),
        statements: busiest.iter().map(rate).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(calls: &[(i64, f64)]) -> BTreeMap<i64, Sum> {
        let sum = |calls| Sum { calls, exec_ms: calls * 2.0, rows: 0.0 };
        calls.iter().map(|(id, calls)| (*id, sum(*calls))).collect()
    }

    fn shape(parts: &Parts) -> Vec<(f64, f64, f64)> {
        parts.parts.iter().map(|it| (it.from_s, it.to_s, it.by_id[&7].calls)).collect()
    }

    #[test]
    fn a_long_run_has_a_few_parts_that_add_up_to_all_of_it() {
        let mut parts = Parts::new(&[StagePlan::default()]);
        for window in 0..1000 {
            let from_s = f64::from(window) * 10.0;
            parts.add((from_s, from_s + 10.0), 10.0, &sums(&[(7, 3.0)]));
            assert!(parts.parts.len() <= MOST_PARTS, "{}", parts.parts.len());
        }
        let shape = shape(&parts);
        assert!(shape.len() > MOST_PARTS / 2 && shape.windows(2).all(|it| it[0].1 == it[1].0));
        assert_eq!((shape[0].0, shape[shape.len() - 1].1), (0.0, 10_000.0));
        assert_eq!(shape.iter().map(|it| it.2).sum::<f64>(), 3000.0);
        // All but the last are of the same length.
        assert_eq!(shape[0].2, shape[shape.len() - 2].2);
    }

    #[test]
    fn stages_are_parts_and_keep_what_their_windows_had() {
        let stage = |(from_s, length_s)| StagePlan { from_s, length_s, ..StagePlan::default() };
        let mut parts = Parts::new(&[(0.0, 25.0), (25.0, 5.0)].map(stage));
        for window in [(0.02, 10.03), (10.03, 20.0), (20.0, 25.08), (25.08, 30.0), (30.0, 34.0)] {
            parts.add(window, window.1 - window.0, &sums(&[(7, 1.0)]));
        }
        assert_eq!(shape(&parts), [(0.02, 25.08, 3.0), (25.08, 34.0, 2.0)]);
    }

    #[test]
    fn a_window_that_was_not_seen_is_in_no_rate_and_is_told() {
        let mut parts = Parts::new(&[]);
        parts.grain = 2;
        parts.add((0.0, 10.0), 10.0, &sums(&[(7, 40.0)]));
        parts.gap((10.0, 20.0), &Unread::missing("it was reset"));
        let told = told(&parts.parts[0], &[7], &[]);
        assert_eq!((told.to_s, told.seen_s, told.statements[0].calls_per_s), (20.0, 10.0, 4.0));
        assert_eq!(told.reason.as_deref(), Some("it was reset"));
    }

    #[test]
    fn a_splinter_at_the_end_is_no_part() {
        let mut parts = Parts::new(&[]);
        parts.add((0.0, 10.0), 10.0, &sums(&[(7, 1.0)]));
        parts.add((10.0, 10.4), 0.4, &sums(&[(7, 1.0)]));
        assert_eq!(shape(&parts), [(0.0, 10.4, 2.0)]);
    }

    #[test]
    fn ever_new_statements_fill_no_memory_and_the_busiest_stay() {
        let mut parts = Parts::new(&[]);
        let many: Vec<(i64, f64)> = (0..5000).map(|id| (id, id as f64)).collect();
        parts.add((0.0, 10.0), 10.0, &sums(&many));
        parts.add((10.0, 20.0), 10.0, &sums(&[(7, 1.0)]));
        let first = &parts.parts[0].by_id;
        assert!(first.len() <= KEPT && first.contains_key(&4999), "{}", first.len());
        for window in 2..60_i64 {
            let new: Vec<(i64, f64)> =
                (0..5000).map(|id| (window * 5000 + id, id as f64)).collect();
            parts.add((window as f64 * 10.0, window as f64 * 10.0 + 10.0), 10.0, &sums(&new));
            let closed = &parts.parts[..parts.parts.len() - 1];
            assert!(closed.iter().all(|part| part.by_id.len() <= KEPT), "{window}");
        }
    }
}
