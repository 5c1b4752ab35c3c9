//! From merged values to [`Settings`]: every value checked, every default filled in.
//!
//! Nothing here stops at the first fault; a parameter that is wrong gets its default for as long as
//! it takes to look at the others, and the faults win in the end.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::address::host_name;
use super::collect::{Collected, Merged, Value};
use super::fault::{Fault, Faults, Origin, Source, Warning};
use super::password_file::{self, Wanted};
use super::sources::Sources;
use super::{ChannelBinding, Host, Secret, Settings};

/// Settings, and how they came to be.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// What to connect with.
    pub settings: Settings,
    /// Where each value came from.
    pub origins: Vec<Origin>,
    /// What is odd but stops nothing.
    pub warnings: Vec<Warning>,
}

pub(super) fn resolve(sources: &Sources<'_>, collected: Collected) -> Result<Resolved, Faults> {
    let Collected { merged, faults, warnings } = collected;
    let mut resolver = Resolver { sources, merged, faults, warnings, origins: Vec::new() };
    let settings = resolver.settings();
    if resolver.faults.is_empty() {
        let Resolver { origins, warnings, .. } = resolver;
        Ok(Resolved { settings, origins, warnings })
    } else {
        Err(Faults(resolver.faults))
    }
}

pub(super) struct Resolver<'a> {
    pub(super) sources: &'a Sources<'a>,
    merged: Merged,
    faults: Vec<Fault>,
    pub(super) warnings: Vec<Warning>,
    origins: Vec<Origin>,
}

impl Resolver<'_> {
    fn settings(&mut self) -> Settings {
        self.refuse_nul();
        let port = self.port();
        let (host, host_address) = self.host(port);
        let user = self.user();
        let database = self.text("dbname").unwrap_or_else(|| {
            self.note("dbname", user.clone(), &Source::Default);
            user.clone()
        });
        let mut settings = Settings::new(host, user, database);
        settings.host_address = host_address;
        settings.port = port;
        settings.password = self.password(&settings);
        settings.connect_timeout = self.connect_timeout();
        settings.application_name =
            self.text("application_name").or_else(|| self.text("fallback_application_name"));
        settings.options = self.text("options");
        settings.runtime_parameters = self.runtime_parameters();
        settings.channel_binding = self
            .choice("channel_binding", &ChannelBinding::ALL.map(|it| (it.name(), it)))
            .unwrap_or(ChannelBinding::Prefer);
        self.tls(&mut settings);
        settings
    }

    /// The value of a parameter, unless it is absent or empty.
    pub(super) fn value(&self, name: &str) -> Option<Value> {
        self.merged.get(name).filter(|it| !it.text.is_empty()).cloned()
    }

    /// The same, as a text that needs no checking.
    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        let value = self.value(name)?;
        self.note(name, value.text.clone(), &value.source);
        Some(value.text)
    }

    /// The same, as one of a few words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&'static str, T)],
    ) -> Option<T> {
        let value = self.value(name)?;
        if let Some((word, choice)) = choices.iter().find(|(word, _)| *word == value.text) {
            self.note(name, *word, &value.source);
            return Some(*choice);
        }
        let words: Vec<&str> = choices.iter().map(|it| it.0).collect();
        let message = format!("unknown {name} \"{}\"", value.text);
        self.fault(name, &value.source, message, &words.join(", "));
        None
    }

    pub(super) fn note(&mut self, name: &'static str, value: impl Into<String>, source: &Source) {
        self.origins.push(Origin { parameter: name, value: value.into(), source: source.clone() });
    }

    pub(super) fn warn(&mut self, parameter: &'static str, message: impl Into<String>) {
        self.warnings.push(Warning { parameter, message: message.into() });
    }

    /// Adds a fault; an empty `expected` says that there is nothing more to say.
    pub(super) fn fault(
        &mut self,
        name: &'static str,
        source: &Source,
        message: impl Into<String>,
        expected: &str,
    ) {
        let fault = Fault::new(name, source, message);
        self.faults.push(if expected.is_empty() { fault } else { fault.expected(expected) });
    }

    /// The protocol ends its strings with a NUL, and so do file names.
    fn refuse_nul(&mut self) {
        let bad = self.merged.iter().filter(|(_, value)| value.text.contains('\0'));
        for (name, value) in bad {
            let message = format!("{name} contains a NUL character");
            self.faults.push(Fault::new(name, &value.source, message));
        }
        self.merged.retain(|_, value| !value.text.contains('\0'));
    }

    fn user(&mut self) -> String {
        if let Some(user) = self.text("user") {
            return user;
        }
        match self.sources.os_user.clone().filter(|it| !it.is_empty()) {
            Some(user) => {
                self.note("user", user.clone(), &Source::Default);
                user
            }
            None => {
                let message = "no user is named, and the system names none either";
                self.fault("user", &Source::Default, message, "user, or PGUSER");
                String::new()
            }
        }
    }

    fn password(&mut self, settings: &Settings) -> Option<Secret> {
        if let Some(value) = self.value("password") {
            self.note("password", "***", &value.source);
            return Some(Secret::new(value.text));
        }
        let named = self.value("passfile");
        let path = match &named {
            Some(value) => PathBuf::from(&value.text),
            None => self.sources.home.as_ref()?.join(".pgpass"),
        };
        if named.is_some() && !path.exists() {
            self.warn("passfile", format!("password file {} does not exist", path.display()));
            return None;
        }
        self.password_from(&path, settings)
    }

    fn password_from(&mut self, path: &Path, settings: &Settings) -> Option<Secret> {
        let host = match &settings.host {
            // As in libpq, the default socket goes by the name of this machine.
            Host::Unix(folder) if self.sources.socket_folders.contains(folder) => "localhost",
            host => &host_name(host),
        };
        let wanted = Wanted {
            host,
            port: &settings.port.to_string(),
            database: &settings.database,
            user: &settings.user,
        };
        match password_file::find(path, wanted) {
            // An empty password is none: a server that asks for one takes no empty one.
            Ok(found) => {
                let password = found.filter(|it| !it.is_empty())?;
                self.note("password", "***", &Source::PasswordFile(path.to_owned()));
                Some(Secret::new(password))
            }
            Err(message) => {
                self.warn("passfile", message);
                None
            }
        }
    }

    fn connect_timeout(&mut self) -> Option<Duration> {
        let value = self.value("connect_timeout")?;
        match value.text.trim().parse::<i32>() {
            Ok(seconds) => {
                self.note("connect_timeout", seconds.to_string(), &value.source);
                // Zero and less mean for ever.
                u64::try_from(seconds).ok().filter(|&it| it > 0).map(Duration::from_secs)
            }
            Err(_) => {
                let message = format!("\"{}\" is not a connect_timeout", value.text);
                self.fault("connect_timeout", &value.source, message, "whole seconds");
                None
            }
        }
    }

    fn runtime_parameters(&mut self) -> Vec<(String, String)> {
        let names = ["datestyle", "timezone", "geqo"];
        let found = names.into_iter().filter_map(|name| Some((name, self.text(name)?)));
        // libpq sends these unless they say "default".
        found
            .filter(|(_, value)| !value.eq_ignore_ascii_case("default"))
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}
