//! What a caller can ask of a throwaway Redis, and the configuration file that it becomes.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;
use crate::home::Home;
use crate::redis::{HOST, ping};

/// Settings that decide where the server is; they are ours, or we would not find it.
const NOT_FOR_CALLERS: [&str; 6] =
    ["port", "dir", "unixsocket", "daemonize", "pidfile", "requirepass"];

/// What to start. `RedisOptions::default()` is a durable server without a password.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisOptions {
    /// The password that clients need, where they need one.
    pub password: Option<String>,
    /// More settings by name, which win over ours.
    pub settings: Vec<(String, String)>,
    /// The folder of the server's program, instead of looking for one.
    pub bin_dir: Option<PathBuf>,
    /// The folder to put the server's folder in, instead of one on a disk that we find.
    pub base_dir: Option<PathBuf>,
    /// How long a start may take, loading the data included.
    pub start_timeout: Duration,
}

impl Default for RedisOptions {
    fn default() -> Self {
        let start_timeout = Duration::from_secs(60);
        let (password, settings, bin_dir, base_dir) = (None, Vec::new(), None, None);
        Self { password, settings, bin_dir, base_dir, start_timeout }
    }
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the password, which must not reach a log.
        f.debug_struct("RedisOptions")
            .field("settings", &self.settings)
            .field("bin_dir", &self.bin_dir)
            .field("base_dir", &self.base_dir)
            .finish_non_exhaustive()
    }
}

/// The configuration file; the port comes with the command.
pub(crate) fn configuration(options: &RedisOptions, home: &Home) -> Result<String, Error> {
    let wrong = |option, reason| Err(Error::Option { option, reason });
    if options.password.as_ref().is_some_and(String::is_empty) {
        return wrong("password", "it is empty".to_owned());
    }
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    for (name, _) in &options.settings {
        if name.is_empty() || !name.chars().all(is_plain) {
            return wrong("settings", format!("{name:?} is not the name of a setting"));
        }
        if NOT_FOR_CALLERS.contains(&name.as_str()) {
            return wrong("settings", format!("{name} is set by the throwaway server itself"));
        }
    }
    let data_dir = home.data_dir.display().to_string();
    let socket = home.socket_dir.join(ping::SOCKET).display().to_string();
    let ours = [
        ("bind", HOST),
        ("unixsocket", &socket),
        ("dir", &data_dir),
        ("daemonize", "no"),
        ("logfile", ""),
        ("save", ""),
        ("appendonly", "yes"),
        ("appendfsync", "everysec"),
    ];
    let password = options.password.as_deref().map(|password| ("requirepass", password));
    let theirs = options.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let lines = ours.into_iter().chain(password).chain(theirs);
    Ok(lines.map(|(name, value)| format!("{name} {}\n", quoted(value))).collect())
}

/// A value in double quotes, with every byte that could mean something else as its number.
fn quoted(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\' || byte == b' ';
    let bytes = value.bytes().map(|byte| {
        if plain(byte) { char::from(byte).to_string() } else { format!("\\x{byte:02x}") }
    });
    format!("\"{}\"", bytes.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_can_hold_anything() {
        assert_eq!(quoted("a b\"\n"), "\"a b\\x22\\x0a\"");
    }
}
