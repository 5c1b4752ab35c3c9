//! Where the server is: host, address and port.

use std::net::IpAddr;
use std::path::PathBuf;

use super::collect::Value;
use super::fault::Source;
use super::resolve::Resolver;
use super::{DEFAULT_PORT, Host};

impl Resolver<'_> {
    /// The port, which the search for a socket needs first.
    pub(super) fn port(&mut self) -> u16 {
        let Some(value) = self.value("port") else {
            self.note("port", DEFAULT_PORT.to_string(), &Source::Default);
            return DEFAULT_PORT;
        };
        match value.text.trim().parse::<u16>() {
            Ok(port) if port > 0 => {
                self.note("port", port.to_string(), &value.source);
                return port;
            }
            _ => {}
        }
        let message = format!("\"{}\" is not a port", value.text);
        let expected = match value.text.contains(',') {
            true => "one port, since several servers at once are not supported",
            false => "a number from 1 to 65535",
        };
        self.fault("port", &value.source, message, expected);
        DEFAULT_PORT
    }

    /// The host, and the address that goes before looking it up.
    pub(super) fn host(&mut self, port: u16) -> (Host, Option<IpAddr>) {
        let named = self.value("host");
        let address = self.value("hostaddr").and_then(|value| self.host_address(&value));
        if let (Some(host), Some((_, source))) = (&named, &address)
            && host.source != *source
        {
            let message =
                format!("{source} decides where to connect, {} only names it", host.source);
            self.warn("hostaddr", message);
        }
        let host = match (named, &address) {
            (Some(value), _) => self.named_host(&value),
            (None, Some((address, _))) => Host::Tcp(address.to_string()),
            (None, None) => {
                let host = self.default_host(port);
                self.note("host", host_name(&host), &Source::Default);
                host
            }
        };
        (host, address.map(|it| it.0))
    }

    fn named_host(&mut self, value: &Value) -> Host {
        if value.text.contains(',') {
            let message = "several hosts are named";
            self.fault("host", &value.source, message, "one host: a load test has one server");
        }
        // `user:pa@ss@host`: the first piece of what looks like the host is part of a password.
        if value.text.contains('@') && !value.text.starts_with('@') {
            let message = "there is an \"@\" in the host";
            let expected = "an \"@\" in a user or password percent-encoded (%40)";
            self.fault("host", &value.source, message, expected);
            return Host::Tcp(String::new());
        }
        self.note("host", value.text.clone(), &value.source);
        match value.text.starts_with(['/', '@']) {
            true => Host::Unix(PathBuf::from(&value.text)),
            false => Host::Tcp(value.text.clone()),
        }
    }

    fn host_address(&mut self, value: &Value) -> Option<(IpAddr, Source)> {
        match value.text.trim().parse::<IpAddr>() {
            Ok(address) => {
                self.note("hostaddr", address.to_string(), &value.source);
                Some((address, value.source.clone()))
            }
            Err(_) => {
                let message = format!("\"{}\" is not a network address", value.text);
                self.fault("hostaddr", &value.source, message, "one IPv4 or IPv6 address");
                None
            }
        }
    }

    /// The first folder with a socket of this port, else this machine by TCP.
    fn default_host(&self, port: u16) -> Host {
        let name = format!(".s.PGSQL.{port}");
        let mut folders = self.sources.socket_folders.iter();
        match folders.find(|it| it.join(&name).exists()) {
            Some(folder) => Host::Unix(folder.clone()),
            None => Host::Tcp("localhost".to_owned()),
        }
    }
}

/// The host as libpq would be told it.
pub(super) fn host_name(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(folder) => folder.to_string_lossy().into_owned(),
    }
}
