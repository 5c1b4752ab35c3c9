//! Connection URLs, `postgresql://user:password@host:port/database?name=value`, both ways.
//!
//! libpq's reading of them, not a web browser's: every part may be missing, the host may be a
//! percent-encoded socket folder, parameters may repeat what stands before the `?` and then win.

use std::fmt::Write as _;

use super::connection_string::Malformed;
use super::{ChannelBinding, Host, RootCert, Settings, SslMode};

type Pairs = Vec<(String, String)>;

const ENCODE: &str = "characters such as / : @ ? # % in a user or password percent-encoded";

/// What follows the scheme, if `text` is one of our URLs.
pub(super) fn without_scheme(text: &str) -> Option<&str> {
    ["postgresql://", "postgres://"].iter().find_map(|scheme| text.strip_prefix(scheme))
}

/// The parameters of the URL whose scheme has been taken off.
pub(super) fn parse(rest: &str) -> Result<Pairs, Malformed> {
    let mut found = Pairs::new();
    let mut rest = rest;
    let stop = rest.find(['@', '/']);
    if let Some(at) = stop.filter(|&at| rest[at..].starts_with('@')) {
        credentials(&rest[..at], &mut found)?;
        rest = &rest[at + 1..];
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, mut rest) = rest.split_at(end);
    hosts(authority, rest.contains('@'), &mut found)?;
    if let Some(path) = rest.strip_prefix('/') {
        let end = path.find('?').unwrap_or(path.len());
        store("dbname", &path[..end], &mut found)?;
        rest = &path[end..];
    }
    if let Some(query) = rest.strip_prefix('?') {
        parameters(query, &mut found)?;
    }
    Ok(found)
}

fn credentials(text: &str, found: &mut Pairs) -> Result<(), Malformed> {
    let (user, password) = match text.split_once(':') {
        Some((user, password)) => (user, password),
        None => (text, ""),
    };
    store("user", user, found)?;
    store("password", password, found)
}

/// Several hosts stay one comma-separated value here, as in libpq; who resolves them refuses it.
fn hosts(text: &str, at_sign_follows: bool, found: &mut Pairs) -> Result<(), Malformed> {
    let mut hosts = Vec::new();
    let mut ports = Vec::new();
    for entry in text.split(',') {
        let (host, port) = match entry.strip_prefix('[') {
            Some(inside) => {
                let (address, after) = inside
                    .split_once(']')
                    .filter(|(address, _)| !address.is_empty())
                    .ok_or_else(|| Malformed::new("the brackets of the host hold no address"))?;
                match after.strip_prefix(':') {
                    Some(port) => (address, port),
                    None if after.is_empty() => (address, ""),
                    None => {
                        return Err(Malformed::new("a bracketed address ends in something else")
                            .expected("[address] or [address]:port"));
                    }
                }
            }
            None => entry.split_once(':').unwrap_or((entry, "")),
        };
        // `user:pa/ss@host`: what looks like a port is the start of a password, so never quote it.
        if at_sign_follows && !port.bytes().all(|b| b.is_ascii_digit()) {
            return Err(
                Malformed::new("the part between host and database is no port").expected(ENCODE)
            );
        }
        hosts.push(host);
        ports.push(port);
    }
    if hosts.iter().any(|it| !it.is_empty()) {
        store("host", &hosts.join(","), found)?;
    }
    if ports.iter().any(|it| !it.is_empty()) {
        store("port", &ports.join(","), found)?;
    }
    Ok(())
}

fn parameters(query: &str, found: &mut Pairs) -> Result<(), Malformed> {
    let query = query.strip_suffix('&').unwrap_or(query);
    for pair in query.split_terminator('&') {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            Malformed::new("a parameter after \"?\" has no \"=\"").expected("name=value&name=value")
        })?;
        if value.contains('=') {
            return Err(Malformed::new(format!(
                "the value of \"{}\" has a further \"=\"",
                decode(name)?
            ))
            .expected("%3D for a \"=\" in a value"));
        }
        let (name, value) = (decode(name)?, decode(value)?);
        // JDBC's spelling, which libpq takes too.
        if name == "ssl" && value == "true" {
            found.push(("sslmode".to_owned(), "require".to_owned()));
        } else {
            found.push((name, value));
        }
    }
    Ok(())
}

fn store(name: &str, encoded: &str, found: &mut Pairs) -> Result<(), Malformed> {
    if !encoded.is_empty() {
        found.push((name.to_owned(), decode(encoded)?));
    }
    Ok(())
}

/// Replaces every `%XX`.
fn decode(text: &str) -> Result<String, Malformed> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first != b'%' {
            bytes.push(first);
            rest = after;
            continue;
        }
        let digit = |at: usize| after.get(at).and_then(|&b| char::from(b).to_digit(16));
        let (Some(high), Some(low)) = (digit(0), digit(1)) else {
            return Err(Malformed::new("a \"%\" is not followed by two hexadecimal digits")
                .expected("%25 for a plain \"%\""));
        };
        match high * 16 + low {
            0 => return Err(Malformed::new("%00 can't be part of a parameter")),
            // Two hexadecimal digits are less than 256.
            byte => bytes.push(byte as u8),
        }
        rest = &after[2..];
    }
    String::from_utf8(bytes).map_err(|_| Malformed::new("percent-encoded bytes are not UTF-8"))
}

/// The settings as a URL without the password, that means the same when it is read again.
///
/// Defaults are left out. What a URL can't say is left out too: the variables `PGDATESTYLE`, `PGTZ`
/// and `PGGEQO` have no parameter.
pub(super) fn of(settings: &Settings) -> String {
    let mut url = format!("postgresql://{}@", encode(&settings.user));
    match &settings.host {
        Host::Tcp(name) if name.contains(':') => {
            let _ = write!(url, "[{}]", encode(name));
        }
        Host::Tcp(name) => url.push_str(&encode(name)),
        Host::Unix(folder) => url.push_str(&encode(&folder.to_string_lossy())),
    }
    // Writing to a String never fails.
    let _ = write!(url, ":{}/{}", settings.port, encode(&settings.database));
    for (index, (name, value)) in further(settings).iter().enumerate() {
        let sign = if index == 0 { '?' } else { '&' };
        let _ = write!(url, "{sign}{name}={}", encode(value));
    }
    url
}

fn further(settings: &Settings) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    if let Some(address) = settings.host_address {
        found.push(("hostaddr", address.to_string()));
    }
    if settings.ssl_mode != SslMode::Prefer {
        found.push(("sslmode", settings.ssl_mode.name().to_owned()));
    }
    match &settings.ssl_root_cert {
        Some(RootCert::File(path)) => found.push(("sslrootcert", path.display().to_string())),
        Some(RootCert::System(_)) => found.push(("sslrootcert", "system".to_owned())),
        None => {}
    }
    if let Some(pair) = &settings.client_certificate {
        found.push(("sslcert", pair.certificate.display().to_string()));
        found.push(("sslkey", pair.key.display().to_string()));
    }
    if settings.channel_binding != ChannelBinding::Prefer {
        found.push(("channel_binding", settings.channel_binding.name().to_owned()));
    }
    if let Some(timeout) = settings.connect_timeout {
        found.push(("connect_timeout", timeout.as_secs().to_string()));
    }
    if let Some(name) = &settings.application_name {
        found.push(("application_name", name.clone()));
    }
    if let Some(options) = &settings.options {
        found.push(("options", options.clone()));
    }
    found.extend(settings.tls_versions.parameter());
    if !settings.server_name_indication {
        found.push(("sslsni", "0".to_owned()));
    }
    found
}

/// Percent-encodes all but the characters that mean nothing anywhere in a URL.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests;
