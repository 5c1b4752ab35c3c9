//! From settings to findings: looks at this machine, then at the server, as far as it is reached.

use super::connection::{self, Connection};
use super::line::{Line, exit_code};
use super::{machine, render, server, settings, tables};
use crate::error::{Error, chain};
use crate::exit_code::ExitCode;
use crate::load::{Interrupt, LoadError, Reached, Slots};
use crate::pooler::{self, Pooler};
use crate::settings::Resolved;
use crate::surroundings::Surroundings;
use model::plan::Target;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use wire::settings::Host;

/// Looks at everything and prints what was found.
///
/// # Errors
/// Standard output is gone, or a signal came before all was looked at.
pub fn run(
    resolved: &Resolved,
    surroundings: &Surroundings,
    as_json: bool,
) -> Result<ExitCode, Error> {
    let plan = &resolved.plan;
    let interrupted = Arc::new(AtomicBool::new(false));
    let _listening = match plan.target {
        Target::Throwaway => Some(end_on_signals(interrupted.clone())?),
        Target::Server(_) => None,
    };
    let over_tcp = resolved.server.as_ref().is_none_or(|it| matches!(it.host, Host::Tcp(_)));
    let mut lines = machine::judge(&machine::read(surroundings), plan, over_tcp);
    let reached = Reached::open(plan, resolved.server.as_ref(), &surroundings.environment);
    match reached {
        Ok(mut reached) => match of_server(&mut reached, resolved) {
            Ok(more) => lines.extend(more),
            Err(error) => lines.push(broken(&error)),
        },
        Err(error) => lines.push(broken(&error)),
    }
    if interrupted.load(Ordering::SeqCst) {
        return Err(LoadError::Interrupted.into());
    }
    let text = match as_json {
        true => render::json(&lines),
        false => render::text(&lines, surroundings.report_style().colour),
    };
    crate::cli::print(text.as_bytes())?;
    Ok(exit_code(&lines))
}

/// Ends the throwaway server, wherever its start is, and removes its folder at a signal.
fn end_on_signals(interrupted: Arc<AtomicBool>) -> Result<Interrupt, Error> {
    let end = move |_: &str| {
        // First: whoever misses the server then knows why.
        interrupted.store(true, Ordering::SeqCst);
        servers::stop_all();
    };
    let listening = Interrupt::listen(end);
    listening.map_err(|error| Error::Internal(format!("cannot listen for signals: {error}")))
}

/// A server that can't be reached or asked.
fn broken(error: &LoadError) -> Line {
    let line = Line::no_run("connection", chain(error), "nothing further could be looked at");
    match error.hint() {
        Some(hint) => line.mend(hint),
        None => line,
    }
}

fn of_server(reached: &mut Reached, resolved: &Resolved) -> Result<Vec<Line>, LoadError> {
    let (plan, asked) = (&resolved.plan, resolved.is_given("protocol"));
    let mut lines = Vec::new();
    if plan.target == Target::Throwaway {
        let found = "named by nothing: one was started to be looked at, as a run would start it";
        lines.push(Line::ok("server", found));
    }
    let way = way_to(reached, resolved)?;
    lines.extend(connection::judge(&way, plan, asked));
    let mut found = server::read(&mut reached.client)
        .map_err(LoadError::server("reading the server's settings"))?;
    found.on_this_host = match way.pooler {
        Some(_) => None,
        None => Some(found.on_this_host == Some(true) || reached.is_near()),
    };
    let near = found.on_this_host == Some(true);
    found.settings.memory_bytes = crate::load::memory_bytes().filter(|_| near);
    lines.extend(server::judge(&found));
    lines.extend(settings::judge(&found.settings));
    let found = tables::read(&mut reached.client, plan);
    lines.extend(tables::judge(&found.map_err(LoadError::workload("look at the tables"))?));
    Ok(lines)
}

fn way_to(reached: &mut Reached, resolved: &Resolved) -> Result<Connection, LoadError> {
    let plan = &resolved.plan;
    let Reached { client, settings, tls, .. } = reached;
    let pooler = Pooler::detect(client, settings, tls.as_ref());
    let timeout = plan.statement_timeout.filter(|_| pooler.is_some());
    let timeout = timeout.and_then(|it| pooler::hands_on_timeout(settings, tls.as_ref(), it).err());
    let slots = match pooler {
        Some(_) => None,
        None => Slots::read(client).map_err(LoadError::server(Slots::READING))?,
    };
    let tls = client.tls_session();
    Ok(Connection { server: settings.to_string(), tls, pooler, timeout, slots })
}
