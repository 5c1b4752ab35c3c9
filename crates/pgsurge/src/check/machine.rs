//! This machine: files, ports, io_uring, processors, clock. Pure judgement of what `read` found.

mod read;

pub use read::{Machine, read};

use super::line::Line;
use model::plan::{Plan, Poller};

/// Longer than a read of the clock takes anywhere without a system call.
const SLOW_CLOCK_NS: f64 = 200.0;
/// Clocks that programs read without a system call (Linux, x86 and Arm).
const FAST_CLOCKS: [&str; 5] =
    ["tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter", "riscv_clocksource"];
/// Files and sockets that a run has open besides its connections.
const OTHER_FILES: u64 = crate::settings::OTHER_FILES;

/// Judges all of it for `plan`; `over_tcp` when its connections are TCP's.
pub fn judge(machine: &Machine, plan: &Plan, over_tcp: bool) -> Vec<Line> {
    let mut lines = vec![open_files(machine, plan)];
    lines.extend(ports(machine, plan).filter(|_| over_tcp));
    lines.extend([io_uring(machine, plan), processors(machine, plan), clock(machine)]);
    lines
}

fn open_files(machine: &Machine, plan: &Plan) -> Line {
    let (limit, needed) = (machine.open_files, u64::from(plan.connections) + OTHER_FILES);
    let found = format!("{limit} allowed, {needed} needed");
    match needed > limit {
        false => Line::ok("open_files", found),
        true => Line::no_run("open_files", found, "each connection takes one")
            .mend(crate::settings::raise_open_files_to(needed)),
    }
}

/// Connections from one address to one server's port differ in their own port.
fn ports(machine: &Machine, plan: &Plan) -> Option<Line> {
    let (first, last) = machine.ports?;
    let (count, needed) = (u64::from(last.saturating_sub(first)) + 1, u64::from(plan.connections));
    let found = format!("{count} for outgoing connections ({first} to {last}), {needed} needed");
    Some(match needed > count {
        false => Line::ok("ports", found),
        true => Line::no_run("ports", found, "each connection to the same server takes one")
            .mend("sysctl -w net.ipv4.ip_local_port_range=\"10240 65535\""),
    })
}

fn io_uring(machine: &Machine, plan: &Plan) -> Line {
    match (&machine.io_uring, plan.poller) {
        (_, Poller::Epoll) => Line::ok("io_uring", "not used: --poller epoll"),
        (Ok(()), _) => Line::ok("io_uring", "available"),
        (Err(cause), Poller::IoUring) => {
            Line::no_run("io_uring", format!("not available: {cause}"), "--poller io_uring asks for it")
                .mend("sysctl -w kernel.io_uring_disabled=0, or leave --poller away")
        }
        (Err(cause), Poller::Auto) => Line::warning(
            "io_uring",
            format!("not available: {cause}"),
            "epoll is used, which takes more processor time per request",
        )
        .mend("sysctl -w kernel.io_uring_disabled=0 (in a container: allow io_uring in its seccomp profile)"),
    }
}

fn processors(machine: &Machine, plan: &Plan) -> Line {
    let (cores, threads) = (machine.cores, plan.threads);
    let Some(quota) = &machine.quota else {
        return Line::ok("processors", format!("{cores}, for {threads} threads of ours; no quota"));
    };
    let found = format!(
        "{cores}, of which the control group allows {:.2} ({})",
        quota.cores,
        quota.place.display()
    );
    match f64::from(threads) > quota.cores {
        false => Line::ok("processors", found),
        true => {
            let why = format!(
                "{threads} threads can use more, and then all are stopped until the next period: \
                 what is due meanwhile is late through our fault"
            );
            let fitting = (quota.cores.floor() as u32).max(1);
            let mend = format!("--threads {fitting}, or a larger quota (docker: --cpus {threads})");
            Line::warning("processors", found, why).mend(mend)
        }
    }
}

fn clock(machine: &Machine) -> Line {
    let cost = machine.clock_ns;
    let source = machine.clock_source.as_deref();
    let found = format!("{}, {cost:.0} ns to read", source.unwrap_or("unknown source"));
    let slow_source = source.is_some_and(|it| !FAST_CLOCKS.contains(&it));
    if cost <= SLOW_CLOCK_NS && !slow_source {
        return Line::ok("clock", found);
    }
    let why = "reading it takes a system call, several times per action";
    let line = Line::warning("clock", found, why);
    match machine.clock_sources.iter().find(|it| FAST_CLOCKS.contains(&it.as_str())) {
        Some(better) if slow_source => line.mend(format!(
            "echo {better} > /sys/devices/system/clocksource/clocksource0/current_clocksource"
        )),
        _ => line,
    }
}

/// The default plan with so many connections and four threads.
#[cfg(test)]
pub(super) fn plan_of(connections: u32) -> Plan {
    use crate::surroundings::Surroundings;
    let registry = crate::registry::Registry::built_in();
    let surroundings = Surroundings::of_this_process(registry);
    let bare = Surroundings { environment: Default::default(), ..surroundings };
    let plan = crate::settings::resolve(&[], None, &bare).map(|it| it.plan);
    Plan { connections, threads: 4, ..plan.expect("defaults without a fault") }
}

#[cfg(test)]
mod tests;
