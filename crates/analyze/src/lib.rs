//! Judgement as pure functions: thresholds and validity.
