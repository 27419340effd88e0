//! The timelines: four clients come at once, and a picture shows when each has its answer.
//!
//! A asks for `/sleep`, B says nothing and leaves after eight seconds, C asks for `/sleep`, D asks for `/`. Each comes as
//! soon as the one before has connected and sent what it has to say. We measure from outside, as a client could, when
//! each has its answer.
//!
//! Delays only ever add. So a time is rounded down to whole seconds; and if the picture is not the one in the book, we
//! measure again, and take the shortest of the times, until that changes nothing.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};

use super::svg::{self, Svg, WIDTH};
use super::{Generated, is_included};
use crate::book::Book;
use crate::finding::Finding;
use crate::programs::process::Process;
use crate::programs::workshop::{LIMIT, Workshop, start_server};

/// How long `/sleep` sleeps, in seconds.
const SLEEP: u64 = 5;

/// When the silent client leaves, in seconds after the first has come.
const LEAVES: u64 = 8;

/// How often we measure before we say that the book is wrong.
const ATTEMPTS: usize = 3;

/// What a client does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    AskForSleep,
    SayNothing,
    AskForRoot,
}

/// The clients, in the order in which they come.
const CLIENTS: [(&str, Does); 4] = [
    ("A", Does::AskForSleep),
    ("B", Does::SayNothing),
    ("C", Does::AskForSleep),
    ("D", Does::AskForRoot),
];

/// When each client has its answer, or leaves: seconds after the first has come.
type Ends = [u64; CLIENTS.len()];

/// A picture, and the steps that it is of.
struct Timeline {
    /// The file, without its folder and its ending.
    name: &'static str,
    /// What it is of, in words.
    title: &'static str,
    /// The listings. All must give the same picture.
    listings: &'static [&'static str],
}

const TIMELINES: [Timeline; 3] = [
    Timeline {
        name: "timeline-one-at-a-time",
        title: "Four clients, and a server that awaits each in its loop",
        listings: &["01-single-threaded", "03-block-on", "05-async-sockets"],
    },
    Timeline {
        name: "timeline-04-spawn",
        title: "Four clients, and a server with a task for each but sockets that block",
        listings: &["04-spawn"],
    },
    Timeline {
        name: "timeline-06-concurrent",
        title: "Four clients, and a server with a task for each and sockets that do not block",
        listings: &["06-concurrent"],
    },
];

/// When the clients of each listing had their answers.
type Measured = BTreeMap<&'static str, Ends>;

impl Timeline {
    /// The picture of what was measured. Refuses times that differ between its listings.
    fn picture(&self, measured: &Measured) -> Result<Generated, Finding> {
        let times: Vec<&Ends> = self
            .listings
            .iter()
            .filter_map(|listing| measured.get(listing))
            .collect();
        let ends = match times.as_slice() {
            [ends, others @ ..] if others.iter().all(|other| other == ends) => ends,
            _ => {
                let listings = self.listings.join(", ");
                let message = format!("this is one picture of {listings}, but their times differ: {times:?}");
                let help = "mend the listings; or give each a picture, in ci/src/generated/timelines.rs";
                return Err(Finding::new(svg::path(self.name), 1, message, help));
            }
        };
        Ok(draw(self.name, self.title, ends))
    }
}

/// Measures the timelines that `book` includes while `work` is done, for both spend most of their time waiting. Gives the
/// pictures, or why there are none, and what came of the work.
///
/// Refuses what `work` refuses.
pub fn measure_beside<T>(
    book: &Book,
    workshop: &Workshop,
    work: impl FnOnce() -> Result<T>,
) -> Result<(Result<Vec<Generated>, Finding>, T)> {
    let servers = Servers::start(book, workshop);
    thread::scope(|scope| {
        let measured = scope.spawn(|| servers.and_then(|servers| servers.measure(book)));
        let done = work();
        let measured = measured.join();
        Ok((
            measured.map_err(|_| anyhow!("the measuring of the timelines panicked"))?,
            done?,
        ))
    })
}

/// The servers of the timelines that a book includes. They run until this is dropped.
struct Servers {
    timelines: Vec<&'static Timeline>,
    running: BTreeMap<&'static str, (Process, u16)>,
}

impl Servers {
    /// Starts them. Refuses a server that does not compile or does not listen.
    fn start(book: &Book, workshop: &Workshop) -> Result<Self, Finding> {
        let timelines: Vec<&Timeline> = TIMELINES
            .iter()
            .filter(|timeline| is_included(book, &svg::path(timeline.name)))
            .collect();
        let mut running = BTreeMap::new();
        for listing in timelines.iter().flat_map(|timeline| timeline.listings) {
            let server = server(workshop, listing).map_err(|error| cannot(listing, "be run", &error))?;
            running.insert(*listing, server);
        }
        Ok(Self { timelines, running })
    }

    /// Measures all of them at the same time, and gives the pictures: fourteen seconds, which pass in waiting.
    ///
    /// Refuses steps that give different pictures where there is one for all of them.
    fn measure(&self, book: &Book) -> Result<Vec<Generated>, Finding> {
        let mut shortest = self.measure_once()?;
        for _ in 1..ATTEMPTS {
            let is_in_the_book = |timeline: &&Timeline| {
                let picture = timeline.picture(&shortest);
                picture.is_ok_and(|picture| picture.is_up_to_date(&book.root))
            };
            if self.timelines.iter().all(is_in_the_book) {
                break;
            }
            let before = shortest.clone();
            for (listing, measured) in self.measure_once()? {
                for (shortest, measured) in shortest.entry(listing).or_insert(measured).iter_mut().zip(measured) {
                    *shortest = measured.min(*shortest);
                }
            }
            if shortest == before {
                break;
            }
        }
        self.timelines
            .iter()
            .map(|timeline| timeline.picture(&shortest))
            .collect()
    }

    fn measure_once(&self) -> Result<Measured, Finding> {
        thread::scope(|scope| {
            let threads: Vec<_> = self
                .running
                .iter()
                .map(|(listing, (_, port))| (*listing, scope.spawn(|| measure(*port))))
                .collect();
            threads
                .into_iter()
                .map(|(listing, thread)| {
                    let ends = thread.join().unwrap_or_else(|_| Err(anyhow!("a client panicked")));
                    let ends = ends.map_err(|error| cannot(listing, "be measured", &error))?;
                    Ok((listing, ends))
                })
                .collect()
        })
    }
}

/// The finding for a server that cannot do what we want of it.
fn cannot(listing: &str, what: &str, error: &anyhow::Error) -> Finding {
    let path = Path::new("listings").join(listing).join("src").join("main.rs");
    let message = format!("this server can't {what} for its timeline");
    Finding::new(path, 1, message, format!("{error:#}"))
}

/// Starts the server of a listing.
fn server(workshop: &Workshop, listing: &str) -> Result<(Process, u16)> {
    let folder = Path::new("listings").join(listing);
    workshop.build_dependencies(&folder, [vec!["build".to_owned()]].into())?;
    start_server(&workshop.project(&folder, "timeline")?)
}

/// Sends the clients to the server at `port`, and gives when each had its answer, or left.
fn measure(port: u16) -> Result<Ends> {
    let connect = |does: Does| -> Result<TcpStream> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(LIMIT))?;
        match does {
            Does::AskForSleep => stream.write_all(b"GET /sleep HTTP/1.1\r\n\r\n")?,
            Does::SayNothing => {}
            Does::AskForRoot => stream.write_all(b"GET / HTTP/1.1\r\n\r\n")?,
        }
        Ok(stream)
    };
    let start = Instant::now();
    let streams = CLIENTS
        .iter()
        .map(|(name, does)| Ok((does, connect(*does).with_context(|| format!("client {name}"))?)))
        .collect::<Result<Vec<_>>>()?;
    let end_of = |does: Does, mut stream: TcpStream| -> Result<u64> {
        if does == Does::SayNothing {
            thread::sleep(Duration::from_secs(LEAVES).saturating_sub(start.elapsed()));
        } else {
            let mut answer = String::new();
            stream.read_to_string(&mut answer).context("waiting for an answer")?;
            ensure!(
                answer.starts_with("HTTP/1.1 200 OK"),
                "a client got no page: {answer:?}"
            );
        }
        Ok(start.elapsed().as_secs())
    };
    let end_of = &end_of;
    thread::scope(|scope| {
        let threads: Vec<_> = streams
            .into_iter()
            .map(|(does, stream)| scope.spawn(move || end_of(*does, stream)))
            .collect();
        let mut ends = [0; CLIENTS.len()];
        for (end, thread) in ends.iter_mut().zip(threads) {
            *end = thread.join().map_err(|_| anyhow!("a client panicked"))??;
        }
        Ok(ends)
    })
}

/// What becomes of a client in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The server is not there for it.
    Waits,
    /// It gets what it asked for, which takes its time.
    Sleeps,
    /// It says nothing.
    Silent,
}

/// The phases of a client: what, from when, to when. `ends` are those of all clients.
///
/// That a client waits, and for how long in all, is measured. Whether it waits before it sleeps or behind follows: a
/// server turns from one client to another only when something happens, when somebody comes, leaves or is answered. So
/// a client sleeps from the last such moment from which five seconds are left.
fn phases(does: Does, end: u64, ends: &Ends) -> Vec<(Phase, u64, u64)> {
    let phases = match does {
        Does::SayNothing => vec![(Phase::Silent, 0, end)],
        Does::AskForRoot => vec![(Phase::Waits, 0, end)],
        Does::AskForSleep => {
            let moments = ends.iter().copied();
            let begins = moments.filter(|moment| moment + SLEEP <= end).max().unwrap_or(0);
            let wakes = (begins + SLEEP).min(end);
            vec![
                (Phase::Waits, 0, begins),
                (Phase::Sleeps, begins, wakes),
                (Phase::Waits, wakes, end),
            ]
        }
    };
    phases.into_iter().filter(|(_, from, to)| from < to).collect()
}

/// Draws a timeline.
fn draw(name: &str, title: &str, ends: &Ends) -> Generated {
    const LEFT: i32 = 68;
    const SECOND: i32 = 21;
    const ROW: i32 = 36;
    const BAR: i32 = 22;
    const TOP: i32 = 8;
    let x = |second: u64| LEFT + SECOND * i32::try_from(second).unwrap_or(0);

    let bottom = TOP + ROW * CLIENTS.len() as i32;
    let mut svg = Svg::new(name, bottom + 22, title, &describe(ends));
    let all = CLIENTS
        .iter()
        .zip(ends)
        .map(|((_, does), end)| phases(*does, *end, ends));
    let mut moments: Vec<u64> = all.flatten().map(|(_, _, to)| to).chain([0]).collect();
    moments.sort_unstable();
    moments.dedup();
    for &moment in &moments {
        svg.line([x(moment), TOP - 4], [x(moment), bottom], "dotted");
        let text = match moment {
            0 => "0".to_owned(),
            moment => format!("{moment} s"),
        };
        svg.text(x(moment), bottom + 16, "", &text);
    }
    let mut top = TOP;
    for ((client, does), end) in CLIENTS.iter().zip(ends) {
        let baseline = top + BAR / 2 + 5;
        svg.text(0, baseline, "start strong", client);
        let asks = match does {
            Does::AskForSleep => "/sleep",
            Does::SayNothing => "silent",
            Does::AskForRoot => "/",
        };
        svg.text(14, baseline, "start", asks);
        for (phase, from, to) in phases(*does, *end, ends) {
            let area = [x(from), top, x(to) - x(from), BAR];
            let middle = (x(from) + x(to)) / 2;
            svg.rectangle(area, 0, "blank");
            let word = match phase {
                Phase::Waits => {
                    svg.hatched(area);
                    // The hatching would make the word hard to read.
                    svg.rectangle([middle - 20, top + 2, 40, BAR - 4], 3, "blank");
                    "waits"
                }
                Phase::Sleeps => {
                    svg.rectangle(area, 0, "filled");
                    "sleeps"
                }
                Phase::Silent => {
                    svg.rectangle(area, 0, "line dashed");
                    "says nothing"
                }
            };
            svg.text(middle, baseline, "", word);
        }
        let middle = top + BAR / 2;
        let word = match does {
            Does::SayNothing => {
                svg.cross(x(*end), middle, 5);
                "leaves"
            }
            _ => {
                svg.disc(x(*end), middle, 5);
                "page"
            }
        };
        svg.text(x(*end) + 9, baseline, "start", word);
        top += ROW;
    }
    debug_assert!(moments.iter().all(|&moment| x(moment) < WIDTH));
    svg.finish()
}

/// The picture in words.
fn describe(ends: &Ends) -> String {
    let mut text = "Four clients come at the same time, in this order.".to_owned();
    for ((client, does), end) in CLIENTS.iter().zip(ends) {
        let asks = match does {
            Does::AskForSleep => "asks for /sleep",
            Does::SayNothing => "connects",
            Does::AskForRoot => "asks for /",
        };
        text += &format!(" {client} {asks},");
        for (phase, from, to) in phases(*does, *end, ends) {
            let does = match phase {
                Phase::Waits => "waits",
                Phase::Sleeps => "sleeps",
                Phase::Silent => "says nothing",
            };
            text += &format!(" {does} for {} seconds,", to - from);
        }
        text += &match (does, end) {
            (Does::SayNothing, end) => format!(" and leaves after {end} seconds."),
            (_, 0) => " and has its page at once.".to_owned(),
            (_, end) => format!(" and has its page after {end} seconds."),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_behind_a_sleep_and_who_before_it() {
        // One at a time: A sleeps, B is silent until it leaves, then C sleeps, then D.
        let ends = [5, 8, 13, 13];
        assert_eq!(phases(Does::AskForSleep, 5, &ends), [(Phase::Sleeps, 0, 5)]);
        assert_eq!(phases(Does::SayNothing, 8, &ends), [(Phase::Silent, 0, 8)]);
        assert_eq!(
            phases(Does::AskForSleep, 13, &ends),
            [(Phase::Waits, 0, 8), (Phase::Sleeps, 8, 13)]
        );
        assert_eq!(phases(Does::AskForRoot, 13, &ends), [(Phase::Waits, 0, 13)]);

        // A sleeps, and B keeps the thread that it would go on with.
        let ends = [8, 8, 13, 8];
        assert_eq!(
            phases(Does::AskForSleep, 8, &ends),
            [(Phase::Sleeps, 0, 5), (Phase::Waits, 5, 8)]
        );
        assert_eq!(phases(Does::AskForRoot, 0, &ends), []);
    }

    #[test]
    fn the_picture_says_in_words_what_it_shows() {
        let text = draw("a", "Title", &[8, 8, 13, 0]).text;
        for words in [
            "A asks for /sleep, sleeps for 5 seconds, waits for 3 seconds, and has its page after 8 seconds.",
            "B connects, says nothing for 8 seconds, and leaves after 8 seconds.",
            "C asks for /sleep, waits for 8 seconds, sleeps for 5 seconds, and has its page after 13 seconds.",
            "D asks for /, and has its page at once.",
        ] {
            assert!(text.contains(words), "{text}");
        }
        assert!(text.contains(">13 s</text>"));
    }

    #[test]
    fn listings_that_differ_do_not_get_one_picture() {
        let timeline = Timeline {
            name: "timeline-two",
            title: "Two",
            listings: &["01-a", "02-b"],
        };
        let picture = |second| {
            let measured = Measured::from([("01-a", [5, 8, 5, 0]), ("02-b", second), ("03-c", [1; 4])]);
            timeline.picture(&measured)
        };
        assert!(picture([5, 8, 5, 0]).is_ok());
        assert_eq!(
            picture([5, 8, 13, 0]).unwrap_err().to_string().lines().next(),
            Some(
                "src/img/timeline-two.svg:1: this is one picture of 01-a, 02-b, but their times differ: [[5, 8, 5, 0], [5, 8, 13, 0]]"
            )
        );
    }

    #[test]
    fn a_server_is_measured() {
        // A thread for each client, and a sleep that is none: all are answered at once.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming() {
                thread::spawn(|| {
                    let mut stream = stream.unwrap();
                    let _ = stream.read(&mut [0; 1024]);
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
                });
            }
        });
        let [a, b, c, d] = measure(port).unwrap();
        // Delays only ever add, and a busy machine has some.
        assert!(
            b >= LEAVES && [a, c, d].iter().all(|end| *end < LEAVES),
            "{a} {b} {c} {d}"
        );
    }
}
