//! Several scenarios, one after another, and what they come to together.
//!
//! A suite never holds more than it has saved: a scenario's figures are read back from its file,
//! and the suite's own files are made again after each. So a suite that is killed leaves all that
//! it had, and one that goes on (`resume`) says what one that ran through would say.

mod book;
mod command;
mod remains;
mod resume;
pub mod sample;

use crate::error::{Error, chain};
use crate::exit_code::ExitCode;
use crate::load::{LoadError, Session, Target};
use crate::messages::Messages;
use crate::settings::Resolved;
use crate::settings::suite::{Planned, ResolvedScenario, ResolvedSuite};
use crate::surroundings::Surroundings;
use book::Book;
use command::Failed;
use model::plan::Target as Server;
use model::units::{duration, several};
use model::verdict::{Cause, Reason, Verdict};
use std::io::Write as _;

/// Why a migration is part of a suite and not run.
pub const NO_MIGRATION: &str = "this version can't rehearse a migration yet";

/// Runs the scenarios, writes their results and the suite's, and prints the suite's report.
///
/// # Errors
/// Saved results belong to other plans, or a file of the suite can't be written.
pub fn run(
    mut suite: ResolvedSuite,
    surroundings: &Surroundings,
    messages: &Messages,
) -> Result<ExitCode, Error> {
    let kept = match suite.resume {
        true => resume::kept(&mut suite, messages)?,
        false => Vec::new(),
    };
    let book = Book::new(&suite);
    let session = Session::begin(surroundings, messages)?;
    let mut runner = Runner { suite: &suite, session, messages, book, throwaway: None };
    kept.iter().for_each(|result| runner.book.finished(&result.scenario, &result.result));
    runner.book.save()?;
    runner.all(&kept.iter().map(|it| it.scenario.as_str()).collect::<Vec<_>>())?;
    runner.tell(surroundings)
}

struct Runner<'a> {
    suite: &'a ResolvedSuite,
    session: Session<'a>,
    messages: &'a Messages,
    book: Book<'a>,
    /// The one server of all scenarios, where none is named; started when it is first needed.
    throwaway: Option<Target>,
}

impl Runner<'_> {
    /// Every scenario that has no result yet, until something ends the suite.
    fn all(&mut self, kept: &[&str]) -> Result<(), Error> {
        let total = self.suite.scenarios.len();
        let mut ended: Option<String> = None;
        for (index, scenario) in self.suite.scenarios.iter().enumerate() {
            let name = scenario.name.as_str();
            if kept.contains(&name) {
                continue;
            }
            let Planned::Load(resolved) = &scenario.what else {
                self.messages.info(&format!("{name}: not run: {NO_MIGRATION}"));
                continue;
            };
            if let Some(why) = &ended {
                self.book.not_run(name, why);
                continue;
            }
            let plan = &resolved.plan;
            let (connections, length) = (plan.connections.into(), plan.load_time().as_secs_f64());
            let (connections, length) = (several(connections, "connection"), duration(length));
            let place = format!("scenario {} of {total}", index + 1);
            self.messages.info(&format!("{place}: {name} ({connections}, {length})"));
            self.one(scenario, resolved);
            self.book.save()?;
            ended = self.ending(name);
            if ended.is_none() || !self.session.is_interrupted() {
                self.on_failure(name);
            }
        }
        self.book.judge_interrupted(self.session.is_interrupted());
        self.book.save()
    }

    /// Why the scenarios after `name` are not run; none where the suite goes on.
    fn ending(&self, name: &str) -> Option<String> {
        let passed = self.book.verdict(name).is_some_and(|it| it.exit_code == 0);
        if self.session.is_interrupted() {
            return Some("interrupted before its turn".to_owned());
        }
        let stops = self.suite.stop_on_failure && !passed;
        stops.then(|| format!("the suite ended when {name} did not pass"))
    }

    /// One scenario, to a result or a reason.
    fn one(&mut self, scenario: &ResolvedScenario, resolved: &Resolved) {
        let name = scenario.name.as_str();
        match self.load(resolved) {
            Ok(()) => {
                // What is compared is what was saved.
                let path = &resolved.plan.output.path;
                match resume::read(path) {
                    Ok(result) => self.book.finished(name, &result),
                    Err(words) => {
                        let cause = Reason::new(Cause::OurFault, words.clone());
                        self.book.could_not_start(name, &words, Verdict::of(vec![cause]));
                    }
                }
            }
            Err(LoadError::Interrupted) => {
                self.book.not_run(name, "interrupted before its load began");
            }
            Err(error) => {
                let code = error.exit_code().number();
                let error = Error::from(error);
                let words = chain(&error);
                let hint = error.hint().map_or_else(String::new, |it| format!("\nhint: {it}"));
                self.messages.warn(&format!("{name} could not run: {words}{hint}"));
                let cause = Cause::of_exit_code(code).unwrap_or(Cause::OurFault);
                let verdict = Verdict::of(vec![Reason::new(cause, words.clone())]);
                self.book.could_not_start(name, &words, verdict);
            }
        }
        if let Some(verdict) = self.book.verdict(name) {
            let outcome = book::word(verdict.outcome);
            let reason = verdict.reasons.first().map_or(String::new(), |it| format!(": {it}"));
            self.messages.info(&format!("{name}: {outcome}{reason}"));
        }
    }

    fn load(&mut self, resolved: &Resolved) -> Result<(), LoadError> {
        let named;
        let target = match resolved.plan.target {
            Server::Server(_) => {
                named = self.session.reach(resolved)?;
                &named
            }
            Server::Throwaway => {
                let started = match self.throwaway.take() {
                    Some(started) => started,
                    None => self.session.reach(self.largest(resolved))?.shared(),
                };
                self.throwaway.insert(started)
            }
        };
        let outcome = self.session.load(resolved, target, &|_| {})?;
        outcome.unwritten.map_or(Ok(()), Err)
    }

    /// The scenario that a throwaway server has to have room for.
    fn largest<'r>(&'r self, among: &'r Resolved) -> &'r Resolved {
        let loads = self.suite.scenarios.iter().filter_map(|it| match &it.what {
            Planned::Load(resolved) => Some(resolved.as_ref()),
            Planned::Migration { .. } => None,
        });
        loads.max_by_key(|it| it.plan.connections).unwrap_or(among)
    }

    /// Lets the user's command know of a scenario that did not pass.
    fn on_failure(&self, name: &str) {
        let (Some(command), Some(verdict)) = (&self.suite.on_failure, self.book.verdict(name))
        else {
            return;
        };
        if verdict.exit_code == 0 {
            return;
        }
        let result = self.book.result_path(name);
        let failed = Failed { scenario: name, verdict, result: result.as_deref() };
        if let Err(words) = command::run(command, &failed, &|| self.session.is_interrupted()) {
            self.messages.warn(&format!("--on-failure for {name}: {words}"));
        }
    }

    /// Prints the report.
    fn tell(self, surroundings: &Surroundings) -> Result<ExitCode, Error> {
        let result = self.book.result();
        let report = report::suite::terminal::render(&result, surroundings.report_style());
        std::io::stdout().lock().write_all(report.as_bytes()).map_err(Error::Output)?;
        let files = self.book.files().map(|it| it.display().to_string());
        self.messages.info(&format!("suite: {}", files.collect::<Vec<_>>().join(", ")));
        Ok(ExitCode::of_number(result.verdict.exit_code).unwrap_or(ExitCode::Internal))
    }
}
