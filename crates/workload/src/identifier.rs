//! Names in SQL: quoted where they must be, left alone where they need not be.

/// A name as SQL writes it. What reads back as itself without quotes stays bare, except that
/// keywords are not looked up: our own names are none, and a user's (a schema) is always quoted.
pub fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table of ours in a schema, or on the search path.
pub fn qualified(schema: Option<&str>, table: &str) -> String {
    match schema {
        Some(schema) => format!("{}.{table}", quote(schema)),
        None => table.to_owned(),
    }
}

/// A text as a literal that means the same whatever `standard_conforming_strings` says.
pub fn literal(text: &str) -> String {
    let escape = if text.contains('\\') { " E" } else { "" };
    format!("{escape}'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_inside_names_are_doubled() {
        assert_eq!(qualified(Some("a\"b; drop"), "games"), "\"a\"\"b; drop\".games");
        assert_eq!(qualified(None, "games"), "games");
    }

    #[test]
    fn backslashes_and_quotes_in_literals_are_doubled() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\'b"), " E'a\\\\''b'");
    }
}
