//! Several workloads in one run, by weight: `hokm@9,select-only@1`.
//!
//! Each client gets one player of every part; each action is one part's, drawn by weight. The
//! parts keep their own numbers of actions and statements: they are shifted here, and nowhere
//! else. A mix of one part is that part, so a program needs to know mixes only.

mod part;

pub use part::Part;

use crate::error::Error;
use crate::postgres::{Answer, Request, Statement};
use crate::workload::{CleanUp, Server, SetUp};
use engine::{Last, Loss, Moment, Next, Player, Wish};
use model::metric::Metric;
use model::random::{Generator, generator};
use model::verification::Verification;
use part::AnyPlayer;
use rand::RngExt;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Workloads by weight.
#[derive(Debug, Default)]
pub struct Mix {
    parts: Vec<Member>,
}

/// A part with its place.
#[derive(Debug)]
struct Member {
    name: String,
    part: Part,
    weight: u32,
}

impl Mix {
    /// A mix of nothing yet.
    pub fn new() -> Mix {
        Mix::default()
    }

    /// Adds a workload, called `name` in messages, that gets `weight` of all weights' actions.
    ///
    /// # Errors
    /// When the weight is 0, or an action or a statement has the name of another part's.
    pub fn add(&mut self, name: &str, part: Part, weight: u32) -> Result<(), Error> {
        if weight == 0 {
            return Err(Error::Settings(format!("the weight of workload {name} is 0")));
        }
        for (other, action) in self.named(Part::actions) {
            if part.actions().contains(&action) {
                let text = format!("workloads {other} and {name} both have an action {action}");
                return Err(Error::Settings(text));
            }
        }
        let own = part.statements();
        for (other, old) in self.named(Part::statements) {
            if own.iter().any(|it| old.name == it.name || old.sql == it.sql) {
                let statement = old.name;
                let text =
                    format!("workloads {other} and {name} both have a statement {statement}");
                return Err(Error::Settings(text));
            }
        }
        self.parts.push(Member { name: name.to_owned(), part, weight });
        Ok(())
    }

    /// Something of every part, with the part's name.
    fn named<T>(&self, of: impl Fn(&Part) -> Vec<T>) -> impl Iterator<Item = (&str, T)> {
        self.parts.iter().flat_map(move |it| of(&it.part).into_iter().map(|of| (&*it.name, of)))
    }

    /// The versions of the parts, by name.
    pub fn versions(&self) -> BTreeMap<String, String> {
        self.parts.iter().map(|it| (it.name.clone(), it.part.version())).collect()
    }

    /// What every key of the rows begins with that the parts add, each once.
    pub fn row_prefixes(&self) -> Vec<String> {
        let mut prefixes: Vec<String> =
            self.parts.iter().filter_map(|it| it.part.row_prefix()).collect();
        prefixes.sort();
        prefixes.dedup();
        prefixes
    }

    /// All actions, one part after the other.
    pub fn actions(&self) -> Vec<String> {
        self.named(Part::actions).map(|(_, it)| it).collect()
    }

    /// All statements of the workloads' own, one part after the other.
    pub fn statements(&self) -> Vec<Statement> {
        self.named(Part::statements).map(|(_, it)| it).collect()
    }

    /// Sets all parts up, in order.
    ///
    /// # Errors
    /// The first part that fails; [`Mix::clean_up`] undoes what the others did.
    pub fn set_up(&mut self, server: &Server<'_>) -> Result<SetUp, Error> {
        let mut all = SetUp::default();
        for Member { part, .. } in &mut self.parts {
            let one = part.0.set_up(server)?;
            all.created.extend(one.created);
            all.rows_loaded += one.rows_loaded;
            all.seconds += one.seconds;
            all.notes.extend(one.notes);
            all.warnings.extend(one.warnings);
            all.statements.extend(one.statements);
        }
        Ok(all)
    }

    /// One player for each client.
    pub fn players(&mut self, clients: u32, seed: u64) -> Vec<MixPlayer> {
        let (mut first_action, mut first_statement) = (0, 0);
        let mut shares = Vec::new();
        for Member { part, weight, .. } in &self.parts {
            shares.push(Share { weight: *weight, first_action, first_statement });
            // A catalogue of more than 65,535 operations fails when the backend is made.
            first_action += part.actions().len() as u16;
            first_statement += part.statements().len() as u16;
        }
        let shares: Arc<[Share]> = shares.into();
        let mut dealt: Vec<_> =
            self.parts.iter_mut().map(|it| it.part.0.players(clients).into_iter()).collect();
        let player = |client| MixPlayer {
            players: dealt.iter_mut().filter_map(Iterator::next).collect(),
            weights: shares.iter().map(|share| share.weight).sum(),
            shares: shares.clone(),
            random: generator(seed, "mix", u64::from(client)),
            current: 0,
        };
        (0..clients).map(player).collect()
    }

    /// Takes the players back when the load is over: verification and metrics need them.
    pub fn take_back(&mut self, players: Vec<MixPlayer>) {
        let mut dealt: Vec<Vec<_>> = self.parts.iter().map(|_| Vec::new()).collect();
        for player in players {
            dealt.iter_mut().zip(player.players).for_each(|(part, player)| part.push(player));
        }
        self.parts.iter_mut().zip(dealt).for_each(|(it, players)| it.part.0.take_back(players));
    }

    /// Verifies every part.
    pub fn verify(&mut self, server: &Server<'_>) -> Result<Verification, Error> {
        let mut all = Verification { passed: true, checks: Vec::new() };
        for Member { part, .. } in &mut self.parts {
            let one = part.0.verify(server)?;
            all.passed &= one.passed;
            all.checks.extend(one.checks);
        }
        Ok(all)
    }

    /// Cleans every part up, whatever happens to another.
    ///
    /// # Errors
    /// The first failure.
    pub fn clean_up(&mut self, server: &Server<'_>) -> Result<CleanUp, Error> {
        let (mut all, mut failure) = (CleanUp::default(), None);
        // The last part that was set up goes first.
        for Member { part, .. } in self.parts.iter_mut().rev() {
            match part.0.clean_up(server) {
                Ok(one) => all.add(one),
                Err(error) => {
                    failure.get_or_insert(error);
                }
            }
        }
        failure.map_or(Ok(all), Err)
    }

    /// The parts' own metrics. A name that two parts use gets the later part's name before it.
    pub fn metrics(&self, elapsed_s: f64) -> Vec<Metric> {
        let mut all: Vec<Metric> = Vec::new();
        for Member { name, part, .. } in &self.parts {
            for mut metric in part.0.metrics(elapsed_s) {
                if all.iter().any(|it| it.name == metric.name) {
                    metric.name = format!("{}_{}", name.replace('-', "_"), metric.name);
                }
                all.push(metric);
            }
        }
        all
    }
}

/// One part's place in the mix.
#[derive(Clone, Copy, Debug)]
struct Share {
    weight: u32,
    first_action: u16,
    first_statement: u16,
}

/// One client's players, one of each part.
pub struct MixPlayer {
    players: Vec<Box<dyn AnyPlayer>>,
    shares: Arc<[Share]>,
    weights: u32,
    random: Generator,
    /// Whose action it is.
    current: usize,
}

impl MixPlayer {
    fn choose(&mut self) -> usize {
        if self.players.len() == 1 {
            return 0;
        }
        let mut at = self.random.random_range(0..self.weights);
        let chosen = self.shares.iter().position(|share| match at.checked_sub(share.weight) {
            Some(rest) => {
                at = rest;
                false
            }
            None => true,
        });
        chosen.unwrap_or(0)
    }
}

impl Player for MixPlayer {
    type Request = Request;
    type Answer = Answer;

    fn wish(&mut self, moment: Moment) -> Wish {
        self.current = self.choose();
        let wish = self.players[self.current].wish(moment);
        Wish { action: wish.action + self.shares[self.current].first_action, ..wish }
    }

    fn next(&mut self, last: Last<'_, Answer>, request: &mut Request) -> Next {
        request.shift(self.shares[self.current].first_statement);
        self.players[self.current].next(last, request)
    }

    fn skip(&mut self) {
        self.players[self.current].skip();
    }

    fn lost(&mut self, in_flight: bool, heard: &Answer) -> Loss {
        self.players[self.current].lost(in_flight, heard)
    }
}
