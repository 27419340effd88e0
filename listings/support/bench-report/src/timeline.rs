//! A timeline: four clients come at once, and a picture shows when each has its answer.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::svg::Svg;

const SLEEP: u64 = 5;

/// The clients, in the order in which they come: the name of each, what it asks for, and how it ends.
const CLIENTS: [(&str, &str, &str); 4] =
    [("A", "/sleep", "page"), ("B", "silent", "leaves"), ("C", "/sleep", "page"), ("D", "/", "page")];

/// When each client has its answer, or leaves: seconds after the first has come.
pub type Ends = [u64; CLIENTS.len()];

/// What becomes of a client: what it does, from when, to when. Whether it waits before it sleeps or behind, follows: a
/// server turns to another client only when somebody comes, leaves or is answered. So a client sleeps from the last such
/// moment from which five seconds are left.
fn phases(asks: &str, end: u64, ends: &Ends) -> Vec<(&'static str, u64, u64)> {
    let mut phases = match asks {
        "silent" => vec![("says nothing", 0, end)],
        "/" => vec![("waits", 0, end)],
        _ => {
            let begins = ends.iter().copied().filter(|moment| moment + SLEEP <= end).max().unwrap_or(0);
            let wakes = (begins + SLEEP).min(end);
            vec![("waits", 0, begins), ("sleeps", begins, wakes), ("waits", wakes, end)]
        }
    };
    phases.retain(|(_, from, to)| from < to);
    phases
}

/// Where a timeline begins, how wide a second is, how high a row and its bar are, and where the first row is.
const LEFT: i32 = 68;
const SECOND: i32 = 21;
const ROW: i32 = 36;
const BAR: i32 = 22;
const TOP: i32 = 8;

/// Draws a timeline, and says the same in words.
pub fn draw(name: &str, server: &str, ends: &Ends) -> (PathBuf, String) {
    let x = |second: u64| LEFT + SECOND * second as i32;
    let bottom = TOP + ROW * CLIENTS.len() as i32;
    let clients =
        CLIENTS.iter().zip(ends).map(|((name, asks, does), end)| (name, *asks, *does, *end, phases(asks, *end, ends)));
    let clients: Vec<_> = clients.collect();
    let mut words = "Four clients come at the same time, in this order.".to_owned();
    let mut moments = BTreeSet::from([0]);
    for (name, asks, does, end, phases) in &clients {
        let asks = if *asks == "silent" { "connects".to_owned() } else { format!("asks for {asks}") };
        let spent = phases.iter().map(|(does, from, to)| format!(" {does} for {} seconds,", to - from));
        let does = if *does == "page" { "has its page" } else { does };
        let when = if *end == 0 { "at once".to_owned() } else { format!("after {end} seconds") };
        words += &format!(" {name} {asks},{} and {does} {when}.", spent.collect::<String>());
        moments.extend(phases.iter().map(|(_, _, to)| to));
    }
    let mut svg = Svg::new(name, bottom + 22, &format!("Four clients, and a server {server}"), &words);
    for moment in moments {
        svg.line([x(moment), TOP - 4], [x(moment), bottom], "dotted");
        svg.text(x(moment), bottom + 16, "", &if moment == 0 { "0".to_owned() } else { format!("{moment} s") });
    }
    for (top, (name, asks, does, end, phases)) in (TOP..).step_by(ROW as usize).zip(clients) {
        let baseline = top + BAR / 2 + 5;
        svg.text(0, baseline, "start strong", name);
        svg.text(14, baseline, "start", asks);
        for (does, from, to) in phases {
            let (area, middle) = ([x(from), top, x(to) - x(from), BAR], (x(from) + x(to)) / 2);
            svg.rectangle(area, 0, "blank");
            match does {
                "waits" => {
                    svg.hatched(area);
                    // The hatching would make the word hard to read.
                    svg.rectangle([middle - 20, top + 2, 40, BAR - 4], 3, "blank");
                }
                "sleeps" => svg.rectangle(area, 0, "filled"),
                _ => svg.rectangle(area, 0, "line dashed"),
            }
            svg.text(middle, baseline, "", does);
        }
        match does {
            "leaves" => svg.cross(x(end), top + BAR / 2, 5),
            _ => svg.disc(x(end), top + BAR / 2, 5),
        }
        svg.text(x(end) + 9, baseline, "start", does);
    }
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_behind_a_sleep_and_who_before_it() {
        let phases = |client: usize, ends: &Ends| phases(CLIENTS[client].1, ends[client], ends);
        // One at a time: A sleeps, B is silent until it leaves, then C sleeps, then D.
        let ends = [5, 8, 13, 13];
        assert_eq!(phases(0, &ends), [("sleeps", 0, 5)]);
        assert_eq!(phases(1, &ends), [("says nothing", 0, 8)]);
        assert_eq!(phases(2, &ends), [("waits", 0, 8), ("sleeps", 8, 13)]);
        assert_eq!(phases(3, &ends), [("waits", 0, 13)]);
        // A sleeps, and B keeps the thread that it would go on with.
        assert_eq!(phases(0, &[8, 8, 13, 8]), [("sleeps", 0, 5), ("waits", 5, 8)]);
    }

    #[test]
    fn the_picture_says_in_words_what_it_shows() {
        let text = draw("a", "b", &[8, 8, 13, 0]).1;
        for words in [
            "A asks for /sleep, sleeps for 5 seconds, waits for 3 seconds, and has its page after 8 seconds.",
            "B connects, says nothing for 8 seconds, and leaves after 8 seconds.",
            "C asks for /sleep, waits for 8 seconds, sleeps for 5 seconds, and has its page after 13 seconds.",
            "D asks for /, and has its page at once.",
            ">13 s</text>",
        ] {
            assert!(text.contains(words), "{text}");
        }
    }
}
