//! What a screen has room for: as much as fits, and never less than what matters.

/// How many of each there is room for.
pub(super) struct Room {
    pub(super) reasons: usize,
    pub(super) checks: usize,
    pub(super) findings: usize,
    pub(super) actions: usize,
    pub(super) statements: usize,
    pub(super) errors: usize,
    pub(super) metrics: usize,
    pub(super) steps: usize,
    /// Lines that a reason or a check may take.
    pub(super) wrap: usize,
}

/// More lines than this don't fit a screen.
pub(super) const SCREEN: usize = 40;

pub(super) const ROOMY: Room = Room {
    reasons: 4,
    checks: 4,
    findings: 3,
    actions: 6,
    statements: 2,
    errors: 4,
    metrics: 4,
    steps: 3,
    wrap: 3,
};
pub(super) const CLOSE: Room = Room {
    reasons: 3,
    checks: 3,
    findings: 3,
    actions: 3,
    statements: 1,
    errors: 3,
    metrics: 2,
    steps: 3,
    wrap: 2,
};
/// What was found matters more than one more action or statement.
pub(super) const TIGHT: Room = Room {
    reasons: 2,
    checks: 2,
    findings: 3,
    actions: 2,
    statements: 1,
    errors: 2,
    metrics: 1,
    steps: 2,
    wrap: 1,
};
