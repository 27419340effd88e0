//! The built book, read back: each figure shows the lines that mdBook itself makes of the include, and says what the
//! reader's model says; whole files and downloads are the listing's.

use std::collections::BTreeSet;
use std::fs;

use anyhow::Result;
use book::finding::Finding;
use book::manuscript::source::is_anchor;
use book::manuscript::{Block, Include, Kind, Page, page, slashes};
use book::page::archive;
use book::reader::files::to_text;
use book::reader::walk::Figure;
use scraper::{ElementRef, Html};

use crate::built::selector;
use crate::check::Context;
use crate::run::side_by_side;

/// Finds blocks of the built book that do not show their listing, and words around them that are not the model's.
pub fn check(context: &Context) -> Result<Vec<Finding>> {
    let built = context.built()?;
    let found =
        side_by_side(context.book.pages.iter().collect(), |page| compare(context, page, &built.html[&page.path]));
    Ok(found.into_iter().collect::<Result<Vec<_>>>()?.concat())
}

fn compare(context: &Context, page: &Page, html: &str) -> Result<Vec<Finding>> {
    let document = Html::parse_document(html);
    let root = document.root_element();
    let mut findings = Vec::new();
    let mut found = |line: usize, message: String| findings.push(Finding::new(&page.path, line, message, ""));
    let line_of = |part: &str| page.text.lines().position(|line| line.contains(part)).map_or(1, |index| index + 1);
    let text: String = select(root, "main").flat_map(|main| main.text()).collect();
    let words: String = select(root, "main :is(p, li, td)").flat_map(own_text).collect();
    let marks = [(&text, "{{#"), (&words, "{{ "), (&words, "[^"), (&words, "[!"), (&words, " | ")];
    for (_, mark) in marks.into_iter().filter(|(text, mark)| text.contains(mark)) {
        found(line_of(mark), format!("`{mark}` is left as it is in the built page"));
    }
    let mut ids = BTreeSet::new();
    for id in select(root, "main [id]").filter_map(|element| element.attr("id")).filter(|id| !ids.insert(*id)) {
        found(line_of(id), format!("the built page has the id `{id}` twice"));
    }
    let links = select(root, "main a[href]").filter_map(|link| link.attr("href"));
    for link in links.filter(|link| !leads(context, &ids, link)) {
        found(line_of(link), format!("the link to `{link}` leads nowhere"));
    }
    let is_picture = |include: &Include| include.path.extension().is_some_and(|extension| extension == "svg");
    let pictures: Vec<Include> = page.includes().filter(is_picture).collect();
    let svg = "svg[role=img][aria-labelledby]:has(> title:not(:empty)):has(> desc:not(:empty))";
    let shown = select(root, &format!("main figure > {svg}:has(+ figcaption:not(:empty))")).count();
    let (line, count) = (pictures.first().map_or(1, |picture| picture.line), pictures.len());
    if count != shown {
        found(line, format!("of {count} pictures, {shown} say what they show in <title>, <desc> and <figcaption>"));
    }
    for removal in page.removals.iter().filter(|removal| !text.contains(&removal.sentence().replace('`', ""))) {
        found(removal.line, "the built page does not say what is removed here".to_owned());
    }
    let lock = fs::read_to_string(context.book.root.join("listings/Cargo.lock")).unwrap_or_default();
    for end in context.walk()?.ends.iter().filter(|end| end.page == page.path) {
        let place = format!("section.end[aria-label=\"{}, complete\"] details.whole > pre > code", end.listing);
        let shown = select(root, &place).map(|code| code.text().collect::<String>().trim_end().to_owned());
        if !shown.eq(end.whole.values().map(|lines| to_text(lines).trim_end().to_owned())) {
            found(end.line, format!("the built page does not show the whole files of `{}`, once", end.listing));
        }
        let name = end.listing.rsplit('/').next().unwrap_or_default();
        let links = select(root, &format!("a[download=\"{name}.zip\"]"));
        let expected = archive::texts(name, &end.files, &lock);
        let has = |link: ElementRef<'_>| archive::open(link.attr("href")?).ok();
        if end.has_download() && !links.map(has).eq([Some(expected)]) {
            found(end.line, format!("the built page has no download that is `{}`", end.listing));
        }
    }
    findings.extend(blocks(context, page, root)?);
    Ok(findings)
}

/// Finds blocks that are not as they should be.
fn blocks(context: &Context, page: &Page, root: ElementRef<'_>) -> Result<Vec<Finding>> {
    let expanded = &context.built()?.blocks[&page.path];
    let shown: Vec<_> = select(root, "main pre code:not(section.end code)").collect();
    if shown.len() != page.blocks.len() || expanded.len() != page.blocks.len() {
        let message = format!("the page has {} code blocks, and its HTML {}", page.blocks.len(), shown.len());
        let help = "a block is nested in something, or an include brought fences along";
        return Ok(vec![Finding::new(&page.path, 1, message, help)]);
    }
    let mut findings = Vec::new();
    for ((block, expanded), code) in page.blocks.iter().zip(expanded).zip(shown) {
        let figure = context.walk()?.figures.get(&(page.path.clone(), block.line));
        let (Some(figure), Some(include)) = (figure, block.include(&page.path)) else { continue };
        let visible = figure.lines.iter().filter(|line| line.visible).map(|line| line.text.trim_end());
        let visible = visible.collect::<Vec<_>>().join("\n");
        // In Rust, mdBook hides the lines that begin with `# `.
        let is_hidden = |line: &str| block.language() == "rust" && (line == "#" || line.starts_with("# "));
        let expanded = expanded.text.lines().filter(|line| !is_anchor(line)).map(str::trim_end);
        let expanded = expanded.filter(|line| !is_hidden(line)).collect::<Vec<_>>().join("\n");
        // What is the book's own at the begin and end of a file is not shown; of a broken one, mdBook knows only some
        // items.
        let listing = figure.listing.as_ref().and_then(|name| context.book.listings.get(name));
        let is_broken = listing.is_some_and(|listing| listing.kind == Kind::Broken) && !figure.is_session();
        let is_the_same = match include.anchor {
            Some(_) => expanded.trim_end() == visible.trim_end(),
            None => is_broken || expanded.contains(visible.trim_end()),
        };
        let mut found = |message: &str, help| findings.push(Finding::new(&page.path, block.line, message, help));
        if !is_the_same {
            found("the lines of this block are not those that mdBook includes", expanded);
        }
        let (model, built) = (model(figure), built(code));
        if model != built {
            let diff = similar::TextDiff::from_lines(&model, &built).unified_diff().context_radius(1).to_string();
            found("the lines of this block are not those of the listing", diff);
        }
        words(block, figure, code).into_iter().for_each(|problem| found(&problem, String::new()));
    }
    Ok(findings)
}

/// The lines of a block as its HTML should have them: the name and class of each, and its text.
fn model(figure: &Figure) -> String {
    let lines = figure.lines.iter().map(|line| {
        let hidden = if line.visible { "" } else { " boring" };
        let gone: String = line.gone.iter().map(|gone| format!("del gone{hidden}: {}\n", gone.trim_end())).collect();
        let (name, gap) = (if line.new { "ins" } else { "span" }, if line.gap { " gap" } else { "" });
        format!("{gone}{name} line{gap}{hidden}: {}\n", line.text.trim_end())
    });
    lines.collect()
}

/// The lines of a block as its HTML has them.
fn built(code: ElementRef<'_>) -> String {
    let lines = code.children().map(|node| {
        let Some(line) = ElementRef::wrap(node) else { return format!("{:?}\n", node.value()) };
        let text = line.attr("data-gone").map_or_else(|| line.text().collect(), str::to_owned);
        format!("{} {}: {}\n", line.value().name(), line.attr("class").unwrap_or_default(), text.trim_end())
    });
    lines.collect()
}

/// What is wrong with a caption that does not say what the model and the author say.
fn words(block: &Block, figure: &Figure, code: ElementRef<'_>) -> Option<String> {
    let frame = code.ancestors().filter_map(ElementRef::wrap).find(|element| element.value().name() == "figure");
    let Some(caption) = frame.and_then(|frame| select(frame, "figcaption").next()) else {
        return Some("this block has become no figure".to_owned());
    };
    let is_code = figure.listing.is_some() && !figure.is_session();
    let parts = [
        select(caption, "a.number").next().map(|number| number.text().collect()),
        is_code.then(|| slashes(&figure.file)),
        figure.edit.clone(),
        block.caption.as_ref().and_then(|caption| caption.label.clone()),
        block.caption.as_ref().map(|caption| caption.text.clone()),
    ];
    let expected = parts.into_iter().flatten().collect::<Vec<_>>().join(" ").replace('`', "");
    let shown = caption.text().collect::<String>();
    let is_other = shown.split_whitespace().ne(expected.split_whitespace());
    is_other.then(|| format!("above this block stands \"{}\", and not \"{expected}\"", shown.trim()))
}

/// Whether a link of the page with these `ids` leads to one of them, or to a file of the book, and there to an id, or out
/// of the book.
fn leads(context: &Context, ids: &BTreeSet<&str>, link: &str) -> bool {
    let (address, id) = link.split_once('#').unwrap_or((link, ""));
    let Ok(built) = context.built() else { return false };
    let other = context.book.pages.iter().find(|page| page::address(&page.path) == address);
    match other.map(|page| &built.html[&page.path]) {
        _ if address.is_empty() => ids.contains(id),
        Some(html) => id.is_empty() || html.contains(&format!("id=\"{id}\"")),
        None => link.contains(':') || built.folder.path().join(address).is_file(),
    }
}

/// The text of an element that is in none of its elements.
fn own_text<'a>(element: ElementRef<'a>) -> impl Iterator<Item = &'a str> {
    element.children().filter_map(|child| Some(&**child.value().as_text()?))
}

fn select<'a>(element: ElementRef<'a>, selectors: &str) -> std::vec::IntoIter<ElementRef<'a>> {
    element.select(&selector(selectors)).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests;
