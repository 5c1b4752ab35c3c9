//! Numbers that only grow, read at two moments: their difference, or why there is none.

use super::catalogue::Wanted;
use super::session::{Session, number};
use model::database_metrics::Unread;
use wire::blocking::OwnedRow;

/// Counters of one thing at one moment.
#[derive(Clone, Debug)]
pub(super) struct Counters {
    names: &'static [Wanted],
    /// NaN where this server does not count it.
    values: Box<[f64]>,
    /// When they last began at zero, seconds since 1970; none where nobody says.
    reset_at: Option<f64>,
}

impl Counters {
    /// From the columns of a row, from `first` on.
    pub(super) fn of(names: &'static [Wanted], row: &OwnedRow, first: usize) -> Counters {
        let values = (first..first + names.len()).map(|at| number(row, at).unwrap_or(f64::NAN));
        Counters { names, values: values.collect(), reset_at: None }
    }

    /// Reads the one row of a view, with the moment of its last reset.
    pub(super) fn read(
        session: &mut Session,
        view: &str,
        names: &'static [Wanted],
        which: &str,
    ) -> Result<Counters, Unread> {
        session.ensure()?;
        let catalogue = session.catalogue();
        let Some(qualified) = catalogue.qualified(view) else {
            return Err(Unread::missing(format!("{}{view}", Unread::NOT_IN_VERSION)));
        };
        let reset = catalogue.reset_of(view);
        let list = catalogue.list(view, names);
        let sql = format!("SELECT {reset}, {list} FROM {qualified} {which}");
        let rows = session.poll(view, &sql, &[])?;
        let row = rows.first().ok_or_else(|| Unread::missing(format!("{view} has no row")))?;
        Ok(Counters::of(names, row, 1).with_reset(number(row, 0)))
    }

    /// The same, with when they last began at zero.
    pub(super) fn with_reset(self, reset_at: Option<f64>) -> Counters {
        Counters { reset_at, ..self }
    }

    /// What was added since `earlier`.
    pub(super) fn since(&self, earlier: &Counters) -> Result<Counters, Unread> {
        if self.reset_at != earlier.reset_at {
            return Err(Unread::missing(match earlier.has_begun() {
                true => "the server's counters were reset while load ran",
                false => "the server had counted nothing yet when the window began",
            }));
        }
        let values: Box<[f64]> =
            self.values.iter().zip(&earlier.values).map(|(now, then)| now - then).collect();
        if values.iter().any(|value| *value < 0.0) {
            let why = "a counter of the server went backwards while load ran: it was reset";
            return Err(Unread::missing(why));
        }
        Ok(Counters { names: self.names, values, reset_at: self.reset_at })
    }

    /// Whether anything was counted yet.
    pub(super) fn has_begun(&self) -> bool {
        self.reset_at.is_some() || self.values.iter().any(|value| *value > 0.0)
    }

    /// One of them; none where this server does not count it.
    pub(super) fn get(&self, name: &str) -> Option<f64> {
        let at = self.names.iter().position(|wanted| wanted.name == name)?;
        self.values.get(at).copied().filter(|value| value.is_finite())
    }

    /// One of them that every version has, as a whole number.
    pub(super) fn count(&self, name: &str) -> u64 {
        self.whole(name).unwrap_or(0)
    }

    /// One of them as a whole number; none where this server does not count it.
    pub(super) fn whole(&self, name: &str) -> Option<u64> {
        self.get(name).map(|value| value as u64)
    }

    /// Adds those of another part of the same thing.
    pub(super) fn add(&mut self, other: &Counters) {
        self.values.iter_mut().zip(&other.values).for_each(|(sum, value)| *sum += value);
    }

    /// As many zeros: what something began with that was not there before.
    pub(super) fn zero(&self) -> Counters {
        let values = self.values.iter().map(|value| value * 0.0).collect();
        Counters { names: self.names, values, reset_at: self.reset_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[Wanted] = &super::super::catalogue::wanted!["reads", "writes"];

    fn counters(values: [f64; 2], reset_at: Option<f64>) -> Counters {
        Counters { names: NAMES, values: Box::from(values), reset_at }
    }

    #[test]
    fn a_difference_is_by_name_and_absent_where_nothing_is_counted() {
        let (then, now) = (counters([1.0, f64::NAN], None), counters([5.0, f64::NAN], None));
        let since = now.since(&then).unwrap();
        assert_eq!((since.whole("reads"), since.whole("writes")), (Some(4), None));
        assert_eq!(since.whole("nobody"), None);
    }

    #[test]
    fn counters_that_were_reset_have_no_difference() {
        let then = counters([5.0, 5.0], Some(100.0));
        let cases = [counters([9.0, 9.0], Some(200.0)), counters([9.0, 4.0], Some(100.0))];
        for now in cases {
            let reason = now.since(&then).unwrap_err().reason;
            assert!(reason.contains("reset"), "{reason}");
        }
    }

    #[test]
    fn counters_that_begin_meanwhile_have_no_beginning_to_compare_with() {
        let (now, fresh) = (counters([9.0, 9.0], Some(100.0)), counters([0.0, f64::NAN], None));
        assert!(!fresh.has_begun() && now.has_begun());
        assert!(now.since(&fresh).unwrap_err().reason.contains("counted nothing yet"));
    }

    #[test]
    fn what_was_not_there_before_began_at_zero() {
        let now = counters([5.0, f64::NAN], Some(1.0));
        assert_eq!(now.since(&now.zero()).unwrap().whole("reads"), Some(5));
    }

    proptest::proptest! {
        /// Whatever a server does to its counters between two looks.
        #[test]
        fn nothing_that_was_added_is_negative(
            before in proptest::array::uniform2(0.0..1e9_f64),
            after in proptest::array::uniform2(0.0..1e9_f64),
        ) {
            match counters(after, None).since(&counters(before, None)) {
                Ok(added) => assert!(NAMES.iter().all(|it| added.get(it.name) >= Some(0.0))),
                Err(_) => assert!(before.iter().zip(&after).any(|(then, now)| now < then)),
            }
        }
    }
}
