//! The workloads that a program knows, by name.
//!
//! The built-in ones are registered like anybody's: [`Registry::with`] adds a workload, and every
//! command, flag, threshold and report is there for it, alone or in a mix. A family is what one
//! factory makes: pgbench's three scripts share tables and statements, so they are made together.

mod built_in;
mod making;

pub use making::Making;

use crate::settings::keys::Key;
use model::plan::{self, Plan};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use workload::{Error, Mix, Part, Workload};

/// Makes the workload of a family.
type Make = dyn Fn(&mut Making<'_>) -> Result<Part, Error> + Send + Sync;

/// The workloads that a program knows.
#[derive(Clone)]
pub struct Registry(Vec<Arc<Family>>);

/// Workloads that one factory makes.
pub struct Family {
    /// Name and meaning of each.
    pub names: Vec<(String, String)>,
    /// The settings that only this family knows.
    pub keys: &'static [&'static Key],
    /// What such a setting would be about, for whoever gives it to another family.
    pub keys_are: &'static str,
    /// Why statements that travel together gain nothing for a workload of it; none where they do.
    why_no_pipeline: fn(&str) -> Option<&'static str>,
    /// Whether it comes with the program: then its settings are `keys`, else options by name.
    pub is_built_in: bool,
    make: Box<Make>,
}

impl Registry {
    /// The game and pgbench's three.
    pub fn built_in() -> Registry {
        Registry([built_in::hokm(), built_in::pgbench()].map(Arc::new).into())
    }

    /// Adds a workload, called `name` in `--workload` and in results: small letters, digits and
    /// `-` or `_` between them. `about` says in a few words what its users do.
    ///
    /// `make` may be called more than once (its first product only says whether the settings make
    /// sense and what the actions are called), so it touches nothing. An error of it is told with
    /// all other faults of the settings.
    #[must_use]
    pub fn with<W: Workload + 'static>(
        mut self,
        name: &str,
        about: &str,
        make: impl Fn(&mut Making<'_>) -> Result<W, Error> + Send + Sync + 'static,
    ) -> Registry {
        self.0.push(Arc::new(Family {
            names: vec![(name.to_owned(), about.to_owned())],
            keys: &[],
            keys_are: "",
            is_built_in: false,
            why_no_pipeline: |_| None,
            make: Box::new(move |making| make(making).map(Part::of)),
        }));
        self
    }

    /// Name and meaning of every workload, in the order in which they were registered.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|it| &it.names).map(|(name, about)| (&**name, &**about))
    }

    /// What is wrong with the names themselves: a fault of whoever registered them.
    pub fn check(&self) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        for (name, _) in self.names() {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
            if name.is_empty() || !name.chars().all(fits) || name.starts_with(['-', '_']) {
                return Err(format!("a workload cannot be called \"{name}\""));
            }
            if !seen.insert(name) {
                return Err(format!("two workloads are called \"{name}\""));
            }
        }
        Ok(())
    }

    /// Every family.
    pub fn families(&self) -> impl Iterator<Item = &Family> {
        self.0.iter().map(|it| &**it)
    }

    /// Whether a workload of `family` is in `mix`.
    pub fn plays(family: &Family, mix: &[plan::Part]) -> bool {
        mix.iter().any(|part| family.has(&part.name))
    }

    /// Why the statements of workload `name` gain nothing from travelling together; none where they
    /// may, or there is no such workload.
    pub fn why_no_pipeline(&self, name: &str) -> Option<&'static str> {
        let family = self.families().find(|it| it.has(name))?;
        (family.why_no_pipeline)(name)
    }

    /// The mix of a plan.
    ///
    /// # Errors
    /// Everything that the factories refuse, and options that none of them knows.
    pub fn mix(&self, plan: &Plan) -> Result<Mix, Vec<Error>> {
        let (mut mix, mut refused, mut known) = (Mix::new(), Vec::new(), BTreeSet::new());
        for (family, parts) in self.chosen(&plan.workload.mix) {
            let mut making = Making::new(plan, &parts);
            let made = (family.make)(&mut making);
            let (options, faults) = making.finish();
            known.extend(options);
            refused.extend(faults);
            let weight = parts.iter().map(|it| it.weight).fold(0, u32::saturating_add);
            let names: Vec<&str> = parts.iter().map(|it| &*it.name).collect();
            let added = made.and_then(|part| mix.add(&names.join(","), part, weight));
            refused.extend(added.err());
        }
        refused.extend(making::strangers(plan, &known));
        if refused.is_empty() { Ok(mix) } else { Err(refused) }
    }

    /// The families of a mix with their parts of it, in the order of the mix.
    fn chosen(&self, mix: &[plan::Part]) -> Vec<(&Family, Vec<plan::Part>)> {
        let mut chosen: Vec<(&Family, Vec<plan::Part>)> = Vec::new();
        for part in mix {
            let Some(family) = self.families().find(|it| it.has(&part.name)) else { continue };
            match chosen.iter_mut().find(|(it, _)| std::ptr::eq(*it, family)) {
                Some((_, parts)) => parts.push(part.clone()),
                None => chosen.push((family, vec![part.clone()])),
            }
        }
        chosen
    }
}

impl Family {
    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|(it, _)| it == name)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_or_none_is_the_fault_of_who_registered_it() {
        let with = |name: &str| {
            Registry::built_in().with(name, "", |_| {
                Err::<workload::hokm::Hokm, _>(Error::Settings("never made".to_owned()))
            })
        };
        assert!(with("shop-2").check().is_ok());
        assert_eq!(with("hokm").check().unwrap_err(), "two workloads are called \"hokm\"");
        for name in ["", "Shop", "shop@2", "a,b", "-x"] {
            assert!(with(name).check().is_err(), "{name}");
        }
    }
}
