//! What a user does next: the Hokm game, pgbench's three, data loading, verification.
