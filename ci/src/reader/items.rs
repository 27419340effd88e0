//! The parts of a file that have names: the functions, types and implementations of Rust, the tables of a manifest.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::manuscript::pattern;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What a reader would call it: `serve`, `impl Wake for Task`, `mod tests`, `use`, `[dependencies]`.
    pub name: String,
    /// Its lines, counted from 0, with the attributes and comments above it.
    pub lines: Range<usize>,
    pub indent: usize,
}

impl Item {
    /// Whether `other` goes by the same name, in the same place: at the top, or in a module.
    pub fn is(&self, other: &Item) -> bool {
        self.name == other.name && self.indent == other.indent
    }

    pub fn is_in(&self, items: &[Item]) -> bool {
        items.iter().any(|other| other.is(self))
    }

    /// Whether it is a module with items of its own, which come after it.
    pub fn is_container(&self) -> bool {
        self.name.starts_with("mod ") && self.lines.len() > 1
    }
}

/// The item that a line is in, or that follows a blank line: its name, its indent, and whether the line is in it.
pub type Owner<'a> = (&'a str, usize, bool);

pub fn owners<'a>(file: &[String], items: &'a [Item]) -> Vec<Owner<'a>> {
    let owner = |number: usize| {
        let inner = items.iter().rfind(|item| item.lines.contains(&number));
        let within = inner.filter(|item| !(file[number].is_empty() && item.is_container()));
        let next = || items.iter().find(|item| item.lines.start > number).or(inner);
        within.or_else(next).map_or(("", 0, false), |item| (&*item.name, item.indent, within.is_some()))
    };
    (0..file.len()).map(owner).collect()
}

static DECLARATION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:pub(?:\([^)]*\))? )?(?:(?:async|unsafe|const|default) )*(?:(use)\b|(mod \w+)|(impl\b.*?)(?: \{.*)?$|(?:fn|struct|enum|union|trait|type|static|const|macro_rules!) (\w+))",
    )
});

/// The items of a Rust file, as rustfmt lays it out, or of a manifest; those of a module with a body come after it.
pub fn items(file: &[String]) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    // Where the attributes and comments above the next item begin.
    let mut above = None;
    let mut next = 0;
    while let Some(full) = file.get(next) {
        let line = full.trim_start();
        let (number, indent) = (next, full.len() - line.len());
        next += 1;
        if line.starts_with('[') && line.ends_with(']') {
            next += file[next..].iter().take_while(|line| !line.starts_with('[')).count();
            let last = file[number..next].iter().rposition(|line| !line.is_empty()).unwrap_or(0);
            items.push(Item { name: line.to_owned(), lines: number..number + last + 1, indent });
        } else if line.starts_with("//") || line.starts_with("#[") {
            above = above.or(Some(number));
        } else if let Some(name) = DECLARATION.captures(line).and_then(|found| found.iter().skip(1).flatten().next()) {
            let (name, end) = (name.as_str().to_owned(), end_of(file, number, indent));
            let start = above.take().unwrap_or(number);
            if !name.starts_with("mod ") {
                next = end;
            }
            match items.last_mut() {
                // Groups of `use` lines may have blank lines between them.
                Some(last) if name == "use" && last.name == "use" && last.indent == indent => last.lines.end = end,
                _ => items.push(Item { name, lines: start..end, indent }),
            }
        } else {
            above = None;
        }
    }
    items
}

/// The line after the last of the item that is declared on line `start`.
fn end_of(file: &[String], start: usize, indent: usize) -> usize {
    if file[start].ends_with([';', '}']) {
        return start + 1;
    }
    let closes = |line: &String| {
        let text = line.trim_start();
        line.len() - text.len() == indent && (text.starts_with('}') || text.ends_with(';'))
    };
    file[start + 1..].iter().position(closes).map_or(file.len(), |length| start + length + 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::files::to_lines;

    const FILE: &str = "\
use std::fs;

use smol::io;

/// Starts.
#[inline]
fn main() {
    run();
}

async fn serve(
    listener: Listener,
) -> ! {
    loop {}
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {}
}

struct Unit;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_works() {
        main();
    }
}";

    #[test]
    fn items_have_names_and_lines() {
        let found: Vec<(String, Range<usize>)> =
            items(&to_lines(FILE)).into_iter().map(|item| (item.name, item.lines)).collect();
        let expected = [
            ("use", 0..3),
            ("main", 4..9),
            ("serve", 10..15),
            ("impl Wake for Task", 16..19),
            ("Unit", 20..21),
            ("mod tests", 22..31),
            ("use", 24..25),
            ("it_works", 26..30),
        ];
        assert_eq!(found, expected.map(|(name, lines)| (name.to_owned(), lines)));
    }

    #[test]
    fn tables_of_a_manifest_are_items() {
        let manifest = to_lines("[package]\nname = \"a\"\n\n[dependencies]\nsmol = \"2\"\n\n");
        let found: Vec<(String, Range<usize>)> =
            items(&manifest).into_iter().map(|item| (item.name, item.lines)).collect();
        assert_eq!(found, [("[package]".to_owned(), 0..2), ("[dependencies]".to_owned(), 3..5)]);
    }
}
