//! Beginning and ending: what is unreachable, what is stopped, what comes back.

use crate::fake_server::{FakeServer, closed, pollers, run};
use engine::poller::{PollerChoice, Uring, choose};
use engine::{Address, Control, Error, Load};
use model::failure::ErrorClass;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

/// An address where nobody listens (any more).
fn nobody() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

#[test]
fn a_target_where_nobody_listens_is_unreachable_with_the_reason() {
    for poller in pollers() {
        let load = Load { poller, ..closed(4, Duration::from_secs(5)) };
        let error = run(Address::Tcp(nobody()), &load, &Control::default(), &mut |_| {});
        match error.unwrap_err() {
            Error::Unreachable(failure) => assert_eq!(failure.class, ErrorClass::ConnectRefused),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn the_ring_is_used_where_it_can_be_had_and_epoll_elsewhere_with_the_reason() {
    let auto = choose(PollerChoice::Auto).unwrap();
    match Uring::probe() {
        Ok(()) => assert_eq!(auto, (true, "io_uring".to_owned())),
        Err(_) => {
            assert!(!auto.0 && auto.1.starts_with("epoll (io_uring is not available: "));
            assert!(choose(PollerChoice::IoUring).is_err(), "what was demanded is not replaced");
        }
    }
}

#[test]
fn a_unix_socket_that_is_not_there_is_unreachable() {
    for poller in pollers() {
        let load = Load { poller, ..closed(1, Duration::from_secs(5)) };
        let nowhere = Address::Unix("/nonexistent/socket".into());
        let error = run(nowhere, &load, &Control::default(), &mut |_| {});
        assert!(matches!(error, Err(Error::Unreachable(_))));
    }
}

#[test]
fn a_server_that_accepts_and_never_answers_times_out() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = Address::Tcp(listener.local_addr().unwrap());
    for poller in pollers() {
        let connect_timeout = Duration::from_millis(300);
        let load = Load { poller, connect_timeout, ..closed(2, Duration::from_secs(5)) };
        match run(address.clone(), &load, &Control::default(), &mut |_| {}).unwrap_err() {
            Error::Unreachable(failure) => assert_eq!(failure.class, ErrorClass::ConnectTimedOut),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_stop_ends_the_run_cleanly_and_marks_it() {
    let server = FakeServer::start(|_| Duration::from_millis(5));
    for poller in pollers() {
        let load = Load { poller, ..closed(4, Duration::from_secs(60)) };
        let control = Control::default();
        let began = Instant::now();
        let measured =
            run(Address::Tcp(server.address), &load, &control, &mut |_| control.stop()).unwrap();
        assert!(measured.interrupted && measured.adds_up());
        assert_eq!(
            measured.all_actions().counts.unfinished,
            0,
            "in-flight actions get their grace"
        );
        assert!(began.elapsed() < Duration::from_secs(10) && measured.elapsed_s >= 1.0);
    }
}

#[test]
fn a_second_stop_does_not_wait_for_answers() {
    let server = FakeServer::start(|_| Duration::from_secs(30));
    for poller in pollers() {
        let load = Load { poller, ..closed(4, Duration::from_secs(60)) };
        let control = Control::default();
        let measured =
            run(Address::Tcp(server.address), &load, &control, &mut |_| control.stop_now());
        let counts = measured.unwrap().all_actions().counts;
        assert_eq!((counts.scheduled, counts.unfinished), (4, 4));
    }
}

/// A server that hangs up on every connection after its 100th byte.
fn hangs_up() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            std::thread::spawn(move || {
                use std::io::Write;
                let mut request = [0; 8];
                for _ in 0..12 {
                    if socket.read_exact(&mut request).is_err()
                        || socket.write_all(&request).is_err()
                    {
                        return;
                    }
                }
            });
        }
    });
    address
}

#[test]
fn connections_that_are_lost_come_back_and_everything_still_adds_up() {
    let address = hangs_up();
    for poller in pollers() {
        let load = Load { poller, ..closed(8, Duration::from_secs(2)) };
        let measured = run(Address::Tcp(address), &load, &Control::default(), &mut |_| {}).unwrap();
        let connections = &measured.connections;
        assert!(connections.lost >= 16 && connections.reconnected >= 8, "{connections:?}");
        let usable = connections.connect.count();
        assert_eq!((connections.failed, usable), (0, 8 + connections.reconnected));
        // Who is away at the end may be connecting, or in the pause before that.
        let under_way = connections.attempted - usable;
        let away = connections.lost - connections.reconnected;
        assert!(under_way <= away && away <= 8, "{connections:?}");
        assert!(measured.adds_up() && measured.all_actions().counts.failed > 0);
        assert!(measured.time_to_recover_s.is_some_and(|seconds| seconds < 1.5));
    }
}
