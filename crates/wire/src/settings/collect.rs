//! Gathers the winning value of every parameter, before anybody looks at what it says.
//!
//! Walks the sources from the strongest to the weakest; the first that names a parameter keeps it.
//! Unknown and unsupported parameters become faults here, wrong values later.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::fault::{Fault, Source, Warning};
use super::parameter::{self, PARAMETERS, Use};
use super::sources::Sources;
use super::{connection_string, service};

/// A value and who set it. An empty value stops weaker sources and stands for the default.
#[derive(Clone)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) source: Source,
}

/// The winning value of each parameter, by libpq's name.
pub(super) type Merged = BTreeMap<&'static str, Value>;

/// Merged values, with what was noticed on the way.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) merged: Merged,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Warning>,
}

/// Everything that `sources` say, the strongest first.
pub(super) fn collect(sources: &Sources<'_>) -> Collected {
    let mut all = Collected::default();
    for layer in &sources.layers {
        for it in &layer.given {
            all.add(&it.name, it.value.clone(), Source::Given(it.label.clone()));
        }
        for (label, text) in &layer.connections {
            all.connection(text, Source::Connection(label.clone()));
        }
    }
    add_service(sources, &mut all);
    for it in PARAMETERS.iter().filter(|it| !it.variable.is_empty()) {
        if let Some(value) = sources.environment.get(it.variable) {
            let source = Source::Environment(it.variable);
            let value = Value { text: value.clone(), source };
            all.merged.entry(it.name).or_insert(value);
        }
    }
    all.judge_usage();
    all
}

fn add_service(sources: &Sources<'_>, all: &mut Collected) {
    let from_map = |all: &Collected, name: &str, variable: &'static str| match all.merged.get(name)
    {
        Some(value) => Some(value.clone()).filter(|it| !it.text.is_empty()),
        None => sources
            .variable(variable)
            .map(|text| Value { text: text.to_owned(), source: Source::Environment(variable) }),
    };
    let Some(service) = from_map(all, "service", "PGSERVICE") else { return };
    let named = from_map(all, "servicefile", "PGSERVICEFILE").map(|it| PathBuf::from(it.text));
    let files = service_files(sources, named);
    let shown = files.iter().map(|it| it.display().to_string()).collect::<Vec<_>>().join(", ");
    match service::find(&service.text, &files) {
        Ok(Some(found)) => {
            let source = Source::Service { name: service.text, file: found.file };
            for (name, value) in found.pairs {
                all.add(&name, value, source.clone());
            }
        }
        Ok(None) => {
            let message = format!("there is no service \"{}\"", service.text);
            let expected = format!("a section of that name in one of: {shown}");
            let fault = Fault::new("service", &service.source, message).expected(expected);
            all.faults.push(fault);
        }
        Err(message) => all.faults.push(Fault::new("service", &service.source, message)),
    }
}

fn service_files(sources: &Sources<'_>, named: Option<PathBuf>) -> Vec<PathBuf> {
    let own = || sources.home.as_ref().map(|it| it.join(".pg_service.conf"));
    let mut files: Vec<PathBuf> = named.or_else(own).into_iter().collect();
    match sources.variable("PGSYSCONFDIR") {
        Some(folder) => files.push(PathBuf::from(folder).join("pg_service.conf")),
        None => files.extend(sources.service_folders.iter().map(|it| it.join("pg_service.conf"))),
    }
    files
}

impl Collected {
    /// Adds a value unless a stronger source has one.
    fn add(&mut self, name: &str, text: String, source: Source) {
        match parameter::find(name) {
            Some(known) => {
                self.merged.entry(known.name).or_insert(Value { text, source });
            }
            None => {
                let expected = match parameter::nearest(name) {
                    Some(near) => format!("\"{near}\""),
                    None => "one of libpq's parameters".to_owned(),
                };
                let message = format!("unknown parameter \"{name}\"");
                self.faults.push(Fault::new(name, &source, message).expected(expected));
            }
        }
    }

    fn connection(&mut self, text: &str, source: Source) {
        match connection_string::parse(text) {
            Ok(pairs) => {
                // Inside one string the last of a name wins.
                for (name, value) in pairs.into_iter().rev() {
                    self.add(&name, value, source.clone());
                }
            }
            Err(malformed) => {
                let mut fault = Fault::new("connection string", &source, malformed.message);
                fault.expected = malformed.expected.map(str::to_owned);
                self.faults.push(fault);
            }
        }
    }

    /// Refuses what we can't honour, and says what has no effect.
    fn judge_usage(&mut self) {
        for it in PARAMETERS {
            let Some(value) = self.merged.get(it.name).filter(|it| !it.text.is_empty()) else {
                continue;
            };
            match it.usage {
                Use::Honoured => {}
                Use::Ignored(why) => self.warnings.push(Warning {
                    parameter: it.name,
                    message: format!("{} ({}) has no effect: {why}", it.name, value.source),
                }),
                Use::Only(allowed) => {
                    if allowed.iter().any(|ok| ok.eq_ignore_ascii_case(value.text.trim())) {
                        continue;
                    }
                    let fault = match allowed {
                        // Some of these are secrets, so the value is not shown.
                        [] => Fault::new(
                            it.name,
                            &value.source,
                            format!("{} is not supported", it.name),
                        ),
                        allowed => Fault::new(
                            it.name,
                            &value.source,
                            format!("{} \"{}\" is not supported", it.name, value.text),
                        )
                        .expected(allowed.join(" or ")),
                    };
                    self.faults.push(fault);
                }
            }
        }
    }
}
