//! Reading a result file again: what it is, its head, its series.
//!
//! The series are most of a file and one of them is a small part of it, so they pass through one
//! by one: rendering the result of an hour takes little more memory than that of a minute.

use crate::series::{Sink, walk_saved};
use model::run_result::{RunResult, SCHEMA_VERSION};
use model::series::Series;
use serde::de::value::MapAccessDeserializer;
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, IgnoredAny, IntoDeserializer, MapAccess,
    SeqAccess, Visitor,
};
use serde_json::Value;
use std::fmt;
use std::io::{self, BufRead};

/// Why a file can't be read as a result.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes don't come.
    #[error("{0}")]
    Io(io::Error),
    /// It has no bytes.
    #[error("the file is empty")]
    Empty,
    /// It ends before its end.
    #[error("the file is cut short ({0})")]
    CutShort(serde_json::Error),
    /// No JSON at all.
    #[error("it is no JSON ({0})")]
    NoJson(serde_json::Error),
    /// JSON, but not a result.
    #[error("it is no result of pgsurge: it is no JSON object with a schema_version")]
    NoResult,
    /// A result with a value that can't be.
    #[error("it is no result of pgsurge ({0})")]
    Shape(serde_json::Error),
    /// A result of another version.
    #[error("its schema_version is {0}, and this program reads version {SCHEMA_VERSION}")]
    Version(u64),
}

impl ReadError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            ReadError::Version(_) => {
                Some("use the version of pgsurge that wrote it, or a newer one")
            }
            ReadError::Empty => Some(
                "nothing was recorded: the run ended before its load began, or the disk was full",
            ),
            ReadError::CutShort(_) => Some(
                "pgsurge writes a result whole or not at all: copy it again, or render the run's \
                 OUTPUT.partial if that is still there",
            ),
            ReadError::NoJson(_) | ReadError::NoResult | ReadError::Shape(_) => {
                Some("name the JSON of a run, or the OUTPUT.partial of one that was killed")
            }
            ReadError::Io(_) => None,
        }
    }
}

impl From<serde_json::Error> for ReadError {
    fn from(error: serde_json::Error) -> ReadError {
        use serde_json::error::Category;
        match error.classify() {
            Category::Io => ReadError::Io(error.into()),
            Category::Eof if error.column() == 0 => ReadError::Empty,
            Category::Eof => ReadError::CutShort(error),
            Category::Syntax => ReadError::NoJson(error),
            Category::Data => ReadError::Shape(error),
        }
    }
}

/// What kind of result a file holds (`load`, `migration`, `suite`). Reads all of it, so that the
/// rest of this module has a whole document of our version before it.
///
/// # Errors
/// It is none.
pub fn kind(file: impl BufRead) -> Result<String, ReadError> {
    let (version, kind) = match object(file, Beginning) {
        // JSON whose outermost value is no object.
        Err(ReadError::Shape(_)) => return Err(ReadError::NoResult),
        read => read?,
    };
    match version.as_ref().and_then(Value::as_u64) {
        Some(version) if version == u64::from(SCHEMA_VERSION) => {}
        None | Some(0) => return Err(ReadError::NoResult),
        Some(version) => return Err(ReadError::Version(version)),
    }
    Ok(kind.as_ref().and_then(Value::as_str).unwrap_or("load").to_owned())
}

/// Everything of a result but its series.
///
/// # Errors
/// It is no result.
pub fn read_head(file: impl BufRead) -> Result<RunResult, ReadError> {
    object(file, Head)
}

/// Hands the series of a result to `sink`, one in memory at a time.
///
/// # Errors
/// The sink's own; a file that is no result any more.
pub fn read_series(file: impl BufRead, sink: &mut dyn Sink) -> io::Result<()> {
    let mut failed = None;
    let read = object(file, AllSeries { sink, failed: &mut failed });
    match (failed, read) {
        (Some(error), _) | (None, Err(ReadError::Io(error))) => Err(error),
        (None, Err(error)) => Err(io::Error::new(io::ErrorKind::InvalidData, error.to_string())),
        (None, Ok(())) => Ok(()),
    }
}

/// Reads a whole result, its series included.
///
/// # Errors
/// It is none.
pub fn read(bytes: &[u8]) -> Result<RunResult, ReadError> {
    kind(bytes)?;
    Ok(serde_json::from_slice(bytes)?)
}

/// Reads one JSON object and nothing after it.
fn object<'de, V: Visitor<'de>>(file: impl BufRead, visitor: V) -> Result<V::Value, ReadError> {
    let mut json = serde_json::Deserializer::from_reader(file);
    let value = json.deserialize_map(visitor)?;
    json.end()?;
    Ok(value)
}

/// The version and the kind of a document, as far as it has them.
struct Beginning;

impl<'de> Visitor<'de> for Beginning {
    type Value = (Option<Value>, Option<Value>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a result")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut version, mut kind) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "schema_version" => version = Some(map.next_value()?),
                "kind" => kind = Some(map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok((version, kind))
    }
}

/// A result whose series are passed over.
struct Head;

impl<'de> Visitor<'de> for Head {
    type Value = RunResult;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a result")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RunResult, A::Error> {
        RunResult::deserialize(MapAccessDeserializer::new(WithoutSeries(map)))
    }
}

/// The fields of an object, but for its series.
struct WithoutSeries<A>(A);

/// The one field that grows with the length of a run.
const SERIES: &str = "series";

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithoutSeries<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.0.next_key::<String>()? {
            if key != SERIES {
                return seed.deserialize(key.into_deserializer()).map(Some);
            }
            self.0.next_value::<IgnoredAny>()?;
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.0.next_value_seed(seed)
    }
}

/// The series of an object; everything else is passed over.
struct AllSeries<'a> {
    sink: &'a mut dyn Sink,
    failed: &'a mut Option<io::Error>,
}

impl<'de> Visitor<'de> for AllSeries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a result")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                SERIES => {
                    let (sink, failed) = (&mut *self.sink, &mut *self.failed);
                    map.next_value_seed(AllSeries { sink, failed })?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(one) = list.next_element::<Series>()? {
            if let Err(error) = walk_saved(&[one], self.sink) {
                *self.failed = Some(error);
                return Err(de::Error::custom("the series can't be handed on"));
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for AllSeries<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}
