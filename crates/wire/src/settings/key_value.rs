//! Connection strings of the form `host=db1 user='my user' password=it\'s`.
//!
//! libpq's own rules: blanks around `=` are allowed, a value with blanks goes in single quotes, and
//! a backslash takes the next character as it is, quoted or not.

use super::connection_string::Malformed;

/// The names and values, in order.
pub(super) fn parse(text: &str) -> Result<Vec<(String, String)>, Malformed> {
    let mut found = Vec::new();
    let mut rest = text.trim_start_matches(is_blank);
    while !rest.is_empty() {
        let position = text.len() - rest.len();
        let end = rest.find(|c| c == '=' || is_blank(c)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let Some(value) = after.trim_start_matches(is_blank).strip_prefix('=') else {
            // The word may well be the second half of a password with a blank in it.
            return Err(Malformed::new(format!(
                "missing \"=\" after the word at character {}",
                text[..position].chars().count() + 1
            ))
            .expected("name=value pairs, a value with blanks in single quotes"));
        };
        let (value, after) = match value.trim_start_matches(is_blank) {
            quoted if quoted.starts_with('\'') => take_quoted(&quoted[1..])?,
            plain => take_plain(plain),
        };
        found.push((name.to_owned(), value));
        rest = after.trim_start_matches(is_blank);
    }
    Ok(found)
}

/// What C's `isspace` calls a blank.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r')
}

fn take_plain(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => value.extend(characters.next().map(|(_, c)| c)),
            c if is_blank(c) => return (value, &text[at..]),
            c => value.push(c),
        }
    }
    (value, "")
}

fn take_quoted(text: &str) -> Result<(String, &str), Malformed> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => value.extend(characters.next().map(|(_, c)| c)),
            '\'' => return Ok((value, &text[at + 1..])),
            c => value.push(c),
        }
    }
    Err(Malformed::new("a value opens a single quote and never closes it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        parse(text).unwrap()
    }

    fn one(name: &str, value: &str) -> Vec<(String, String)> {
        vec![(name.to_owned(), value.to_owned())]
    }

    #[test]
    fn values_are_read_as_libpq_reads_them() {
        for (text, value) in [
            ("host=db", "db"),
            ("  host = db  ", "db"),
            ("host='a b'", "a b"),
            (r"host='it\'s'", "it's"),
            (r"host=a\ b", "a b"),
            (r"host=a\\b", r"a\b"),
            ("host=''", ""),
            ("host=", ""),
            ("host=a'b'", "a'b'"),
            ("host=a=b", "a=b"),
            (r"host=a\", "a"),
        ] {
            assert_eq!(pairs(text), one("host", value), "{text}");
        }
    }

    #[test]
    fn a_quoted_value_may_touch_the_next_name() {
        assert_eq!(pairs("user='a'host=b").len(), 2);
    }

    #[test]
    fn a_missing_sign_is_told_by_its_place_and_not_by_its_word() {
        let error = parse("password=my secret").unwrap_err();
        assert!(error.message.contains("character 13"), "{error:?}");
        assert!(!error.message.contains("secret"));
    }

    #[test]
    fn an_open_quote_is_an_error() {
        assert!(parse("password='abc").is_err());
        assert!(parse(r"password='abc\'").is_err());
    }
}
