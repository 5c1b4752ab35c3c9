//! One HTTP GET with a deadline and a bound.
//!
//! Written by hand, since all that is needed is one request without TLS, redirects, compression
//! or a pool, but with one deadline for the whole of it and a limit of memory. The lightest client
//! would bring a dozen crates for what it can do besides. It asks in HTTP/1.0: an answer then ends
//! with its connection, and comes in one piece.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// Where metrics are, when the address names no port or path: those of node_exporter.
const PORT: u16 = 9100;
const PATH: &str = "/metrics";
/// The longest answer: a machine with hundreds of CPUs and disks stays well below.
const MOST_BYTES: usize = 8 << 20;

/// An `http://` address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    host: String,
    port: u16,
    path: String,
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Address {
    /// Reads `http://host[:port][/path]`.
    pub(super) fn parse(url: &str) -> Result<Address, String> {
        let Some(rest) = url.strip_prefix("http://") else {
            return Err(format!("expected http://HOST:PORT, found {url:?}"));
        };
        let (place, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        // An IPv6 address is in brackets, and has colons of its own.
        let after_host = place.rfind(']').map_or(0, |at| at + 1);
        let (host, port) = match place[after_host..].find(':') {
            Some(at) => {
                let (host, port) = place.split_at(after_host + at);
                let port = port[1..].parse().ok().filter(|port| *port > 0);
                (host, port.ok_or_else(|| format!("expected a port in {url:?}"))?)
            }
            None => (place, PORT),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let is_odd = |it: char| it.is_whitespace() || it.is_control() || "@?#[]".contains(it);
        if host.is_empty() || host.contains(is_odd) || path.contains(is_odd) {
            return Err(format!(
                "expected http://HOST:PORT without a user or a query, found {url:?}"
            ));
        }
        let path = if path.len() > 1 { path } else { PATH }.to_owned();
        Ok(Address { host, port, path })
    }

    /// Its addresses; asks the system's resolver, which has a patience of its own.
    pub(super) fn resolve(&self) -> Result<Vec<SocketAddr>, String> {
        match (self.host.as_str(), self.port).to_socket_addrs() {
            Ok(found) => Ok(found.collect()),
            Err(error) => Err(format!("find the address of {}: {error}", self.host)),
        }
    }

    /// Asks one of `places`, with a query or without one.
    pub(super) fn get(
        &self,
        places: &[SocketAddr],
        query: &str,
        within: Duration,
    ) -> Result<Answer, String> {
        let deadline = Instant::now() + within;
        let mut stream = connect(places, deadline)?;
        let asking = format!(
            "GET {}{query} HTTP/1.0\r\nHost: {}:{}\r\nUser-Agent: pgsurge\r\n\
             Accept: text/plain; version=0.0.4\r\nConnection: close\r\n\r\n",
            self.path, self.host, self.port
        );
        limit(&stream, deadline)?;
        stream.write_all(asking.as_bytes()).map_err(|error| failed("ask", &error))?;
        let bytes = read_all(&mut stream, deadline)?;
        answer(&bytes)
    }
}

fn connect(places: &[SocketAddr], deadline: Instant) -> Result<TcpStream, String> {
    let mut why = "it has no address".to_owned();
    for place in places {
        match TcpStream::connect_timeout(place, left(deadline)?) {
            Ok(stream) => return Ok(stream),
            Err(error) => why = failed("connect", &error),
        }
    }
    Err(why)
}

fn left(deadline: Instant) -> Result<Duration, String> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err("no answer in time".to_owned()) } else { Ok(left) }
}

fn limit(stream: &TcpStream, deadline: Instant) -> Result<(), String> {
    let left = Some(left(deadline)?);
    let set = stream.set_read_timeout(left).and_then(|()| stream.set_write_timeout(left));
    set.map_err(|error| failed("limit the time", &error))
}

fn failed(doing: &str, error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => "no answer in time".to_owned(),
        _ => format!("{doing}: {error}"),
    }
}

fn read_all(stream: &mut TcpStream, deadline: Instant) -> Result<Vec<u8>, String> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 16 << 10]);
    loop {
        limit(stream, deadline)?;
        match stream.read(&mut piece) {
            Ok(0) => return Ok(bytes),
            Ok(length) => bytes.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(failed("read the answer", &error)),
        }
        if bytes.len() > MOST_BYTES {
            return Err(format!("its answer is longer than {} MiB", MOST_BYTES >> 20));
        }
    }
}

fn answer(bytes: &[u8]) -> Result<Answer, String> {
    let no_http = || "what answers there does not speak HTTP".to_owned();
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n").ok_or_else(no_http)?;
    let head = String::from_utf8_lossy(&bytes[..end]);
    let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1));
    let status = status.and_then(|word| word.trim().parse().ok()).ok_or_else(no_http)?;
    let head = head.to_ascii_lowercase();
    if head.lines().any(|line| line.starts_with("transfer-encoding:")) {
        return Err("it answers in pieces, which HTTP/1.0 does not have".to_owned());
    }
    let body = &bytes[end + 4..];
    let told = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    if told.is_some_and(|told| told.trim().parse() != Ok(body.len())) {
        return Err("its answer was cut short".to_owned());
    }
    Ok(Answer { status, body: String::from_utf8_lossy(body).into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_has_the_port_and_path_of_node_exporter_unless_it_says_otherwise() {
        let of = |url| {
            let Address { host, port, path } = Address::parse(url).unwrap();
            format!("{host} {port} {path}")
        };
        assert_eq!(of("http://db"), "db 9100 /metrics");
        assert_eq!(of("http://db:80/"), "db 80 /metrics");
        assert_eq!(of("http://10.0.0.5:9101/node/metrics"), "10.0.0.5 9101 /node/metrics");
        assert_eq!(of("http://[::1]:9100/metrics"), "::1 9100 /metrics");
        assert_eq!(of("http://[fe80::1]"), "fe80::1 9100 /metrics");
    }

    #[test]
    fn what_is_no_plain_http_address_is_refused() {
        for url in [
            "",
            "db:9100",
            "https://db",
            "http://",
            "http://:9100",
            "http://db:x",
            "http://db:0",
            "http://me:word@db",
            "http://db/metrics?x=1",
            "http://d b",
            "http://db/a\r\nb",
        ] {
            assert!(Address::parse(url).is_err(), "{url:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_answers_is_told_without_a_panic(bytes in any::<Vec<u8>>(), url in "\\PC*") {
            let _any = (answer(&bytes), Address::parse(&url), Address::parse(&format!("http://{url}")));
            let head = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), bytes.clone()].concat();
            let read = answer(&head).unwrap();
            prop_assert_eq!((read.status, read.body), (200, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }

    #[test]
    fn an_answer_that_was_cut_is_no_answer() {
        let of = |text: &str| answer(text.as_bytes()).map(|answer| answer.body);
        assert_eq!(of("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), Ok("abc".to_owned()));
        assert!(of("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc").is_err());
        assert!(of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc").is_err());
        assert!(of("SSH-2.0-OpenSSH\r\n\r\n").is_err());
    }
}
