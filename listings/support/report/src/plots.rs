//! Plots of the measurements. A line has its name at its end and a marker of its own, a bar its number: colour says
//! nothing.

use std::path::PathBuf;

use crate::data::{Contender, median};
use crate::numbers::{at_least, count, memory, rounded, time};
use crate::svg::Svg;

pub const NAMES: [&str; 4] = ["bench-slow", "bench-idle", "bench-rate", "bench-delay"];

/// How wide a picture is.
const WIDTH: i32 = 400;

/// Where lines are drawn: from the left, to the right, from the top, to the bottom. Their names are at the right.
const AREA: [i32; 4] = [52, 284, 10, 230];

/// Where bars begin and end; the names are at the left, the numbers at the right.
const BARS: [i32; 2] = [112, 340];

/// Where delays begin and end.
const DELAYS: [i32; 2] = [186, 370];

/// A line: its name, the number of its marker, its points, and where it would have gone on.
struct Line(String, usize, Vec<[f64; 2]>, Option<[f64; 2]>);

pub fn all(contenders: &[Contender]) -> Vec<(PathBuf, String)> {
    vec![slow(contenders), idle(contenders), rate(contenders), delay(contenders)]
}

/// Where a value is, of which the logarithm is drawn.
fn log(value: f64, [low, high]: [f64; 2], [start, end]: [i32; 2]) -> i32 {
    let share = (value.max(low) / low).ln() / (high / low).ln();
    start + (share * f64::from(end - start)).round() as i32
}

/// The powers of ten from one to the other.
fn decades([low, high]: [f64; 2]) -> impl Iterator<Item = f64> {
    (low.log10().ceil() as i32..=high.log10().floor() as i32).map(|power| 10_f64.powi(power))
}

/// A label at an axis: `5 s` for `5.0 s`.
fn even(label: &str) -> String {
    label.replace(".0", "")
}

fn slow(contenders: &[Contender]) -> (PathBuf, String) {
    let lines = contenders.iter().enumerate().map(|(index, contender)| {
        let point = |result: &serde_json::Value, micros: &str| {
            Some([result["requests"].as_f64()?, result[micros].as_f64()? / 1e6])
        };
        let points = contender.all("/slow").iter().filter_map(|result| point(result, "last_us"));
        let gave_up = contender.all("/slow").iter().find_map(|result| point(result, "gave_up_us"));
        Line(contender.name().to_owned(), index, points.collect(), gave_up)
    });
    let words = |[requests, seconds]: [f64; 2]| format!("{} requests in {}", count(requests), time(seconds * 1e6));
    let title = "Time until so many slow requests are answered, all sent at once";
    lined(NAMES[0], title, lines, words, |seconds| time(seconds * 1e6), "slow requests")
}

fn idle(contenders: &[Contender]) -> (PathBuf, String) {
    let lines = contenders.iter().enumerate().map(|(index, contender)| {
        let point = |clients: u64| Some([clients as f64, contender.idle(clients, "memory_kib")?]);
        let points: Vec<_> = [10, 100, 1000, 10_000].into_iter().filter_map(point).collect();
        Line(contender.name().to_owned(), index, points, None)
    });
    let words = |[clients, kibibytes]: [f64; 2]| format!("{} for {} clients", memory(kibibytes), count(clients));
    let title = "Memory for clients that are connected and say nothing";
    lined(NAMES[1], title, lines, words, |kibibytes| memory(kibibytes * 1000.0 / 1024.0), "silent clients")
}

/// Draws lines on logarithmic axes.
fn lined(
    name: &str,
    title: &str,
    lines: impl Iterator<Item = Line>,
    words: impl Fn([f64; 2]) -> String,
    label: impl Fn(f64) -> String,
    below: &str,
) -> (PathBuf, String) {
    let [left, right, top, bottom] = AREA;
    let lines: Vec<_> = lines.filter(|Line(_, _, points, _)| !points.is_empty()).collect();
    let all = || lines.iter().flat_map(|Line(_, _, points, more)| points.iter().chain(more));
    let range = |axis: usize| {
        let (low, high) =
            all().fold((f64::MAX, 1.0), |(low, high), point| (point[axis].min(low), point[axis].max(high)));
        // A decade at least, and a little more than what there is.
        [low / 1.3_f64.powi(axis as i32), (high * 1.3_f64.powi(axis as i32)).max(low * 10.0)]
    };
    let (across, up) = (range(0), range(1));
    let at = |[x, y]: [f64; 2]| [log(x, across, [left, right]), log(y, up, [bottom, top])];
    let spoken = lines.iter().map(|Line(name, _, points, more)| {
        let end = more.map_or_else(String::new, |more| format!(", but not {}", words(more)));
        let last = points.last().map_or_else(|| "nothing".to_owned(), |last| words(*last));
        format!("{name}: {last}{end}.")
    });
    let mut svg = Svg::new(name, bottom + 42, title, &spoken.collect::<Vec<_>>().join(" "));
    for x in decades(across).map(|value| (log(value, across, [left, right]), value)) {
        svg.line([x.0, top], [x.0, bottom], "dotted");
        svg.text(x.0, bottom + 16, "", &count(x.1));
    }
    svg.text((left + right) / 2, bottom + 34, "", below);
    // From a decade lower: its half may be above the axis.
    let values = decades([up[0] / 10.0, up[1]]).flat_map(|value| [value, value * 5.0]);
    for value in values.filter(|value| (up[0]..up[1]).contains(value)) {
        let y = log(value, up, [bottom, top]);
        svg.line([left, y], [right, y], "dotted");
        svg.text(left - 8, y + 4, "end", &even(&label(value)));
    }
    let mut labels: Vec<(i32, i32, &str, usize)> = Vec::new();
    let mut crosses = Vec::new();
    for Line(name, index, points, more) in &lines {
        let drawn: Vec<_> = points.iter().map(|point| at(*point)).collect();
        drawn.windows(2).for_each(|pair| svg.line(pair[0], pair[1], ["", "dashed"][index % 2]));
        drawn.iter().for_each(|[x, y]| svg.marker(*x, *y, *index));
        if let (Some(more), Some(last)) = (more.map(at), drawn.last()) {
            svg.line(*last, more, "dotted");
            crosses.push(more);
        }
        if let Some([x, y]) = more.map(at).or(drawn.last().copied()) {
            labels.push((y, x, name, *index));
        }
    }
    // Above the markers of others, which may be in the same place.
    crosses.iter().for_each(|[x, y]| svg.cross(*x, *y, 6));
    // One name below the other, each as near to its line as those above it allow, and none below the axis.
    labels.sort_unstable();
    let mut next = top;
    for (place, (y, x, name, index)) in labels.iter().enumerate() {
        let lowest = bottom - 6 - 15 * (labels.len() - 1 - place) as i32;
        let baseline = (*y).max(next).min(lowest);
        next = baseline + 15;
        svg.line([x + 6, *y], [right + 10, baseline], "faint");
        svg.marker(right + 15, baseline, *index);
        svg.text(right + 23, baseline + 4, "start", name);
    }
    svg.finish()
}

fn rate(contenders: &[Contender]) -> (PathBuf, String) {
    let contenders: Vec<_> = contenders.iter().filter(|contender| contender.has_rate()).collect();
    let title = "Requests a second on 32 connections";
    let kinds = [("kept", "connections kept open"), ("new", "a connection for each request")];
    let rates = |contender: &Contender, kind: &str| contender.rounds(&format!("/rate/{kind}"), "/per_second");
    let all = || contenders.iter().flat_map(|contender| kinds.map(|(kind, _)| rates(contender, kind)));
    let highest = all().flatten().fold(1.0, f64::max);
    let x = |rate: f64| BARS[0] + (rate / highest * f64::from(BARS[1] - BARS[0])) as i32;
    let spoken = contenders.iter().map(|contender| {
        let middle = kinds.map(|(kind, _)| median(&rates(contender, kind)).map_or_else(String::new, rounded));
        format!("{}: {} kept open, {} with a connection each.", contender.name(), middle[0], middle[1])
    });
    let spoken = spoken.collect::<Vec<_>>().join(" ");
    let mut svg = Svg::new(NAMES[2], 40 * contenders.len() as i32 + 48, title, &spoken);
    let bar =
        |svg: &mut Svg, kind: usize, area| if kind == 0 { svg.rectangle(area, 0, "filled") } else { svg.hatched(area) };
    for (top, contender) in (4..).step_by(40).zip(&contenders) {
        svg.text(BARS[0] - 6, top + 20, "end", contender.name());
        for (index, (kind, _)) in kinds.iter().enumerate() {
            let (top, rates) = (top + 16 * index as i32, rates(contender, kind));
            if let (Some(low), Some(middle), Some(high)) = (rates.first(), median(&rates), rates.last()) {
                bar(&mut svg, index, [BARS[0], top, x(middle) - BARS[0], 14]);
                // From the lowest round to the highest.
                svg.rectangle([x(*low), top + 6, x(*high) - x(*low), 2], 0, "dot");
                svg.text(x(middle.max(*high)) + 5, top + 12, "start", &rounded(middle));
            }
        }
    }
    let legend = 40 * contenders.len() as i32 + 8;
    for (index, (_, name)) in kinds.iter().enumerate() {
        let top = legend + 20 * index as i32;
        bar(&mut svg, index, [BARS[0], top, 24, 14]);
        svg.text(BARS[0] + 30, top + 12, "start", name);
    }
    svg.finish()
}

fn delay(contenders: &[Contender]) -> (PathBuf, String) {
    let title = "Delay of a normal client: the median, and the 99th percentile to its right";
    let others = [("nobody", "alone"), ("silent", "1,000 silent"), ("computing", "100 compute")];
    let row = |contender: &Contender, (kind, label)| {
        Some((label, contender.delay(kind, "median")?, contender.delay(kind, "p99")?))
    };
    let groups = contenders.iter().map(|it| (it.name(), others.iter().filter_map(|other| row(it, *other)).collect()));
    let groups: Vec<(&str, Vec<_>)> = groups.collect();
    let all = || groups.iter().flat_map(|(_, rows)| rows);
    let low = all().fold(100.0, |low, (_, median, _)| median.0.min(low));
    let range = [low, all().fold(low * 10.0, |high, (_, _, most)| most.0.max(high))];
    let spoken = groups.iter().flat_map(|(name, rows)| {
        let row = |(label, median, most): &(&str, _, _)| {
            format!("{name}, {label}: {}, {}.", at_least(*median), at_least(*most))
        };
        rows.iter().map(row).collect::<Vec<_>>()
    });
    let spoken = spoken.collect::<Vec<_>>().join(" ");
    let bottom = all().count() as i32 * 16 + groups.len() as i32 * 6;
    let mut svg = Svg::new(NAMES[3], bottom + 24, title, &spoken);
    for value in decades(range) {
        let x = log(value, range, DELAYS);
        svg.line([x, 0], [x, bottom], "dotted");
    }
    // There is room for every other.
    for value in decades(range).step_by(2) {
        svg.text(log(value, range, DELAYS), bottom + 16, "", &even(&time(value)));
    }
    let mut top = 0;
    for (name, rows) in &groups {
        svg.text(0, top + 13, "start strong", name);
        for (index, (label, median, most)) in rows.iter().enumerate() {
            let (y, [from, to]) = (top + 8, [median, most].map(|(micros, _)| log(*micros, range, DELAYS)));
            svg.text(DELAYS[0] - 8, y + 5, "end", label);
            svg.line([from, y], [to, y], "");
            if to - from > 6 {
                svg.rectangle([to - 1, y - 5, 2, 10], 0, "dot");
            }
            svg.marker(from, y, index);
            if median.1 || most.1 {
                // It may be longer.
                svg.text(to.min(WIDTH - 16) + 6, y + 5, "start", "→");
            }
            top += 16;
        }
        top += 6;
    }
    svg.finish()
}
