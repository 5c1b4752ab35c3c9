//! Another machine, once a second, by what a node_exporter on it tells.
//!
//! It never holds anything up: an exporter that is away, slow or something else leaves a gap, and
//! at the end a reason.

mod http;
mod text;

use super::reading::Reading;
use super::window::{Known, Window};
use super::{Watchable, follow};
use crate::timeline::{Outbox, Signal, Timeline, Watched, thread_cpu, wait_for_begin};
use http::Address;
use model::database_metrics::Section;
use model::series::Line;
use model::system_metrics::{HostMetrics, HostSource};
use std::net::SocketAddr;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// How long one look may take, to be over well before the next.
const WITHIN: Duration = Duration::from_millis(500);

/// Where a node_exporter is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeExporter(Address);

impl NodeExporter {
    /// Reads `http://HOST[:PORT][/PATH]`; without them it is port 9100 and `/metrics`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(url: &str) -> Result<NodeExporter, String> {
        Address::parse(url).map(NodeExporter)
    }
}

/// What was seen of another machine.
pub(crate) struct FarSeen {
    pub(crate) section: Section<HostMetrics>,
    /// CPU time that seeing it took.
    pub(crate) own_cpu: Option<Duration>,
}

/// Watches until the load has ended; none when it never began, or nobody wants to know.
pub(crate) fn watch(
    (exporter, watched): (&NodeExporter, &Watched),
    signals: &Receiver<Signal>,
    outbox: &Outbox,
) -> Option<FarSeen> {
    // Before the load: whatever the resolver takes, it takes now.
    let mut far = Far::new(exporter);
    let timeline = Timeline::new(wait_for_begin(signals)?, watched);
    follow(&mut far, &timeline, signals, outbox)?;
    let known = Known { source: HostSource::NodeExporter, cpu_quota: None, holds_data: false };
    Some(FarSeen { section: far.window.finish(&timeline, &known), own_cpu: thread_cpu() })
}

/// The machine, and how to ask for it.
struct Far {
    address: Address,
    places: Result<Vec<SocketAddr>, String>,
    query: String,
    window: Window,
}

impl Far {
    fn new(NodeExporter(address): &NodeExporter) -> Far {
        let only: Vec<String> =
            text::COLLECTORS.iter().map(|name| format!("collect[]={name}")).collect();
        Far {
            address: address.clone(),
            places: address.resolve(),
            query: format!("?{}", only.join("&")),
            window: Window::default(),
        }
    }

    /// One text, and the moment that it is of.
    fn ask(&mut self) -> Result<(String, Instant), String> {
        let places = self.places.as_ref().map_err(Clone::clone)?;
        let asked = Instant::now();
        let answer = self.address.get(places, &self.query, WITHIN)?;
        match answer.status {
            200 => Ok((answer.body, asked + asked.elapsed() / 2)),
            // One of these collectors is switched off there: from now on all that it has.
            400 if !self.query.is_empty() => {
                self.query.clear();
                self.ask()
            }
            status => Err(format!("HTTP status {status}")),
        }
    }
}

impl Watchable for Far {
    fn look(&mut self) -> Reading {
        match self.ask() {
            Ok((body, at)) => text::reading(&body, at),
            Err(why) => Reading::nothing(&format!("ask the node_exporter: {why}")),
        }
    }

    fn window(&mut self) -> &mut Window {
        &mut self.window
    }

    fn second(&mut self, timeline: &Timeline, (last, now): (&Reading, &Reading), outbox: &Outbox) {
        let Some(between) = now.since(last) else { return };
        if timeline.is_measured(last.at) {
            self.window.second(&between, now);
        }
        let t = timeline.second_began_s(timeline.second(last.at));
        outbox.send(Line::Host(between.row(t, now)));
    }

    fn bound(&mut self) {}
}
