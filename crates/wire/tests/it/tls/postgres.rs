//! TLS, certificates and channel binding with a real PostgreSQL.
