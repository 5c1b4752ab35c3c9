//! What does not fit into memory.

use crate::place::Place;
use crate::scene::{
    Place::{Found, Leads},
    Scene,
};
use crate::seen::{Seen, near};

pub const SCENES: [Scene; 6] = [
    Scene {
        name: "80 MB are read through 1 MB of shared_buffers",
        rule: Some(("cache_misses", Leads)),
        also: &["shared_buffers_small", "buffer_mapping", "cpu_saturated", "too_many_active"],
        play: misses,
    },
    Scene {
        name: "a few of 80 MB are read through 1 MB of shared_buffers",
        rule: Some(("shared_buffers_small", Found)),
        also: &["cache_misses"],
        play: small_buffers,
    },
    Scene {
        name: "sorts of 2 MB with a work_mem of 64 kB",
        rule: Some(("temp_spill", Leads)),
        also: &[],
        play: spill,
    },
    Scene {
        name: "2 GB of shared_buffers without huge pages",
        rule: Some(("huge_pages_off", Found)),
        also: &[],
        play: small_pages,
    },
    Scene {
        name: "each session may take 6 GB",
        rule: Some(("memory_overcommitted", Leads)),
        also: &[],
        play: overcommitted,
    },
    Scene {
        name: "sessions write out the pages that they push out",
        rule: Some(("backend_writes", Found)),
        also: &["shared_buffers_small", "cache_misses", "full_page_images", "no_hot_updates"],
        play: backend_writes,
    },
];

/// A server with next to no cache, and a table of 10,000 pages with a row each.
pub fn wide(settings: &[(&str, &str)]) -> Place {
    let place = Place::new(&[&[("shared_buffers", "1MB")], settings].concat());
    place.sql("CREATE TABLE wide (id int, n int NOT NULL, body text)");
    place.sql("ALTER TABLE wide ALTER body SET STORAGE PLAIN");
    place.sql("INSERT INTO wide SELECT i, 0, repeat('x', 7000) FROM generate_series(1, 10000) i");
    place.sql("CREATE INDEX ON wide (id)");
    place.sql("VACUUM ANALYZE wide");
    place.sql("CHECKPOINT");
    place
}

pub const A_HUNDRED: &str = "SELECT sum(n) FROM wide WHERE id BETWEEN $1 AND $1 + 100";
const HIT_RATIO: &str = "SELECT blks_hit::float8 / (blks_hit + blks_read) \
    FROM pg_stat_database WHERE datname = current_database()";

fn misses() -> Seen {
    let place = wide(&[]);
    place.sql("SELECT pg_stat_reset()");
    let seen = Seen::of(&place.statements(A_HUNDRED, 9900, "--connections 4").run());
    let told = seen.value("cache_misses", "buffer_cache.hit_ratio");
    let truth = place.number(HIT_RATIO);
    assert!((told - truth).abs() < 0.02, "{told}, in truth {truth}");
    seen
}

fn small_buffers() -> Seen {
    let place = wide(&[]);
    let seen = Seen::of(&place.statements(A_HUNDRED, 9900, "--connections 2 --rate 50").run());
    let told = seen.value("shared_buffers_small", "settings.shared_buffers");
    near("shared_buffers", told, 1_048_576.0, 0.0);
    seen
}

const TEMP_FILES: &str =
    "SELECT temp_files FROM pg_stat_database WHERE datname = current_database()";

fn spill() -> Seen {
    let place = Place::with_game(&[("work_mem", "64kB")], 20_000);
    let sql = "SELECT max(r) FROM (SELECT row_number() OVER (ORDER BY n, body) r FROM game) x";
    let before = place.number(TEMP_FILES);
    let load = place.statements(sql, 1, "--connections 2 --rate 10");
    let seen = Seen::of(&load.run());
    let truth = place.number(TEMP_FILES) - before;
    assert!(truth >= seen.succeeded(), "{truth} files, {} sorts", seen.succeeded());
    near("files", seen.value("temp_spill", "temp_files.files"), truth, 5.0);
    seen
}

fn overcommitted() -> Seen {
    let place = Place::new(&[("work_mem", "6GB")]);
    let seen = Seen::of(&place.load("--workload select-only --connections 8 --rate 50").run());
    let told = seen.value("memory_overcommitted", "settings.work_mem");
    near("work_mem", told, 6.0 * 1_073_741_824.0, 0.0);
    seen
}

fn small_pages() -> Seen {
    let place = Place::new(&[("shared_buffers", "2GB"), ("huge_pages", "off")]);
    let seen = Seen::of(&place.load("--workload select-only --connections 4 --rate 50").run());
    let told = seen.value("huge_pages_off", "settings.shared_buffers");
    near("shared_buffers", told, 2.0 * 1_073_741_824.0, 0.0);
    seen
}

fn backend_writes() -> Seen {
    let settings = [("shared_buffers", "1MB"), ("bgwriter_lru_maxpages", "0")];
    let place = Place::with_game(&settings, 100_000);
    place.sql("CHECKPOINT");
    let written = "SELECT buffers_backend FROM pg_stat_bgwriter";
    let before = place.number(written);
    let sql = "UPDATE game SET n = n + 1 WHERE id = $1";
    let load = place.statements(sql, 100_000, "--connections 4 --rate 400");
    let seen = Seen::of(&load.run());
    let truth = place.number(written) - before;
    near("pages", seen.value("backend_writes", "wal_checkpoints.buffers_backend"), truth, 10.0);
    seen
}
