//! A file that pages include, and its anchors.

use std::sync::LazyLock;

use regex::Regex;

use super::pattern;

pub struct Source {
    pub text: String,
    /// Its anchors, in order; one for each `ANCHOR`, and one without a start for each `ANCHOR_END` that ends nothing.
    pub anchors: Vec<Anchor>,
}

/// A named part of a file, between the lines with `ANCHOR: name` and `ANCHOR_END: name`, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    pub name: String,
    pub start: Option<usize>,
    pub end: Option<usize>,
}

// mdBook's own patterns: the lines that they match, mdBook cuts out.
static ANCHOR: LazyLock<Regex> = LazyLock::new(|| pattern(r"ANCHOR:\s*(?P<name>[\w_-]+)"));
static ANCHOR_END: LazyLock<Regex> = LazyLock::new(|| pattern(r"ANCHOR_END:\s*(?P<name>[\w_-]+)"));

impl Source {
    pub fn new(text: String) -> Self {
        let mut anchors: Vec<Anchor> = Vec::new();
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| is_anchor(line)) {
            if let Some(captures) = ANCHOR_END.captures(line) {
                let name = &captures["name"];
                match anchors.iter_mut().rfind(|a| a.name == name && a.start.is_some() && a.end.is_none()) {
                    Some(anchor) => anchor.end = Some(number),
                    None => anchors.push(Anchor { name: name.to_owned(), start: None, end: Some(number) }),
                }
            } else if let Some(captures) = ANCHOR.captures(line) {
                anchors.push(Anchor { name: captures["name"].to_owned(), start: Some(number), end: None });
            }
        }
        Self { text, anchors }
    }

    /// The lines of the whole file that a reader may see, with their numbers: all but those that hold an anchor.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines()).filter(|(_, line)| !is_anchor(line))
    }

    /// Whether one of those anchors that `is_it` means encloses a line.
    pub fn is_anchored(&self, number: usize, is_it: impl Fn(&Anchor) -> bool) -> bool {
        let encloses = |a: &Anchor| a.start.is_some_and(|start| start < number) && a.end.is_none_or(|end| number < end);
        self.anchors.iter().any(|anchor| is_it(anchor) && encloses(anchor))
    }

    /// The lines that an include shows at once, with their numbers: all, or those that an anchor encloses, in one place or
    /// several.
    pub fn shown(&self, anchor: Option<&str>) -> impl Iterator<Item = (usize, &str)> {
        let is_it = move |line| anchor.is_none_or(|name| self.is_anchored(line, |anchor| anchor.name == name));
        self.lines().filter(move |(line, _)| is_it(*line))
    }
}

/// Whether `line` holds an anchor: mdBook shows no such line.
pub fn is_anchor(line: &str) -> bool {
    // The patterns are slow, and most lines hold no anchor.
    line.contains("ANCHOR") && (ANCHOR.is_match(line) || ANCHOR_END.is_match(line))
}

/// A line of a terminal at which something is typed, as its prompt (`$ `, `client$ `) and the command.
pub fn command(line: &str) -> Option<(&str, &str)> {
    let dollar = line.find("$ ")?;
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    line[..dollar].chars().all(is_name).then(|| line.split_at(dollar + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_paired_and_cut_out() {
        let source =
            Source::new("// ANCHOR: a\none\n// ANCHOR: b\ntwo\n// ANCHOR_END: b\n// ANCHOR_END: a\nthree\n".into());
        let shown = |anchor| source.shown(Some(anchor)).collect::<Vec<_>>();
        assert_eq!(shown("a"), [(2, "one"), (4, "two")]);
        assert_eq!(shown("b"), [(4, "two")]);
        assert_eq!(source.lines().map(|(_, line)| line).collect::<Vec<_>>(), ["one", "two", "three"]);
    }
}
