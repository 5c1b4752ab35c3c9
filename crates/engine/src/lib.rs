//! When load happens and how long it took: pace, clients, event loops, recorder.
