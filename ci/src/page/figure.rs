//! Listings as figures: the HTML that takes the place of a block that is an include, and of the end of a step.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use pulldown_cmark_escape::escape_html_body_text;

use crate::manuscript::{Block, Kind, Page, page, slashes, source};
use crate::page::archive;
use crate::reader::files::to_text;
use crate::reader::walk::{End, Figure, Line, Walk};

/// The blocks of a page that are one include, with their HTML.
pub fn figures<'a>(walk: &Walk, page: &'a Page) -> Vec<(&'a Block, String)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut count = |of: &str| *counts.entry(of.to_owned()).and_modify(|count| *count += 1).or_insert(1);
    let figures = page.blocks.iter().filter_map(|block| {
        let figure = walk.figures.get(&(page.path.clone(), block.line))?;
        let name = if figure.is_session() { "Session" } else { "Listing" };
        let number = page.number.as_ref().map_or(String::new(), |number| format!("{number}-"));
        let number = format!("{name} {number}{}", count(name));
        // The id stays when figures come and go around it.
        let listing = figure.listing.as_deref().unwrap_or("file").replace('/', "-");
        let stem = figure.file.file_stem().unwrap_or_default().to_string_lossy();
        let is_clear = stem == "main" || stem == figure.part || figure.is_session();
        let stem = if is_clear { String::new() } else { format!("{stem}-") };
        let id = format!("{}-{listing}-{stem}{}", name.to_lowercase(), figure.part);
        let id = match count(&id) {
            1 => id,
            times => format!("{id}-{times}"),
        };
        Some((block, figure_html(walk, page, block, figure, &number, &id)))
    });
    figures.collect()
}

/// The id of the place that shows a whole file of a listing.
fn file_id(listing: &str, file: &Path) -> String {
    format!("file-{listing}-{}", slashes(file)).replace(['/', '.'], "-")
}

fn figure_html(walk: &Walk, page: &Page, block: &Block, figure: &Figure, number: &str, id: &str) -> String {
    let mut html = format!("<figure class=\"listing\" id=\"{id}\">\n<figcaption>\n");
    html += &format!("<a class=\"number\" href=\"#{id}\">{number}</a>");
    if let Some(listing) = figure.listing.as_ref().filter(|_| !figure.is_session()) {
        let (id, file) = (file_id(listing, &figure.file), escaped(&slashes(&figure.file)));
        let whole = walk.ends.iter().find(|end| end.listing == *listing && end.whole.contains_key(&figure.file));
        let address = whole.filter(|end| end.page != page.path).map_or(String::new(), |end| page::address(&end.page));
        html += &format!(" <a class=\"file\" href=\"{address}#{id}\"><code>{file}</code></a>");
    }
    if let Some(edit) = &figure.edit {
        html += &format!(" <span class=\"edit\">{}</span>", with_code(edit));
    }
    if let Some(caption) = &block.caption {
        if let Some(label) = &caption.label {
            html += &format!(" <strong class=\"label\">{}</strong>", escaped(label));
        }
        html += &format!("\n<span class=\"caption\">{}</span>", with_code(&caption.text));
    }
    html += &format!("\n</figcaption>\n<pre><code class=\"language-{}\" tabindex=\"0\">", escaped(block.language()));
    for (index, line) in figure.lines.iter().enumerate() {
        let end = if index + 1 == figure.lines.len() { "" } else { "\n" };
        html += &if figure.is_session() { session_line(&line.text, end) } else { code_line(line, end) };
    }
    html + "</code></pre>\n</figure>\n"
}

/// A line of code, behind those that go in front of it. Its end is inside of the element, for an empty line would end
/// the HTML. Lines that go are no text of the page, so that nobody copies them; the style sheet shows the attribute.
fn code_line(line: &Line, end: &str) -> String {
    let hidden = if line.visible { "" } else { " boring" };
    let gap = if line.gap { " gap" } else { "" };
    let name = if line.new { "ins" } else { "span" };
    let gone = |gone: &String| {
        format!("<del class=\"gone{hidden}\" data-gone=\"{}\"></del>", escaped(gone).replace('"', "&quot;"))
    };
    let gone: String = line.gone.iter().map(gone).collect();
    format!("{gone}<{name} class=\"line{gap}{hidden}\">{}{end}</{name}>", escaped(&line.text))
}

/// A line of a terminal: what is typed stands out from what is printed.
fn session_line(text: &str, end: &str) -> String {
    let line = source::command(text).map_or_else(
        || escaped(text),
        |(prompt, command)| format!("<span class=\"prompt\">{}</span><kbd>{}</kbd>", escaped(prompt), escaped(command)),
    );
    format!("<span class=\"line\">{line}{end}</span>")
}

/// The HTML for the place where a page is done with a listing: what has changed, the whole files, the project. Where an
/// exercise is set, it is the project alone.
pub fn end_html(end: &End, lock: &str) -> Result<String> {
    let name = escaped(&end.listing);
    let mut html = String::new();
    if let Some((before, old)) = &end.before {
        let summary = format!("All changes from <code>{}</code> to <code>{name}</code>", escaped(before));
        html += &format!("<details class=\"changes\"><summary>{summary}</summary>\n");
        for (file, lines) in end.files.iter().filter(|(file, lines)| old.get(*file) != Some(lines)) {
            let (old, new) = (to_text(old.get(file).map_or(&[], Vec::as_slice)), to_text(lines));
            let diff = similar::TextDiff::configure().algorithm(similar::Algorithm::Patience).diff_lines(&old, &new);
            let diff = diff.unified_diff().context_radius(2).to_string();
            html += &format!("<p><code>{}</code></p>\n{}\n", escaped(&slashes(file)), code("diff", diff.lines()));
        }
        html += "</details>\n";
    }
    for (file, lines) in &end.whole {
        let extension = file.extension().unwrap_or_default().to_string_lossy();
        let language = if extension == "rs" { "rust" } else { &extension };
        let (id, code) = (file_id(&end.listing, file), code(language, lines.iter().map(String::as_str)));
        let summary = format!("The whole of <code>{}</code> in <code>{name}</code>", escaped(&slashes(file)));
        html += &format!("<details class=\"whole\" id=\"{id}\"><summary>{summary}</summary>\n{code}\n</details>\n");
    }
    if end.has_download() {
        let folder = end.listing.rsplit('/').next().unwrap_or_default();
        let link = archive::link(&archive::texts(folder, &end.files, lock))?;
        let name = escaped(folder);
        let words = format!("Download <code>{name}</code> as a project");
        html += &format!("<p class=\"download\"><a download=\"{name}.zip\" href=\"{link}\">{words}</a></p>\n");
    }
    Ok(match end.kind {
        Kind::Exercise => html,
        _ => format!("<section class=\"end\" aria-label=\"{name}, complete\">\n{html}</section>\n"),
    })
}

/// A block with no empty line in it.
fn code<'a>(language: &str, lines: impl Iterator<Item = &'a str>) -> String {
    let end = |line: &str| if line.trim().is_empty() { "&#10;" } else { "\n" };
    let text: String = lines.flat_map(|line| [escaped(line), end(line).to_owned()]).collect();
    format!("<pre><code class=\"language-{language}\" tabindex=\"0\">{text}</code></pre>")
}

/// Text with `code` in backticks as HTML.
fn with_code(text: &str) -> String {
    let parts = text.split('`').map(escaped).enumerate();
    parts.map(|(index, part)| if index % 2 == 0 { part } else { format!("<code>{part}</code>") }).collect()
}

/// Text as HTML, or as SVG.
pub fn escaped(text: &str) -> String {
    let mut html = String::new();
    // Writing to a string does not fail.
    let _ = escape_html_body_text(&mut html, text);
    html
}

#[cfg(test)]
mod tests;
