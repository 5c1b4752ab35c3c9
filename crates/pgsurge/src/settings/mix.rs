//! A mix of workloads as text: `hokm`, or `hokm@9,select-only@1`.

use model::plan::Part;

/// Weights are shares of their sum; a million of them is as fine as anybody can see.
const MAX_WEIGHT: u32 = 1_000_000;

/// The parts that `text` names; none where it is no mix. Whether there are such workloads is for
/// the registry to say.
pub fn parse(text: &str) -> Option<Vec<Part>> {
    text.split(',').map(part).collect()
}

fn part(text: &str) -> Option<Part> {
    let (name, weight) = match text.split_once('@') {
        Some((name, weight)) => (name.trim(), weight.trim().parse().ok()?),
        None => (text.trim(), 1),
    };
    let fits = !name.is_empty() && (1..=MAX_WEIGHT).contains(&weight);
    fits.then(|| Part { name: name.to_owned(), weight })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::value::Value;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_mix_reads_back_as_it_is_shown(
            parts in prop::collection::vec(("[a-z][a-z0-9_-]{0,9}", 1..=MAX_WEIGHT), 1..5),
        ) {
            let part = |(name, weight)| Part { name, weight };
            let parts: Vec<Part> = parts.into_iter().map(part).collect();
            prop_assert_eq!(parse(&Value::Mix(parts.clone()).to_string()), Some(parts));
        }

        #[test]
        fn whatever_is_typed_is_a_mix_of_weights_from_1_or_a_slip(typed in ".*[,@]?.*") {
            let parts = parse(&typed).unwrap_or_default();
            prop_assert!(parts.iter().all(|it| it.weight >= 1 && !it.name.is_empty()));
        }
    }

    #[test]
    fn a_weight_is_a_whole_number_from_1() {
        let part = |name: &str, weight| Part { name: name.to_owned(), weight };
        assert_eq!(parse("hokm"), Some(vec![part("hokm", 1)]));
        assert_eq!(parse("hokm@9, b"), Some(vec![part("hokm", 9), part("b", 1)]));
        for text in ["", "a@0", "a@-1", "a@1.5", "a@", "@2", "a,,b", "a@1000001", "a@1@2"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
