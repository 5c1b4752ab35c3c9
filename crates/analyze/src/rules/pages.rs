//! The size of memory pages under shared_buffers. What fits into the memory is in `memory`.

use super::shown::{setting_bytes, sized};
use super::{Rule, Ruling, again};
use crate::diagnosis::{Facts, Found, Missing, Role, said};
use model::finding::Severity;
use model::units::bytes;

/// The rules.
pub(super) const RULES: [Rule; 1] = [Rule {
    code: "huge_pages_off",
    category: "memory",
    source: "PostgreSQL manual, \"Linux Huge Pages\"; PGTune and postgresqltuner: from 2 GB of \
                 shared_buffers on",
    judge: huge_pages_off,
}];

/// From here on the tables of small pages, one for each session, are large (PGTune).
const MANY_PAGES_BYTES: f64 = 2.0 * 1024.0 * 1024.0 * 1024.0;

/// M7: a large cache in small pages.
fn huge_pages_off(facts: &Facts<'_>) -> Ruling {
    let buffers = setting_bytes(facts, "shared_buffers")?;
    if buffers < MANY_PAGES_BYTES {
        return Ok(None);
    }
    let asked = facts.setting("huge_pages")?;
    let why = "whether huge_pages = try got any is told since version 17";
    let is_off = match (asked, facts.setting("huge_pages_status")) {
        (_, Ok("off")) | ("off", Err(_)) => true,
        // A server that could not have what it insists on would not have started.
        (_, Ok("on")) | ("on", Err(_)) => false,
        _ => return Err(Missing::because(why)),
    };
    if !is_off {
        return Ok(None);
    }
    let title = format!("shared_buffers of {} in small pages", bytes(buffers));
    Ok(Some(
        Found::new(Severity::Low, Role::Remark, title)
            .seen([
                sized(format!("shared_buffers {}", bytes(buffers)), "shared_buffers", buffers),
                said(format!("huge_pages = {asked}, and none are in use")),
            ])
            .because(
                "each session keeps a table of the small pages that it has touched, and the CPU finds \
                 fewer of them in its own: memory and time that huge pages save",
            )
            .advise(
                "set vm.nr_hugepages on the server's host to what `postgres -C \
                 shared_memory_size_in_huge_pages` says (since version 15) and huge_pages = try, then \
                 restart",
                again("SHOW huge_pages_status says on, and the host's page tables shrink"),
            ),
    ))
}
