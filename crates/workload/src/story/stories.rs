//! A workload whose users are stories and whose tables are its own, put together from its parts.
//!
//! The short way: who needs more of a [`Workload`] implements it, with [`StoryPlayer`]s or others.

use super::{Story, StoryPlayer};
use crate::error::Error;
use crate::own_tables::OwnTables;
use crate::postgres::{Statement, Type};
use crate::workload::{Server, Workload};
use model::catalog::Kind;
use model::metric::Metric;
use model::values::Values;
use model::verification::{Check, Verification};
use std::fmt;

type Compare<S> = dyn Fn(&Server<'_>, &[StoryPlayer<S>]) -> Result<Check, Error> + Send;
type Measure<S> = dyn Fn(&[StoryPlayer<S>], f64) -> Option<Metric> + Send;

/// See the module.
pub struct Stories<S> {
    seed: u64,
    make: Box<dyn Fn(u32) -> S + Send>,
    actions: Vec<String>,
    statements: Vec<Statement>,
    tables: Option<OwnTables>,
    checks: Vec<Box<Compare<S>>>,
    metrics: Vec<Box<Measure<S>>>,
}

impl<S: Story> Stories<S> {
    /// Users as `make` makes them, by number, in a run of `seed`.
    pub fn new(seed: u64, make: impl Fn(u32) -> S + Send + 'static) -> Stories<S> {
        let (make, tables) = (Box::new(make), None);
        let (actions, statements) = (Vec::new(), Vec::new());
        let (checks, metrics) = (Vec::new(), Vec::new());
        Stories { seed, make, actions, statements, tables, checks, metrics }
    }

    /// Adds an action. The first has the number 0.
    #[must_use]
    pub fn action(mut self, name: &str) -> Stories<S> {
        self.actions.push(name.to_owned());
        self
    }

    /// Adds a statement. The first has the number [`crate::postgres::FIRST`].
    #[must_use]
    pub fn statement(
        mut self,
        name: &'static str,
        kind: Kind,
        sql: impl Into<String>,
        parameters: &'static [Type],
    ) -> Stories<S> {
        self.statements.push(Statement::new(name, kind, sql, parameters));
        self
    }

    /// The tables that each run makes.
    #[must_use]
    pub fn tables(mut self, tables: OwnTables) -> Stories<S> {
        self.tables = Some(tables);
        self
    }

    /// Adds a comparison of what the server holds with what the stories remember.
    #[must_use]
    pub fn check(
        mut self,
        compare: impl Fn(&Server<'_>, &[StoryPlayer<S>]) -> Result<Check, Error> + Send + 'static,
    ) -> Stories<S> {
        self.checks.push(Box::new(compare));
        self
    }

    /// Adds a number of events, summed up over the stories.
    #[must_use]
    pub fn counter(
        self,
        name: &'static str,
        meaning: &'static str,
        count: impl Fn(&S) -> u64 + Send + 'static,
    ) -> Stories<S> {
        self.measure(move |stories, _| {
            Some(Metric::counter(name, meaning, StoryPlayer::each(stories, &count).sum()))
        })
    }

    /// Adds a distribution of values of `unit`, merged over the stories; it is absent from a result
    /// while none has a value.
    #[must_use]
    pub fn histogram(
        self,
        (name, unit): (&'static str, &'static str),
        meaning: &'static str,
        values: impl Fn(&S) -> Values + Send + 'static,
    ) -> Stories<S> {
        self.measure(move |stories, _| {
            let all: Values = StoryPlayer::each(stories, &values).sum();
            Metric::histogram(name, unit, meaning, &all)
        })
    }

    /// Adds a metric that `measure` makes of all stories and the seconds that were measured, as
    /// gauges are; none where it can't be told.
    #[must_use]
    pub fn measure(
        mut self,
        measure: impl Fn(&[StoryPlayer<S>], f64) -> Option<Metric> + Send + 'static,
    ) -> Stories<S> {
        self.metrics.push(Box::new(measure));
        self
    }
}

impl<S: Story> Workload for Stories<S> {
    type Player = StoryPlayer<S>;

    fn actions(&self) -> Vec<String> {
        self.actions.clone()
    }

    fn statements(&self) -> Vec<Statement> {
        self.statements.clone()
    }

    fn own_tables(&mut self) -> Option<&mut OwnTables> {
        self.tables.as_mut()
    }

    fn players(&mut self, clients: u32) -> Vec<StoryPlayer<S>> {
        StoryPlayer::all(&self.statements, self.seed, (0..clients).map(&self.make))
    }

    fn verify(
        &mut self,
        server: &Server<'_>,
        stories: &mut [StoryPlayer<S>],
    ) -> Result<Verification, Error> {
        let checks = self.checks.iter().map(|compare| compare(server, stories));
        Ok(Verification::of(checks.collect::<Result<_, _>>()?))
    }

    fn metrics(&self, stories: &[StoryPlayer<S>], elapsed_s: f64) -> Vec<Metric> {
        self.metrics.iter().filter_map(|measure| measure(stories, elapsed_s)).collect()
    }
}

impl<S> fmt::Debug for Stories<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stories").field("actions", &self.actions).finish_non_exhaustive()
    }
}
