//! What stands in the comment of a table or a schema that we created: which runs need it.
//!
//! Whoever comes last drops it. A run that was killed or that keeps its data stays on the list,
//! until it is cleaned up by its name. Where the words are not ours, the thing isn't either.

use std::fmt;

/// The comment of something that we created.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The runs that need it.
    pub runs: Vec<String>,
    /// Whether more than one run has ever needed it.
    pub is_shared: bool,
    /// Whether its first run is still filling it.
    pub is_loading: bool,
}

const OURS: &str = "made by pgsurge";
const RUNS: &str = "needed by run ";
const SHARED: &str = "shared";
const LOADING: &str = "loading";

impl Mark {
    /// The mark of something that `run` has just created.
    pub fn of(run: &str) -> Mark {
        Mark { runs: vec![run.to_owned()], ..Mark::default() }
    }

    /// Reads a comment; none where it is not ours.
    pub fn read(comment: &str) -> Option<Mark> {
        let mut parts = comment.split("; ");
        if parts.next() != Some(OURS) {
            return None;
        }
        let mut mark = Mark::default();
        for part in parts {
            match part {
                SHARED => mark.is_shared = true,
                LOADING => mark.is_loading = true,
                _ => mark.runs = part.strip_prefix(RUNS)?.split(", ").map(str::to_owned).collect(),
            }
        }
        Some(mark)
    }

    /// Whether `run` needs it.
    pub fn names(&self, run: &str) -> bool {
        self.runs.iter().any(|it| it == run)
    }

    /// The runs that need it besides `run`.
    pub fn others(&self, run: &str) -> Vec<&str> {
        self.runs.iter().map(String::as_str).filter(|it| *it != run).collect()
    }

    /// `run` needs it too.
    pub fn join(&mut self, run: &str) {
        if !self.names(run) {
            self.is_shared |= !self.runs.is_empty();
            self.runs.push(run.to_owned());
        }
    }

    /// `run` needs it no longer.
    pub fn leave(&mut self, run: &str) {
        self.runs.retain(|it| it != run);
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(OURS)?;
        if !self.runs.is_empty() {
            write!(f, "; {RUNS}{}", self.runs.join(", "))?;
        }
        let flags = [(self.is_shared, SHARED), (self.is_loading, LOADING)];
        flags.iter().filter(|(on, _)| *on).try_for_each(|(_, word)| write!(f, "; {word}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_mark_reads_back_as_it_was_written(
            runs in prop::collection::vec("[a-z0-9]{1,12}", 0..4), is_shared: bool,
            is_loading: bool,
        ) {
            let mark = Mark { runs, is_shared, is_loading };
            prop_assert_eq!(Mark::read(&mark.to_string()), Some(mark));
        }

        #[test]
        fn any_comment_can_be_read(comment: String) {
            prop_assert_eq!(Mark::read(&comment), None);
        }
    }

    #[test]
    fn a_users_comment_that_speaks_of_us_is_no_mark() {
        for comment in ["", "made by pgsurge run r1", "made by pgsurge; now ours", "made by"] {
            assert_eq!(Mark::read(comment), None, "{comment}");
        }
    }

    #[test]
    fn what_was_ever_shared_stays_so() {
        let mut mark = Mark::of("r1");
        mark.join("r1");
        assert!(!mark.is_shared);
        mark.join("r2");
        mark.leave("r1");
        assert_eq!(mark, Mark { runs: vec!["r2".into()], is_shared: true, is_loading: false });
        assert_eq!((mark.others("r2"), mark.names("r1")), (vec![], false));
    }
}
