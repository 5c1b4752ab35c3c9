//! The way between client and server.

use crate::place::Place;
use crate::scene::{Place::Leads, Scene};
use crate::seen::{Seen, near};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

pub const SCENES: [Scene; 1] = [Scene {
    name: "the way to the server takes 3 ms, and 3 ms back",
    rule: Some(("network_round_trips", Leads)),
    also: &["idle_in_transaction"],
    play: far_away,
}];

const ONE_WAY: Duration = Duration::from_millis(3);

fn far_away() -> Seen {
    let place = Place::with_game(&[], 1000);
    let port = far_from(place.port());
    let by_key = "SELECT n FROM game WHERE id = $1";
    let load = place.load_at(&place.url("postgres", port), "--connections 4 --workload scene");
    let load = load.args("--workload-option rows=1000 --workload-option");
    let seen = Seen::of(&load.arg(&format!("sql=BEGIN; {by_key}; {by_key}; COMMIT")).run());
    let told = seen.value("network_round_trips", "all_statements.service_time_ms.p50");
    near("a statement", told, 6.3, 15.0);
    assert!(seen.finding("network_round_trips").diagnosis.contains("makes 4 of them"));
    seen
}

/// A port of this machine that leads to the one of the server, by a long way. It takes as many
/// connections as come, and ends with the process.
pub fn far_from(server: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    spawn(move || {
        for near in listener.incoming() {
            let (near, far) = (near.unwrap(), TcpStream::connect(("127.0.0.1", server)).unwrap());
            for end in [&near, &far] {
                end.set_nodelay(true).unwrap();
            }
            carry(near.try_clone().unwrap(), far.try_clone().unwrap());
            carry(far, near);
        }
    });
    port
}

/// What comes from one arrives at the other a while later; nothing waits for what is under way.
fn carry(mut from: TcpStream, mut to: TcpStream) {
    let (under_way, arriving): (Sender<(Instant, Vec<u8>)>, _) = channel();
    spawn(move || {
        let mut bytes = [0; 16 * 1024];
        while let Ok(n @ 1..) = from.read(&mut bytes) {
            let left = (Instant::now() + ONE_WAY, bytes[..n].to_vec());
            if under_way.send(left).is_err() {
                return;
            }
        }
    });
    spawn(move || {
        for (at, bytes) in arriving {
            sleep(at.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                return;
            }
        }
        // Whoever is gone already need not be told.
        let _closed = to.shutdown(Shutdown::Write);
    });
}
