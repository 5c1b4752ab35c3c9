//! Settings that may be given more than once: texts, and names with their texts.
//!
//! On the command line each flag is one item; in the environment commas separate them; a settings
//! file has a list, or a table of names.

use super::document::{Data, Entry, Node};
use super::takes::some_text;
use super::value::Value;

/// One text.
pub fn text(text: &str) -> Option<Value> {
    some_text(text.trim()).map(|it| Value::Texts(vec![it.to_owned()]))
}

/// One `NAME=TEXT`; the text may be empty and hold anything.
pub fn pair(text: &str) -> Option<Value> {
    let (name, text) = text.split_once('=')?;
    let name = some_text(name.trim())?.to_owned();
    (!text.contains('\0')).then(|| Value::Pairs(vec![(name, text.to_owned())]))
}

/// Items between commas.
pub fn separated(text: &str, item: fn(&str) -> Option<Value>) -> Option<Value> {
    let mut items = text.split(',').map(|it| item(it.trim()));
    let mut all = items.next()??;
    for item in items {
        all.extend(item?);
    }
    Some(all)
}

/// A file's list of texts.
pub fn texts(list: &[Node]) -> Option<Value> {
    let texts = list.iter().map(|it| some_text(it.data.text()?).map(str::to_owned));
    texts.collect::<Option<_>>().map(Value::Texts)
}

/// A file's table of names; numbers and switches are the text that stands there.
pub fn pairs(entries: &[Entry]) -> Option<Value> {
    let pairs = entries.iter().map(|it| {
        let text = match &it.value.data {
            Data::Text(text) | Data::Number(text) => text.clone(),
            Data::Switch(on) => on.to_string(),
            _ => return None,
        };
        some_text(&it.key).map(|name| (name.to_owned(), text))
    });
    pairs.collect::<Option<_>>().map(Value::Pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Takes;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pairs_read_back_as_they_were_written(
            // Anything but commas, without a blank at its end.
            pairs in prop::collection::vec(("[a-z][a-z0-9_.-]{0,9}", "[ -+\\--~é]{0,9}[a-z]"), 1..4),
        ) {
            let one = |(name, text): &(String, String)| format!("{name}={text}");
            let written: Vec<String> = pairs.iter().map(one).collect();
            prop_assert_eq!(pair(&written[0]), Some(Value::Pairs(pairs[..1].to_vec())));
            prop_assert_eq!(separated(&written.join(","), pair), Some(Value::Pairs(pairs)));
        }
    }

    #[test]
    fn what_may_be_repeated_is_one_item_per_flag_and_separated_by_commas_elsewhere() {
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let takes = Takes::Pairs("tags");
        let one = Some(Value::Pairs(vec![pair("a", "1,b=2")]));
        assert_eq!(takes.read_item("a=1,b=2"), one);
        let two = Some(Value::Pairs(vec![pair("a", "1"), pair("b", "2")]));
        assert_eq!(takes.read_text("a=1, b=2"), two);
        for slip in ["", "a", "=1", "a=1,,b=2"] {
            assert_eq!(takes.read_text(slip), None, "{slip:?}");
        }
    }
}
