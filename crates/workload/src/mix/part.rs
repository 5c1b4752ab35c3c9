//! A workload whose players' type is forgotten, and remembered again for verification.
//!
//! A program that knows workloads by name only keeps them as [`Part`]s. What it costs is one
//! indirect call per step of an action; nothing is allocated for it while load runs.

use crate::error::Error;
use crate::postgres::{Answer, Request, Statement};
use crate::workload::{CleanUp, Server, SetUp, Workload};
use engine::Player;
use model::metric::Metric;
use model::verification::Verification;
use std::any::Any;

/// A workload of any type.
pub struct Part(pub(super) Box<dyn AnyWorkload>);

impl Part {
    /// Forgets the type of `workload`.
    pub fn of(workload: impl Workload + 'static) -> Part {
        Part(Box::new(Typed { workload, players: Vec::new() }))
    }

    /// The names of its actions.
    pub fn actions(&self) -> Vec<String> {
        self.0.actions()
    }

    /// Its own statements.
    pub fn statements(&self) -> Vec<Statement> {
        self.0.statements()
    }

    /// See [`Workload::version`].
    pub fn version(&self) -> String {
        self.0.version()
    }

    /// See [`Workload::row_prefix`].
    pub fn row_prefix(&self) -> Option<String> {
        self.0.row_prefix()
    }
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Part").field(&self.0.actions()).finish()
    }
}

/// [`Workload`] without its players' type.
pub(super) trait AnyWorkload: Send {
    fn version(&self) -> String;
    fn row_prefix(&self) -> Option<String>;
    fn actions(&self) -> Vec<String>;
    fn statements(&self) -> Vec<Statement>;
    fn set_up(&mut self, server: &Server<'_>) -> Result<SetUp, Error>;
    fn players(&mut self, clients: u32) -> Vec<Box<dyn AnyPlayer>>;
    fn take_back(&mut self, players: Vec<Box<dyn AnyPlayer>>);
    fn verify(&mut self, server: &Server<'_>) -> Result<Verification, Error>;
    fn clean_up(&mut self, server: &Server<'_>) -> Result<CleanUp, Error>;
    fn metrics(&self, elapsed_s: f64) -> Vec<Metric>;
}

/// A player whose type can be remembered again.
pub(super) trait AnyPlayer: Player<Request = Request, Answer = Answer> + Any {}

impl<P: Player<Request = Request, Answer = Answer> + Any> AnyPlayer for P {}

/// A workload with the players that came back to it.
struct Typed<W: Workload> {
    workload: W,
    players: Vec<W::Player>,
}

impl<W: Workload> AnyWorkload for Typed<W> {
    fn version(&self) -> String {
        self.workload.version()
    }

    fn row_prefix(&self) -> Option<String> {
        self.workload.row_prefix()
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

    fn players(&mut self, clients: u32) -> Vec<Box<dyn AnyPlayer>> {
        let players = self.workload.players(clients).into_iter();
        players.map(|player| Box::new(player) as Box<dyn AnyPlayer>).collect()
    }

    fn take_back(&mut self, players: Vec<Box<dyn AnyPlayer>>) {
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
