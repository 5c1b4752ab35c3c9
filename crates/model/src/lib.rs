//! The nouns that every other part speaks: no IO, no clock, no threads.
