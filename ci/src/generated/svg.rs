//! Pictures for the pages: a little SVG that takes the colours of the page it is included in.
//!
//! A page includes the file itself, not an `<img>` of it, for only so does the picture see the colours of the reader's
//! theme. Opened alone, the file has colours of its own. Nothing is said by colour alone.

use std::path::{Path, PathBuf};

use super::Generated;

/// How wide every picture is. It is shown from 0.9 times (on a phone) to 1.2 times as large, so that letters are
/// never smaller than 11 pixels.
pub const WIDTH: i32 = 400;

/// The styles of all pictures, which are those of the whole page: more than one picture on it does no harm.
const STYLE: &str = "\
.drawing { --ink: var(--fg, #222); --paper: var(--bg, #fff); --accent: var(--links, #20609f); display: block; width: 100%; max-width: 480px; }
.drawing text { fill: var(--ink); font: 13px 'Open Sans', sans-serif; text-anchor: middle; }
.drawing .start { text-anchor: start; }
.drawing .strong { font-weight: bold; }
.drawing .end { text-anchor: end; }
.drawing .line { fill: none; stroke: var(--ink); }
.drawing .dashed { stroke-dasharray: 5 3; }
.drawing .dotted { stroke-dasharray: 1 3; }
.drawing .hatch { stroke: var(--ink); stroke-opacity: 0.45; }
.drawing .filled { fill: var(--accent); fill-opacity: 0.3; stroke: var(--accent); }
.drawing .blank { fill: var(--paper); }
.drawing .dot { fill: var(--ink); }
";

/// A picture that is being drawn.
pub struct Svg {
    name: String,
    head: String,
    body: String,
}

impl Svg {
    /// An empty picture of this height, for the file `name.svg`. The title says what it is about; the description
    /// says in words what it shows, to whoever does not see it.
    pub fn new(name: &str, height: i32, title: &str, description: &str) -> Self {
        let (title, description) = (escaped(title), escaped(description));
        let head = format!(
            "<svg class=\"drawing\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
             aria-labelledby=\"{name}-title {name}-description\">\n\
             <title id=\"{name}-title\">{title}</title>\n\
             <desc id=\"{name}-description\">{description}</desc>\n\
             <style>\n{STYLE}</style>\n\
             <defs>\n\
             <pattern id=\"{name}-hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">\
             <path class=\"hatch\" d=\"M-1 1L1 -1M0 6L6 0M5 7L7 5\"/></pattern>\n\
             <marker id=\"{name}-arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
             orient=\"auto\"><path class=\"dot\" d=\"M0 0L8 4L0 8z\"/></marker>\n\
             </defs>\n"
        );
        Self {
            name: name.to_owned(),
            head,
            body: String::new(),
        }
    }

    /// Text whose baseline is at `y`; `x` is its middle, or where `class` says: `start`, `end`.
    pub fn text(&mut self, x: i32, y: i32, class: &str, text: &str) {
        let (class, text) = (attribute(class), escaped(text));
        self.put(&format!("<text{class} x=\"{x}\" y=\"{y}\">{text}</text>"));
    }

    /// A box with round corners.
    pub fn rectangle(&mut self, [x, y, width, height]: [i32; 4], round: i32, class: &str) {
        self.put(&format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\"/>"
        ));
    }

    /// A hatched box.
    pub fn hatched(&mut self, [x, y, width, height]: [i32; 4]) {
        let name = &self.name;
        self.put(&format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"url(#{name}-hatch)\"/>"
        ));
        self.rectangle([x, y, width, height], 0, "line");
    }

    /// A disc.
    pub fn disc(&mut self, x: i32, y: i32, radius: i32) {
        self.put(&format!("<circle class=\"dot\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>"));
    }

    /// A cross.
    pub fn cross(&mut self, x: i32, y: i32, radius: i32) {
        let (left, right, top, bottom) = (x - radius, x + radius, y - radius, y + radius);
        self.put(&format!(
            "<path class=\"line\" stroke-width=\"2\" d=\"M{left} {top}L{right} {bottom}M{left} {bottom}L{right} {top}\"/>"
        ));
    }

    /// A straight line.
    pub fn line(&mut self, from: [i32; 2], to: [i32; 2], class: &str) {
        let ([x1, y1], [x2, y2]) = (from, to);
        let class = attribute(&format!("line {class}"));
        self.put(&format!("<path{class} d=\"M{x1} {y1}L{x2} {y2}\"/>"));
    }

    /// An arrow.
    pub fn arrow(&mut self, from: [i32; 2], to: [i32; 2], class: &str) {
        let ([x1, y1], [x2, y2]) = (from, to);
        let class = attribute(&format!("line {class}"));
        let name = &self.name;
        self.put(&format!(
            "<path{class} d=\"M{x1} {y1}L{x2} {y2}\" marker-end=\"url(#{name}-arrow)\"/>"
        ));
    }

    /// The picture, as a file. It has no blank lines: at one, Markdown would go on.
    pub fn finish(self) -> Generated {
        Generated {
            path: path(&self.name),
            text: format!("{}{}</svg>\n", self.head, self.body),
        }
    }

    fn put(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }
}

/// Where the picture with this name belongs.
pub fn path(name: &str) -> PathBuf {
    Path::new("src/img").join(format!("{name}.svg"))
}

/// The attribute `class`, for what has one.
fn attribute(class: &str) -> String {
    match class.trim() {
        "" => String::new(),
        class => format!(" class=\"{class}\""),
    }
}

/// Text as it stands in XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_one_block_of_markdown_and_says_what_it_shows() {
        let mut svg = Svg::new("one", 50, "A & B", "A is left of B.");
        svg.text(10, 20, "start", "a < b");
        let file = svg.finish();
        assert_eq!(file.path, Path::new("src/img/one.svg"));
        assert!(file.text.starts_with("<svg "));
        assert!(file.text.lines().all(|line| !line.trim().is_empty()));
        assert!(file.text.contains("<title id=\"one-title\">A &amp; B</title>"));
        assert!(file.text.contains(">A is left of B.</desc>"));
        assert!(file.text.contains(">a &lt; b</text>"));
    }
}
