//! Password files: lines `host:port:database:user:password`, where `*` matches anything.
//!
//! libpq's rules: the first line that matches wins, a backslash takes the next character as it is,
//! and a file that others may read is not used at all.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What a line must match.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) host: &'a str,
    pub(super) port: &'a str,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// A file that some program wrote by mistake should not fill the memory.
const LARGEST_BYTES: u64 = 1 << 20;

/// The password of the first line of `path` that matches; an error says why the file is not used.
pub(super) fn find(path: &Path, wanted: Wanted<'_>) -> Result<Option<String>, String> {
    let shown = path.display();
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("could not look at password file {shown}: {error}")),
    };
    if !metadata.is_file() {
        return Err(format!("password file {shown} is not used: it is not a plain file"));
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(format!(
            "password file {shown} is not used: others can read it (chmod 0600 {shown})"
        ));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|it| it.take(LARGEST_BYTES).read_to_end(&mut bytes))
        .map_err(|error| format!("could not read password file {shown}: {error}"))?;
    match lookup(&bytes, wanted) {
        Some(password) => String::from_utf8(password)
            .map(Some)
            .map_err(|_| format!("password file {shown}: the password is not UTF-8")),
        None => Ok(None),
    }
}

fn lookup(bytes: &[u8], wanted: Wanted<'_>) -> Option<Vec<u8>> {
    bytes.split(|&byte| byte == b'\n').find_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b"#") {
            return None;
        }
        let line = after(line, wanted.host)?;
        let line = after(line, wanted.port)?;
        let line = after(line, wanted.database)?;
        Some(plain(after(line, wanted.user)?))
    })
}

/// What follows the first field of `line`, if that field matches.
fn after<'a>(line: &'a [u8], wanted: &str) -> Option<&'a [u8]> {
    if let Some(rest) = line.strip_prefix(b"*:") {
        return Some(rest);
    }
    let mut line = line;
    let mut wanted = wanted.as_bytes();
    loop {
        let (&first, rest) = line.split_first()?;
        if first == b':' && wanted.is_empty() {
            return Some(rest);
        }
        let (literal, rest) = if first == b'\\' { split(rest)? } else { (first, rest) };
        let (&expected, further) = wanted.split_first()?;
        if literal != expected {
            return None;
        }
        (line, wanted) = (rest, further);
    }
}

fn split(bytes: &[u8]) -> Option<(u8, &[u8])> {
    bytes.split_first().map(|(&first, rest)| (first, rest))
}

/// The password: up to a bare colon, its backslashes taken away.
fn plain(text: &[u8]) -> Vec<u8> {
    let mut password = Vec::new();
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b':' => break,
            b'\\' => password.push(*bytes.next().unwrap_or(&byte)),
            byte => password.push(byte),
        }
    }
    password
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WANTED: Wanted<'_> =
        Wanted { host: "db:1", port: "5432", database: "game", user: r"a\b" };

    fn found(text: &str) -> Option<String> {
        lookup(text.as_bytes(), WANTED).map(|it| String::from_utf8(it).unwrap())
    }

    #[test]
    fn lines_match_as_libpq_matches_them() {
        for (line, password) in [
            (r"db\:1:5432:game:a\\b:pw", Some("pw")),
            (r"*:*:*:*:pw", Some("pw")),
            (r"*:5432:*:a\\b:p\:w\\", Some(r"p:w\")),
            (r"*:*:*:*:pw:more", Some("pw")),
            (r"*:*:*:*:", Some("")),
            ("*:*:*:*:pw\r", Some("pw")),
            // A bare colon matches a colon: IPv6 addresses work without backslashes.
            (r"db:1:5432:game:a\\b:pw", Some("pw")),
            (r"db\:1:5433:game:a\\b:pw", None),
            (r"db\:12:5432:game:a\\b:pw", None),
            (r"db\::5432:game:a\\b:pw", None),
            (r"#*:*:*:*:pw", None),
            (r"*:*:*:*", None),
            (r"d*:*:*:*:pw", None),
            ("", None),
        ] {
            assert_eq!(found(line).as_deref(), password, "{line}");
        }
    }

    #[test]
    fn the_first_line_that_matches_wins() {
        assert_eq!(found("# x\nother:*:*:*:a\n*:*:game:*:b\n*:*:*:*:c\n").as_deref(), Some("b"));
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            lookup(&bytes, WANTED);
        }

        #[test]
        fn an_escaped_line_is_found_again(
            host in "[^\n\r\0]{1,12}", user in "[^\n\r\0]{1,12}", password in "[^\n\r\0]{0,12}",
        ) {
            let escape = |text: &str| text.replace('\\', r"\\").replace(':', r"\:");
            // A leading "#" makes a comment, and a lone "*" matches all: both are what they are.
            prop_assume!(!host.starts_with('#'));
            let line = format!("{}:1:d:{}:{}", escape(&host), escape(&user), escape(&password));
            let wanted = Wanted { host: &host, port: "1", database: "d", user: &user };
            prop_assert_eq!(lookup(line.as_bytes(), wanted), Some(password.into_bytes()));
        }
    }
}
