//! A result as bytes, one file per format.
