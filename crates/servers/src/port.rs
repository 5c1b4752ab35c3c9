//! Free TCP ports on the loopback interface.
//!
//! Ports come from below the range that the system hands out to outgoing connections. A port
//! from that range could be taken by any client while the server is down for a restart; worse,
//! a client that keeps knocking at a closed port of that range can end up connected to itself.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Below are the ports of well-known services.
const LOWEST: u16 = 10_240;
/// Where outgoing connections start when the system doesn't say (Linux' default).
const OUTGOING_FROM: u16 = 32_768;

/// A port that nobody listens on right now; it may be gone a moment later, so try again then.
pub(crate) fn free_port() -> Option<u16> {
    let span = u32::from(outgoing_from().max(LOWEST + 1) - LOWEST);
    (0..span).map(|_| LOWEST + (scattered() % span) as u16).find(|port| is_free(*port)).or_else(
        || {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
            Some(listener.local_addr().ok()?.port())
        },
    )
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The first port of the range for outgoing connections.
fn outgoing_from() -> u16 {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let first = range.ok().and_then(|text| text.split_whitespace().next()?.parse().ok());
    // A range that leaves no room below is no help: then any port must do.
    first.filter(|port| *port > LOWEST + 1000).unwrap_or(OUTGOING_FROM)
}

/// A number that differs between calls and between processes. Not random numbers: a run's
/// randomness comes from its seed, and a port is not part of what a run repeats.
fn scattered() -> u32 {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| t.subsec_nanos());
    let mixed = u64::from(std::process::id())
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .wrapping_add(u64::from(call).wrapping_mul(0xD1B5_4A32_D192_ED03))
        .wrapping_add(u64::from(now).wrapping_mul(0xA24B_AED4_963E_E407));
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_can_be_listened_on() {
        let port = free_port().expect("a port");
        assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
    }

    #[test]
    fn a_free_port_is_never_one_for_outgoing_connections() {
        let outgoing = outgoing_from();
        assert!((0..200).all(|_| free_port().is_some_and(|port| port < outgoing)));
    }

    #[test]
    fn a_port_that_is_listened_on_is_not_free() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(!is_free(listener.local_addr().unwrap().port()));
    }
}
