//! The name that was probably meant.

/// The candidate with the fewest slips between it and `name`; none when all are far off.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = name.to_lowercase().replace('-', "_");
    // A third of the letters may be wrong: more, and it is another word.
    let allowed = (folded.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|it| (distance(&folded, &it.to_lowercase()), it))
        .filter(|(slips, _)| *slips <= allowed)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, it)| it)
}

/// Letters inserted, left out, changed or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().collect());
    let mut before = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let changed = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = changed.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_their_name_and_other_words_do_not() {
        let names = ["concurrent_connections", "duration_minutes", "host", "port"];
        let cases = [
            ("concurent_conections", Some("concurrent_connections")),
            ("concurrent-connections", Some("concurrent_connections")),
            ("Duration_Minuets", Some("duration_minutes")),
            ("hots", Some("host")),
            ("prt", Some("port")),
            ("banana", None),
            ("", None),
        ];
        for (slip, name) in cases {
            assert_eq!(nearest(slip, names), name, "{slip:?}");
        }
    }

    #[test]
    fn a_swap_of_neighbours_is_one_slip() {
        assert_eq!(distance("hots", "host"), 1);
        assert_eq!(distance("", "host"), 4);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
