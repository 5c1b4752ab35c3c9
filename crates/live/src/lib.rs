//! A running test on a screen.
