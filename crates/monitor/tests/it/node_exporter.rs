//! Another machine, as a node_exporter tells of it: a real-looking one, and all kinds of others.

use crate::server::{Place, for_looks};
use model::database_metrics::Section;
use model::system_metrics::{HostMetrics, HostSource};
use monitor::NodeExporter;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What an exporter makes of a request's first line and of the seconds since it began; none is
/// silence.
type Answer = fn(&str, f64) -> Option<String>;

/// Answers every request.
struct Exporter {
    url: String,
    ended: Arc<AtomicBool>,
}

impl Exporter {
    fn start(answer: Answer) -> Exporter {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let ended = Arc::new(AtomicBool::new(false));
        let (is_over, began) = (ended.clone(), Instant::now());
        std::thread::spawn(move || {
            for stream in listener.incoming().take_while(|_| !is_over.load(Ordering::SeqCst)) {
                let (mut stream, is_over) = (stream.unwrap(), is_over.clone());
                std::thread::spawn(move || {
                    let first = first_line(&stream);
                    match answer(&first, began.elapsed().as_secs_f64()) {
                        Some(text) => drop(stream.write_all(text.as_bytes())),
                        None => {
                            while !is_over.load(Ordering::SeqCst) {
                                std::thread::sleep(Duration::from_millis(20));
                            }
                        }
                    }
                });
            }
        });
        Exporter { url, ended }
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes it up, so that it sees so.
        let _woken = TcpStream::connect(self.url.trim_start_matches("http://"));
    }
}

fn first_line(stream: &TcpStream) -> String {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next().unwrap_or_default();
    lines.find(String::is_empty);
    first
}

fn ok(body: &str) -> Option<String> {
    let type_ = "Content-Type: text/plain; version=0.0.4; charset=utf-8";
    Some(format!("HTTP/1.0 200 OK\r\n{type_}\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

/// Two CPUs, one of them busy half of the time; a disk that writes 8 MB/s, an interface that
/// receives 1 MB/s and sends half of it, and what a real one has besides.
fn metrics(s: f64) -> String {
    let (half, full) = (1000.0 + s / 2.0, 2000.0 + s);
    format!(
        "# HELP go_goroutines Number of goroutines that currently exist.\n\
         # TYPE go_goroutines gauge\ngo_goroutines 8\n\
         # HELP node_cpu_seconds_total Seconds the CPUs spent in each mode.\n\
         # TYPE node_cpu_seconds_total counter\n\
         node_cpu_seconds_total{{cpu=\"0\",mode=\"idle\"}} {half}\n\
         node_cpu_seconds_total{{cpu=\"0\",mode=\"user\"}} {half}\n\
         node_cpu_seconds_total{{cpu=\"1\",mode=\"idle\"}} {full}\n\
         node_cpu_seconds_total{{cpu=\"1\",mode=\"iowait\"}} 0.5\n\
         node_disk_io_time_seconds_total{{device=\"sda\"}} {half}\n\
         node_disk_writes_completed_total{{device=\"sda\"}} {}\n\
         node_disk_write_time_seconds_total{{device=\"sda\"}} {full}\n\
         node_disk_written_bytes_total{{device=\"sda\"}} {:e}\n\
         node_disk_written_bytes_total{{device=\"dm-0\"}} 5e9\n\
         node_network_receive_bytes_total{{device=\"eth0\"}} {}\n\
         node_network_transmit_bytes_total{{device=\"eth0\"}} {}\n\
         node_network_receive_drop_total{{device=\"eth0\"}} 3\n\
         node_network_receive_bytes_total{{device=\"lo\"}} 77\n\
         node_load1 1.25\nnode_procs_running 3\n\
         node_memory_MemTotal_bytes 8e+09\nnode_memory_MemAvailable_bytes 2e+09\n\
         node_pressure_io_waiting_seconds_total {half}\n\
         node_pressure_io_stalled_seconds_total 1.5\n\
         node_vmstat_pswpin 10\nnode_vmstat_pswpout 20\n",
        1000.0 * s,
        8e6 * full,
        1e6 * full,
        5e5 * full,
    )
}

/// The server's host as `exporter` told it over a short load.
fn told(database: &str, url: &str, looks: u32) -> Section<HostMetrics> {
    let place = Place::bare(database);
    let exporter = NodeExporter::parse(url).unwrap();
    let system = place.watching_with(exporter).during(|| for_looks(looks)).system;
    let own = system.generator_host.expect("this machine stands apart");
    assert_eq!(own.data().unwrap().source, HostSource::Proc);
    system.server_host
}

#[track_caller]
fn about(seen: Option<model::database_metrics::MeanMax>, expected: f64) {
    let seen = seen.expect("it is told");
    assert!((seen.mean / expected - 1.0).abs() < 0.1, "{seen:?}, not about {expected}");
    assert!(seen.max >= seen.mean);
}

#[test]
fn a_servers_host_is_what_its_node_exporter_tells() {
    let exporter = Exporter::start(|_, s| ok(&metrics(s)));
    let section = told("exported", &exporter.url, 25);
    let host = section.data().unwrap_or_else(|| panic!("{section:?}"));
    assert_eq!((host.source, host.cpus), (HostSource::NodeExporter, 2));
    about(Some(host.cpu_usage_percent), 25.0);
    about(host.memory_usage_percent, 75.0);
    about(host.load_average_1m, 1.25);
    about(host.run_queue, 3.0);
    let disks = host.disk.data().unwrap();
    assert!(!disks.holds_data && disks.devices.len() == 1, "{disks:?}");
    about(disks.devices[0].written_bytes_per_s, 8e6);
    about(disks.devices[0].writes_per_s, 1000.0);
    about(disks.devices[0].write_await_ms, 1.0);
    about(disks.devices[0].utilisation_percent, 50.0);
    let network = host.network.data().unwrap();
    about(network.all.received_bytes_per_s, 1e6);
    about(network.all.sent_bytes_per_s, 5e5);
    assert_eq!((network.all.errors, network.all.drops), (Some(0), Some(0)));
    let pressure = host.pressure.data().unwrap();
    about(pressure.io.map(|io| io.some_percent), 50.0);
    assert_eq!((pressure.cpu, pressure.memory), (None, None));
    assert_eq!(host.swap_in_pages_per_s.map(|it| it.max), Some(0.0));
}

#[test]
fn one_without_a_collector_that_we_ask_for_is_asked_for_all_it_has() {
    let exporter = Exporter::start(|first, s| match first.contains("collect[]") {
        true => Some("HTTP/1.1 400 Bad Request\r\n\r\ndisabled collector: pressure".to_owned()),
        false => ok(&metrics(s)),
    });
    let section = told("exported_all", &exporter.url, 12);
    about(section.data().map(|host| host.cpu_usage_percent), 25.0);
}

#[test]
fn one_that_answers_now_and_then_leaves_gaps_and_no_wrong_number() {
    let exporter = Exporter::start(|_, s| match s as u64 % 3 {
        1 => Some("HTTP/1.1 503 Service Unavailable\r\n\r\n".to_owned()),
        _ => ok(&metrics(s)),
    });
    let section = told("exported_gaps", &exporter.url, 35);
    about(section.data().map(|host| host.cpu_usage_percent), 25.0);
}

#[test]
fn whatever_else_answers_there_ends_nothing_and_is_told() {
    let endless = |_: &str, _: f64| {
        Some(format!("HTTP/1.0 200 OK\r\n\r\n{}", "node_load1 1\n".repeat(1 << 20)))
    };
    let cases: [(&str, Answer, &str); 4] = [
        ("silent", |_, _| None, "no answer in time"),
        ("garbled", |_, _| ok("node_cpu_seconds_total{cpu=\"0\" 1\n\u{0}}{"), "nothing of CPUs"),
        ("stranger", |_, _| Some("220 mail ESMTP\r\n\r\n".to_owned()), "does not speak HTTP"),
        ("refusing", |_, _| Some("HTTP/1.1 403 no\r\n\r\n".to_owned()), "HTTP status 403"),
    ];
    let refused = |name: &str, answer: Answer, why: &str| {
        let exporter = Exporter::start(answer);
        let section = told(&format!("exported_{name}"), &exporter.url, 12);
        let reason = section.reason.unwrap_or_default();
        assert!(section.data.is_none() && reason.contains(why), "{name}: {reason}");
    };
    std::thread::scope(|scope| {
        for (name, answer, why) in cases {
            scope.spawn(move || refused(name, answer, why));
        }
    });
    // By itself: so much has to come within the time that an answer may take.
    refused("endless", endless, "longer than 8 MiB");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let reason = told("exported_nobody", &format!("http://{nobody}"), 3).reason.unwrap();
    assert!(reason.contains("ask the node_exporter: connect:"), "{reason}");
}
