//! Throwaway PostgreSQL and Redis servers on free ports, which leave nothing behind.
