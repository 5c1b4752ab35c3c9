//! The session's parameters as the server last reported them.

use crate::error::Error;

/// PostgreSQL reports some 15. A stream of ever new names must not fill the memory.
const MAX_PARAMETERS: usize = 256;
const MAX_VALUE_BYTES: usize = 64 << 10;

#[derive(Default)]
pub(super) struct SessionParameters {
    values: Vec<(Box<str>, Box<str>)>,
}

impl SessionParameters {
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        if name.len() + value.len() > MAX_VALUE_BYTES {
            return Err(Error::protocol("a parameter of absurd length"));
        }
        let known = self.values.iter().position(|(known, _)| **known == *name);
        match known {
            Some(at) => self.values[at].1 = value.into(),
            None if self.values.len() == MAX_PARAMETERS => {
                return Err(Error::protocol("more parameters than any server has"));
            }
            None => self.values.push((name.into(), value.into())),
        }
        Ok(())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        // GUC names have no case.
        let found = self.values.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| &**value)
    }
}
