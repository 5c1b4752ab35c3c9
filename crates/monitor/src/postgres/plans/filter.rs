//! The filter of a plan's step, as the server writes it: which columns it compares, and how.
//!
//! Not an SQL parser: it knows what `EXPLAIN (VERBOSE)` writes, and passes over what no plain
//! index of columns could serve (OR, expressions, a comparison of two columns of one table).

/// How a column is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equality,
    Range,
}

/// One comparison that all rows must pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) column: String,
    /// Written `(column)::text`: only a `varchar` is compared without being changed for it.
    pub(super) is_cast_to_text: bool,
    pub(super) comparison: Comparison,
}

const OPERATORS: [(&str, Comparison); 5] = [
    (" = ", Comparison::Equality),
    (" <= ", Comparison::Range),
    (" >= ", Comparison::Range),
    (" < ", Comparison::Range),
    (" > ", Comparison::Range),
];
/// What has another value for each row: no index can be asked for it.
const CHANGING: [&str; 6] =
    ["SubPlan", "random", "clock_timestamp", "timeofday", "nextval", "uuid_generate"];

/// The comparisons of columns of the table that goes by `alias` in the statement.
pub(super) fn conditions(filter: &str, alias: &str) -> Vec<Condition> {
    let mut conditions = Vec::new();
    let mut rest = bare(filter);
    loop {
        let at = find(rest, " AND ");
        conditions.extend(condition(at.map_or(rest, |at| &rest[..at]), alias));
        match at {
            Some(at) => rest = &rest[at + " AND ".len()..],
            None => return conditions,
        }
    }
}

fn condition(text: &str, alias: &str) -> Option<Condition> {
    let text = bare(text);
    if find(text, " OR ").is_some() {
        return None;
    }
    let (at, operator, comparison) = OPERATORS
        .iter()
        .find_map(|(operator, comparison)| Some((find(text, operator)?, operator, *comparison)))?;
    let sides = [&text[..at], &text[at + operator.len()..]];
    // `5 < a` is written as it was sent.
    let of = |one: usize| Some((column(sides[one], alias)?, sides[1 - one]));
    let ((column, is_cast_to_text), other) = of(0).or_else(|| of(1))?;
    let is_served = !mentions(other, alias) && !CHANGING.iter().any(|it| other.contains(it));
    is_served.then_some(Condition { column, is_cast_to_text, comparison })
}

/// A column alone, and whether it is cast to text.
fn column(side: &str, alias: &str) -> Option<(String, bool)> {
    let side = bare(side);
    let cast = side.strip_suffix("::text").and_then(inner);
    let (table, rest) = identifier(cast.unwrap_or(side))?;
    let (column, rest) = identifier(rest.strip_prefix('.')?)?;
    (table == alias && rest.is_empty()).then_some((column, cast.is_some()))
}

/// Whether it has to do with a column of this table.
fn mentions(text: &str, alias: &str) -> bool {
    let (mut is_quoted, mut in_word) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        is_quoted ^= byte == b'\'';
        let starts = !is_quoted && !in_word && (is_word(byte) || byte == b'"');
        in_word = is_word(byte);
        let found = starts.then(|| identifier(&text[at..])).flatten();
        if found.is_some_and(|(name, rest)| name == alias && rest.starts_with('.')) {
            return true;
        }
    }
    false
}

/// A name at the beginning, unquoted, and what follows.
fn identifier(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.bytes().position(|byte| !is_word(byte)).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let (mut name, mut rest) = (String::new(), quoted);
    loop {
        let end = rest.find('"')?;
        name.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, rest)),
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
}

/// Without parentheses around all of it.
fn bare(text: &str) -> &str {
    let mut text = text.trim();
    while let Some(inside) = inner(text) {
        text = inside.trim();
    }
    text
}

/// What is inside the parentheses around all of it.
fn inner(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('(')?.strip_suffix(')')?;
    let closes_early = walk(inside).any(|(_, depth)| depth < 0);
    (!closes_early).then_some(inside)
}

/// Where `word` first stands outside parentheses and quotes.
fn find(text: &str, word: &str) -> Option<usize> {
    walk(text).find(|(at, depth)| *depth == 0 && text[*at..].starts_with(word)).map(|(at, _)| at)
}

/// Every beginning of a character outside quotes, and in how many parentheses it stands.
fn walk(text: &str) -> impl Iterator<Item = (usize, i32)> + '_ {
    let (mut depth, mut quote) = (0, None);
    text.char_indices().filter_map(move |(at, character)| {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth -= 1,
            _ => {}
        }
        quote.is_none().then_some((at, depth))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `=a` for an equality of `a`, `<a` for a range, `~` behind what is cast.
    fn read(filter: &str) -> String {
        let show = |it: &Condition| {
            let sign = if it.comparison == Comparison::Equality { '=' } else { '<' };
            format!("{sign}{}{}", it.column, if it.is_cast_to_text { "~" } else { "" })
        };
        conditions(filter, "o").iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comparisons_that_an_index_could_serve_are_found() {
        assert_eq!(read("(o.customer = $1)"), "=customer");
        assert_eq!(
            read("((o.at > (now() - '1 day'::interval)) AND (o.customer = $1))"),
            "<at =customer"
        );
        assert_eq!(read("(((o.status)::text = $1) AND (o.id = ANY ($2)))"), "=status~ =id");
        assert_eq!(read("((o.x >= $1) AND (o.x <= $2))"), "<x <x");
        assert_eq!(read("(5 < o.x)"), "<x");
        assert_eq!(read("(o.\"Order \"\"no\"\"\" = c.id)"), "=Order \"no\"");
        assert_eq!(read("(o.kind = 'a) AND (o.b = 1'::text)"), "=kind");
    }

    #[test]
    fn what_no_index_of_columns_serves_is_passed_over() {
        assert_eq!(read("((o.a = $1) OR (o.b = $2))"), "");
        assert_eq!(read("((o.a = $1) AND ((o.b = 1) OR (o.c = 2)))"), "=a");
        assert_eq!(read("(lower(o.name) = $1)"), "");
        assert_eq!(read("((o.id)::numeric = $1)"), "");
        assert_eq!(read("(o.a = o.b)"), "");
        assert_eq!(read("(o.a = (o.b + 1))"), "");
        assert_eq!(read("(c.a = $1)"), "");
        assert_eq!(read("(o.a <> $1)"), "");
        assert_eq!(read("(NOT o.done)"), "");
        assert_eq!(read("(o.name ~~ $1)"), "");
        assert_eq!(read("(o.a = (SubPlan 1))"), "");
        assert_eq!(read("((o.id)::double precision = (random() * '9'::double precision))"), "");
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(filter in "[o.a ()\"'=<>&é\\[\\]AND]{0,40}") {
            let _any = conditions(&filter, "o");
        }
    }
}
