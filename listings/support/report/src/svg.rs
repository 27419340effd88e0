//! Pictures for the pages: a little SVG that takes the colours of the page it is included in.
//!
//! A page includes the file, not an `<img>` of it, so that it sees those colours. Nothing is said by colour alone.

use std::path::{Path, PathBuf};

/// What is around each picture. Its styles are those of the whole page: more than one picture on it does no harm.
const FRAME: &str = include_str!("frame.svg");

pub struct Svg {
    name: String,
    frame: String,
    content: String,
}

impl Svg {
    pub fn new(name: &str, height: i32, title: &str, description: &str) -> Self {
        let frame = FRAME.replace("HEIGHT", &height.to_string()).replace("NAME", name);
        let frame = frame.replace("TITLE", &escaped(title)).replace("DESCRIPTION", &escaped(description));
        Self { name: name.to_owned(), frame, content: String::new() }
    }

    /// Text whose baseline is at `y`; `x` is its middle, or where `class` says: `start`, `end`.
    pub fn text(&mut self, x: i32, y: i32, class: &str, text: &str) {
        let class = if class.is_empty() { String::new() } else { format!(r#" class="{class}""#) };
        self.content += &format!("<text{class} x=\"{x}\" y=\"{y}\">{}</text>\n", escaped(text));
    }

    pub fn rectangle(&mut self, [x, y, width, height]: [i32; 4], round: i32, class: &str) {
        let size = format!(r#"width="{width}" height="{height}""#);
        self.content += &format!("<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" {size} rx=\"{round}\"/>\n");
    }

    pub fn hatched(&mut self, [x, y, width, height]: [i32; 4]) {
        let (size, name) = (format!(r#"width="{width}" height="{height}""#), &self.name);
        self.content += &format!("<rect x=\"{x}\" y=\"{y}\" {size} fill=\"url(#{name}-hatch)\"/>\n");
        self.rectangle([x, y, width, height], 0, "line");
    }

    pub fn disc(&mut self, x: i32, y: i32, radius: i32) {
        self.content += &format!("<circle class=\"dot\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>\n");
    }

    pub fn cross(&mut self, x: i32, y: i32, radius: i32) {
        let (left, right, top, bottom) = (x - radius, x + radius, y - radius, y + radius);
        let path = format!("M{left} {top}L{right} {bottom}M{left} {bottom}L{right} {top}");
        self.content += &format!("<path class=\"line\" stroke-width=\"2\" d=\"{path}\"/>\n");
    }

    /// One of nine markers, which differ in their shapes.
    pub fn marker(&mut self, x: i32, y: i32, index: usize) {
        let (shape, class) = [
            ("M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z", "dot"),
            ("M-3.5 -3.5h7v7h-7z", "line blank"),
            ("M-4.5 3.5h9L0 -4.5z", "dot"),
            ("M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z", "line blank"),
            ("M-3.5 -3.5h7v7h-7z", "dot"),
            ("M-4.5 3.5h9L0 -4.5z", "line blank"),
            ("M0 -5L5 0L0 5L-5 0z", "dot"),
            ("M0 -5L5 0L0 5L-5 0z", "line blank"),
            ("M-4.5 -3.5h9L0 4.5z", "dot"),
        ][index % 9];
        self.content += &format!("<path class=\"{class}\" transform=\"translate({x} {y})\" d=\"{shape}\"/>\n");
    }

    pub fn line(&mut self, [x1, y1]: [i32; 2], [x2, y2]: [i32; 2], class: &str) {
        self.content += &format!("<path class=\"line {class}\" d=\"M{x1} {y1}L{x2} {y2}\"/>\n");
    }

    /// The picture: its path, and its text. It has no blank lines: at one, Markdown would go on.
    pub fn finish(self) -> (PathBuf, String) {
        (path(&self.name), self.frame.replace("CONTENT", &self.content))
    }
}

/// Where the picture of this name is, relative to the root of the book.
pub fn path(name: &str) -> PathBuf {
    Path::new("src/img").join(format!("{name}.svg"))
}

/// Text as the content of an element.
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
        let (path, text) = svg.finish();
        assert_eq!(path, Path::new("src/img/one.svg"));
        assert!(text.starts_with("<svg "));
        assert!(text.lines().all(|line| !line.trim().is_empty()));
        assert!(text.contains("<title id=\"one-title\">A &amp; B</title>"));
        assert!(text.contains(">A is left of B.</desc>"));
        assert!(text.contains(">a &lt; b</text>"));
    }
}
