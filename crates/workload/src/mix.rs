//! Several workloads in one run, by weight: `hokm@9,select-only@1`.
//!
//! Each client gets one player of every part; each action is one part's, drawn by weight. The
//! parts keep their own numbers of actions and statements: they are shifted here, and nowhere
//! else. A mix of one part is that part, so a program needs to know mixes only.

use crate::error::Error;
use crate::postgres::{Answer, Request, Statement};
use crate::workload::{CleanUp, Server, SetUp, Workload};
use engine::{Last, Loss, Moment, Next, Player, Wish};
use model::metric::Metric;
use model::random::{Generator, generator};
use model::verification::Verification;
use rand::RngExt;
use std::any::Any;
use std::sync::Arc;

/// A workload whose players' type is forgotten.
trait Part: Send {
    fn name(&self) -> &'static str;
    fn actions(&self) -> Vec<String>;
    fn statements(&self) -> Vec<Statement>;
    fn set_up(&mut self, server: &Server<'_>) -> Result<SetUp, Error>;
    fn players(&mut self, clients: u32) -> Vec<Box<dyn PartPlayer>>;
    fn take_back(&mut self, players: Vec<Box<dyn PartPlayer>>);
    fn verify(&mut self, server: &Server<'_>) -> Result<Verification, Error>;
    fn clean_up(&mut self, server: &Server<'_>) -> Result<CleanUp, Error>;
    fn metrics(&self, elapsed_s: f64) -> Vec<Metric>;
}

/// A player whose type can be remembered again.
trait PartPlayer: Player<Request = Request, Answer = Answer> + Any {}

impl<P: Player<Request = Request, Answer = Answer> + Any> PartPlayer for P {}

/// A workload with the players that came back to it.
struct Typed<W: Workload> {
    workload: W,
    players: Vec<W::Player>,
}

impl<W: Workload> Part for Typed<W> {
    fn name(&self) -> &'static str {
        self.workload.name()
    }

    fn actions(&self) -> Vec<String> {
        self.workload.actions()
    }

    fn statements(&self) -> Vec<Statement> {
        self.workload.statements()
    }

    fn set_up(&mut self, server: &Server<'_>) -> Result<SetUp, Error> {
        self.workload.set_up(server)
    }

    fn players(&mut self, clients: u32) -> Vec<Box<dyn PartPlayer>> {
        let players = self.workload.players(clients).into_iter();
        players.map(|player| Box::new(player) as Box<dyn PartPlayer>).collect()
    }

    fn take_back(&mut self, players: Vec<Box<dyn PartPlayer>>) {
        let typed = players.into_iter().filter_map(|player| {
            let player: Box<dyn Any> = player;
            // Only our own players are dealt to us: nothing is filtered out.
            player.downcast::<W::Player>().ok()
        });
        self.players = typed.map(|player| *player).collect();
    }

    fn verify(&mut self, server: &Server<'_>) -> Result<Verification, Error> {
        self.workload.verify(server, &mut self.players)
    }

    fn clean_up(&mut self, server: &Server<'_>) -> Result<CleanUp, Error> {
        self.workload.clean_up(server)
    }

    fn metrics(&self, elapsed_s: f64) -> Vec<Metric> {
        self.workload.metrics(&self.players, elapsed_s)
    }
}

/// Workloads by weight.
#[derive(Default)]
pub struct Mix {
    parts: Vec<(Box<dyn Part>, u32)>,
}

impl Mix {
    /// A mix of nothing yet.
    pub fn new() -> Mix {
        Mix::default()
    }

    /// Adds a workload that gets `weight` of all weights' actions.
    ///
    /// # Errors
    /// When the weight is 0, or an action or a statement has the name of another part's.
    pub fn add(&mut self, workload: impl Workload + 'static, weight: u32) -> Result<(), Error> {
        let part = Typed { workload, players: Vec::new() };
        let name = part.name();
        if weight == 0 {
            return Err(Error::Settings(format!("the weight of workload {name} is 0")));
        }
        let taken = self.actions();
        if let Some(action) = part.actions().into_iter().find(|it| taken.contains(it)) {
            let text = format!("workload {name}: another one has an action {action} already");
            return Err(Error::Settings(text));
        }
        let taken = self.statements();
        let same =
            |it: &Statement| taken.iter().any(|old| old.name == it.name || old.sql == it.sql);
        if let Some(statement) = part.statements().iter().find(|it| same(it)) {
            let statement = statement.name;
            let text = format!("workload {name}: another one has a statement {statement} already");
            return Err(Error::Settings(text));
        }
        self.parts.push((Box::new(part), weight));
        Ok(())
    }

    /// The names of the parts.
    pub fn names(&self) -> Vec<&'static str> {
        self.parts.iter().map(|(part, _)| part.name()).collect()
    }

    /// All actions, one part after the other.
    pub fn actions(&self) -> Vec<String> {
        self.parts.iter().flat_map(|(part, _)| part.actions()).collect()
    }

    /// All statements of the workloads' own, one part after the other.
    pub fn statements(&self) -> Vec<Statement> {
        self.parts.iter().flat_map(|(part, _)| part.statements()).collect()
    }

    /// Sets all parts up, in order.
    ///
    /// # Errors
    /// The first part that fails; [`Mix::clean_up`] undoes what the others did.
    pub fn set_up(&mut self, server: &Server<'_>) -> Result<SetUp, Error> {
        let mut all = SetUp::default();
        for (part, _) in &mut self.parts {
            let one = part.set_up(server)?;
            all.created.extend(one.created);
            all.rows_loaded += one.rows_loaded;
            all.seconds += one.seconds;
            all.notes.extend(one.notes);
            all.statements.extend(one.statements);
        }
        Ok(all)
    }

    /// One player for each client.
    pub fn players(&mut self, clients: u32, seed: u64) -> Vec<MixPlayer> {
        let (mut first_action, mut first_statement) = (0, 0);
        let mut shares = Vec::new();
        for (part, weight) in &self.parts {
            shares.push(Share { weight: *weight, first_action, first_statement });
            // A catalogue of more than 65,535 operations fails when the backend is made.
            first_action += part.actions().len() as u16;
            first_statement += part.statements().len() as u16;
        }
        let shares: Arc<[Share]> = shares.into();
        let mut dealt: Vec<_> =
            self.parts.iter_mut().map(|(part, _)| part.players(clients).into_iter()).collect();
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
        self.parts.iter_mut().zip(dealt).for_each(|((part, _), players)| part.take_back(players));
    }

    /// Verifies every part.
    pub fn verify(&mut self, server: &Server<'_>) -> Result<Verification, Error> {
        let mut all = Verification { passed: true, checks: Vec::new() };
        for (part, _) in &mut self.parts {
            let one = part.verify(server)?;
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
        for (part, _) in self.parts.iter_mut().rev() {
            match part.clean_up(server) {
                Ok(one) => {
                    all.dropped.extend(one.dropped);
                    all.rows_removed += one.rows_removed;
                    all.notes.extend(one.notes);
                }
                Err(error) => {
                    failure.get_or_insert(error);
                }
            }
        }
        failure.map_or(Ok(all), Err)
    }

    /// The parts' own metrics.
    pub fn metrics(&self, elapsed_s: f64) -> Vec<Metric> {
        self.parts.iter().flat_map(|(part, _)| part.metrics(elapsed_s)).collect()
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
    players: Vec<Box<dyn PartPlayer>>,
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

    fn lost(&mut self, in_flight: bool) -> Loss {
        self.players[self.current].lost(in_flight)
    }
}
