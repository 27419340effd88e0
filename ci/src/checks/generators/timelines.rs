//! The timelines: four clients come at once, and a picture shows when each has its answer.
//!
//! A line of `score!` declares it, and makes a test that measures it: the picture is true if the tests pass.

use book::finding::Finding;
use book::manuscript::Book;
use report::score::TIMELINE;
use report::svg;
use report::timeline::{Ends, draw};

use super::{Generated, is_included, score};

/// A picture: its name, the server that it is of, and the names of the listings, all of which must declare the same.
type Timeline = (&'static str, &'static str, &'static [&'static str]);

const TIMELINES: [Timeline; 3] = [
    (
        "timeline-one-at-a-time",
        "that awaits each in its loop",
        &["01-single-threaded", "03-block-on", "05-async-sockets"],
    ),
    ("timeline-04-spawn", "with a task for each but sockets that block", &["04-spawn"]),
    ("timeline-06-concurrent", "with a task for each and sockets that do not block", &["06-concurrent", THREADS]),
];
const THREADS: &str = "underneath/thread-per-client";

/// What a listing declares, and the line of its `score.rs`.
fn declared(book: &Book, listing: &str) -> Option<(usize, Ends)> {
    let cell = score::cells(book, listing).into_iter().find(|cell| cell.client == TIMELINE)?;
    Some((cell.line, serde_json::from_str(&cell.verdict).ok()?))
}

/// The pictures that pages include, and the listings whose declarations do not make one.
pub fn pictures(book: &Book) -> (Vec<Generated>, Vec<Finding>) {
    let (mut pictures, mut findings) = (Vec::new(), Vec::new());
    for (name, server, listings) in TIMELINES.iter().filter(|(name, ..)| is_included(book, &svg::path(name))) {
        let first = declared(book, listings[0]).map_or(Ends::default(), |(_, ends)| ends);
        for listing in *listings {
            let (line, ends) = declared(book, listing).map_or((1, None), |(line, ends)| (line, Some(ends)));
            if ends != Some(first) {
                let path = score::path(format!("listings/{listing}").as_ref());
                let message = format!("`{name}` shows one timeline of {}", listings.join(", "));
                let help = format!("write `timeline: {first:?},` or change generators/timelines.rs");
                findings.push(Finding::new(path, line, message, help));
            }
        }
        let (path, text) = draw(name, server, &first);
        pictures.push(Generated { path, text });
    }
    (pictures, findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use book::testing::{headlines, small_book};

    #[test]
    fn listings_that_differ_do_not_get_one_picture() {
        let score = |ends: &str| format!("clients::score! {{\n    silent: stays,\n    timeline: [{ends}],\n}}\n");
        let (_folder, book) = small_book(&[
            ("src/page.md", "# Page\n\n{{#include img/timeline-one-at-a-time.svg}}\n"),
            ("listings/01-single-threaded/src/score.rs", &score("5, 8, 13, 13")),
            ("listings/03-block-on/src/score.rs", &score("5, 8, 13, 13")),
            ("listings/05-async-sockets/src/score.rs", &score("5, 8, 5, 0")),
        ]);
        let (pictures, findings) = pictures(&book);
        assert!(pictures[0].text.contains("D asks for /, waits for 13 seconds"));
        assert!(headlines(&findings)[0].starts_with("listings/05-async-sockets/src/score.rs:3: "), "{findings:?}");
        assert_eq!(findings.len(), 1);
    }
}
