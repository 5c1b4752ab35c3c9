//! Plans of the statements that mattered, asked for after the load, and the indexes they lack.

mod candidates;
mod explain;
mod filter;
mod scans;
mod table;
mod tree;
mod trial;

use super::session::Session;
use super::shown::shown;
use super::snapshot::Span;
use super::statement_texts::whole_texts;
use crate::timeline::round;
use candidates::Candidates;
use explain::{Explainer, is_explainable};
use model::database_metrics::{
    IndexCandidate, PlanNode, QueryPlans, Section, StatementPlan, Unread,
};
use scans::SequentialScans;
use std::collections::BTreeMap;
use table::Table;
use tree::Node;
use trial::Trial;

/// How many statements are explained.
const MOST: usize = 20;

/// The section; `to_explain` are the numbers of statements, or why there are none.
pub(super) fn section(
    session: &mut Session,
    span: &Span<'_>,
    to_explain: Result<&[i64], &Unread>,
) -> Section<QueryPlans> {
    let made = to_explain.map_err(Unread::clone).and_then(|ids| {
        let texts = whole_texts(session, ids)?;
        let scans = span.both(|it| &it.look.tables).map(|(then, now)| scans::between(now, then));
        let mut looking = Looking {
            explainer: Explainer::new(session),
            scans: scans.unwrap_or_default(),
            tables: BTreeMap::new(),
            candidates: Candidates::default(),
        };
        Ok(looking.plans(ids, &texts))
    });
    match made {
        Ok(made) => Section::read(made, span.window(|it| &it.look.statements)),
        Err(unread) => Section::unread(unread),
    }
}

struct Looking<'a> {
    explainer: Explainer<'a>,
    scans: BTreeMap<u32, SequentialScans>,
    tables: BTreeMap<(String, String), Result<Table, Unread>>,
    candidates: Candidates,
}

impl Looking<'_> {
    fn plans(&mut self, ids: &[i64], texts: &BTreeMap<i64, String>) -> QueryPlans {
        let explained = ids.iter().filter(|id| texts.get(id).is_none_or(|it| is_explainable(it)));
        let mut statements = Vec::new();
        for id in explained.take(MOST) {
            statements.push(self.statement(*id, texts.get(id).map(String::as_str)));
        }
        let mut candidates = std::mem::take(&mut self.candidates).finish();
        self.try_all(&mut candidates, texts);
        QueryPlans { statements, candidates }
    }

    fn statement(&mut self, id: i64, text: Option<&str>) -> StatementPlan {
        let queryid = id.to_string();
        let text = text.ok_or_else(|| Unread::missing("its text is not there, or too long"));
        let plan = match text.and_then(|text| self.explainer.plan(text)) {
            Ok(plan) => plan,
            Err(Unread { reason, .. }) => {
                let reason = Some(shown(&reason));
                return StatementPlan { queryid, reason, ..StatementPlan::default() };
            }
        };
        let nodes = tree::nodes(&plan);
        let nodes = nodes.iter().map(|node| self.node(&queryid, node)).collect();
        let total_cost = tree::total_cost(&plan);
        StatementPlan { queryid, total_cost, nodes, reason: None }
    }

    fn node(&mut self, queryid: &str, node: &Node) -> PlanNode {
        let mut table_rows = None;
        if let Some(relation) = &node.relation {
            let session = &mut *self.explainer.session;
            let table = self.tables.entry(relation.clone());
            let table = table.or_insert_with(|| Table::read(session, relation));
            if let Ok(table) = table {
                let scans = self.scans.get(&table.number).copied().unwrap_or_default();
                table_rows = table.rows;
                self.candidates.look((queryid, node), table, scans);
            }
        }
        PlanNode {
            node_type: node.node_type.clone(),
            table: node.relation.as_ref().map(|(schema, name)| format!("{schema}.{name}")),
            index: node.index.clone(),
            filter: node.filter.as_deref().map(shown),
            estimated_rows: round(node.rows),
            table_rows,
        }
    }

    /// Tries each where that is possible, with the first of its statements.
    fn try_all(&mut self, candidates: &mut [IndexCandidate], texts: &BTreeMap<i64, String>) {
        if candidates.is_empty() {
            return;
        }
        let trial = Trial::find(&mut self.explainer);
        for candidate in candidates {
            let id = candidate.queryids.first().and_then(|id| id.parse::<i64>().ok());
            let text = id.and_then(|id| texts.get(&id)).map_or("", String::as_str);
            let costs = trial.as_ref().map_err(Unread::clone).and_then(|trial| {
                trial.costs(&mut self.explainer, (&candidate.create_index, text))
            });
            match costs {
                Ok((before, after)) => {
                    (candidate.cost_before, candidate.cost_after) = (Some(before), Some(after));
                }
                Err(unread) => candidate.not_tried = Some(shown(&unread.reason)),
            }
        }
    }
}
