//! What somebody meets who reads the book by its headings, or has it read aloud: headings in order, ids that name one
//! thing, and a name for every picture, link, table and figure.

use std::collections::BTreeSet;

use anyhow::Result;
use scraper::{ElementRef, Html};

use crate::book::{Book, Page};
use crate::finding::Finding;
use crate::html::built::selector;

/// Finds pages of the built book of which a part cannot be reached or is passed over in silence.
pub fn check(book: &Book) -> Result<Vec<Finding>> {
    let built = book.built()?;
    Ok(book
        .pages
        .iter()
        .flat_map(|page| look(page, built.html(page)))
        .collect())
}

/// Finds what is wrong with one page.
fn look(page: &Page, html: &str) -> Vec<Finding> {
    let html = Html::parse_document(&without_code(html));
    let mut findings = Vec::new();
    let mut find = |near: &str, message: String, help: &str| {
        findings.push(Finding::new(&page.path, line_of(page, near), message, help));
    };
    if html.root_element().attr("lang").is_none_or(str::is_empty) {
        find(
            "",
            "the page does not say which language it is in".to_owned(),
            "set `language` in book.toml",
        );
    }

    let mut level = 0;
    for heading in html.select(&selector("main :is(h1, h2, h3, h4, h5, h6)")) {
        let (text, name) = (text(heading), heading.value().name());
        let this: usize = name[1..].parse().unwrap_or(1);
        if this > level + 1 {
            let message = match level {
                0 => format!("the first heading, `{text}`, is an {name}"),
                level => format!("`{text}` is an {name} below an h{level}"),
            };
            find(
                &text,
                message,
                "take the next level: headings are how some readers find their way",
            );
        } else if this == 1 && level > 0 {
            find(&text, format!("`{text}` is a second h1"), "a page has one title");
        }
        level = this;
    }

    let mut ids = BTreeSet::new();
    for element in html.select(&selector("[id]")) {
        let id = element.attr("id").unwrap_or_default();
        if !ids.insert(id) {
            find(
                id,
                format!("the id `{id}` is there twice"),
                "a link to it leads to the first; name one of them otherwise",
            );
        }
    }

    for image in html.select(&selector("main img")) {
        if image.attr("alt").is_none_or(|alt| alt.trim().is_empty()) {
            let source = image.attr("src").unwrap_or_default();
            find(
                source,
                format!("the picture {source} has no text for whoever does not see it"),
                "write ![text](…)",
            );
        }
    }
    // The icons that mdBook puts beside a text say nothing that it does not.
    for picture in html.select(&selector("main svg:not(.fa-svg svg, .blockquote-tag-title svg)")) {
        let labelled = picture.attr("aria-labelledby").unwrap_or_default();
        let named = labelled.split_whitespace().any(|id| {
            picture
                .descendants()
                .filter_map(ElementRef::wrap)
                .any(|part| part.attr("id") == Some(id) && !text(part).is_empty())
        });
        let named = named || picture.attr("aria-label").is_some_and(|label| !label.is_empty());
        if picture.attr("aria-hidden") != Some("true") && !(named && picture.attr("role") == Some("img")) {
            let message = "a picture has no name for whoever does not see it".to_owned();
            find(
                "",
                message,
                "give the svg role=\"img\" and aria-label or aria-labelledby",
            );
        }
    }
    for (elements, what, help) in [
        ("main a[href]", "a link", "write what it leads to"),
        ("main summary", "a fold", "write what is in it"),
        ("main figcaption", "a figure", "write what it shows"),
        ("main thead tr", "a table", "write what is in the columns"),
    ] {
        for element in html
            .select(&selector(elements))
            .filter(|element| text(*element).is_empty())
        {
            if element.attr("aria-label").is_none_or(str::is_empty)
                && element.select(&selector("img[alt]")).next().is_none()
            {
                let near = element.attr("href").unwrap_or_default();
                find(near, format!("{what} has no name"), help);
            }
        }
    }
    for (elements, inner, message) in [
        ("main table", "th", "a table has no heads of columns"),
        ("main figure", "figcaption", "a figure has no caption"),
        ("main details", "summary", "a fold has no summary"),
    ] {
        for element in html.select(&selector(elements)) {
            if element.select(&selector(inner)).next().is_none() {
                find(
                    "",
                    message.to_owned(),
                    "without it, nobody who does not see the page knows what this is",
                );
            }
        }
    }
    findings
}

/// The page with nothing in its blocks of code. They are most of it, there is nothing in them to name, and it is the
/// reading of the HTML that takes its time.
fn without_code(html: &str) -> String {
    let mut rest = html.split("<pre>");
    let mut kept = rest.next().unwrap_or_default().to_owned();
    for block in rest {
        kept += "<pre>";
        kept += block.find("</pre>").map_or(block, |end| &block[end..]);
    }
    kept
}

/// The first line of a page that has this text in it, whatever its type, or else its first.
fn line_of(page: &Page, text: &str) -> usize {
    let plain = |line: &str| line.replace(['`', '*', '_'], "");
    let text = plain(text);
    let found = page
        .text
        .lines()
        .position(|line| !text.is_empty() && plain(line).contains(&text));
    found.map_or(1, |index| index + 1)
}

/// The text in an element.
fn text(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Page\n\n## A `part`\n\n[](other.md)\n![](img/a.svg)\n";

    /// What is found in this `main` of a page.
    fn found(main: &str) -> Vec<String> {
        let page = Page::new("src/page.md".into(), PAGE.into());
        let html = format!("<html lang=\"en\"><h1>The book</h1><main>{main}</main></html>");
        look(&page, &html)
            .iter()
            .map(|finding| format!("{}: {}", finding.line, finding.message))
            .collect()
    }

    #[test]
    fn a_page_that_is_in_order_is_no_finding() {
        let main = "<h1 id=\"page\"><a href=\"#page\">Page</a></h1><h2>A <code>part</code></h2><h3>In it</h3><h2>Next</h2>\
            <table><thead><tr><th></th><th>One</th></tr></thead></table>\
            <figure><svg role=\"img\" aria-labelledby=\"t d\"><title id=\"t\">Name</title><desc id=\"d\"></desc></svg>\
            <figcaption>Name</figcaption></figure><svg aria-hidden=\"true\"></svg><p class=\"blockquote-tag-title\"><svg></svg>Note</p>\
            <a href=\"a\"><img alt=\"Name\" src=\"a\"></a><details><summary>Fold</summary></details>";
        assert_eq!(found(main), [""; 0]);
    }

    #[test]
    fn headings_out_of_order_are_found() {
        assert_eq!(found("<h2>Page</h2>"), ["1: the first heading, `Page`, is an h2"]);
        assert_eq!(
            found("<h1>Page</h1><h3>A <code>part</code></h3>"),
            ["3: `A part` is an h3 below an h1"]
        );
        assert_eq!(found("<h1>Page</h1><h1>A part</h1>"), ["3: `A part` is a second h1"]);
    }

    #[test]
    fn an_id_that_is_there_twice_is_found() {
        assert_eq!(
            found("<h1 id=\"a\">Page</h1><p id=\"a\"></p>"),
            ["1: the id `a` is there twice"]
        );
    }

    #[test]
    fn what_has_no_name_is_found() {
        for (main, expected) in [
            (
                "<img src=\"img/a.svg\">",
                "6: the picture img/a.svg has no text for whoever does not see it",
            ),
            (
                "<img src=\"img/a.svg\" alt=\" \">",
                "6: the picture img/a.svg has no text for whoever does not see it",
            ),
            ("<svg></svg>", "1: a picture has no name for whoever does not see it"),
            (
                "<svg role=\"img\" aria-labelledby=\"t\"><title id=\"t\"></title></svg>",
                "1: a picture has no name for whoever does not see it",
            ),
            ("<a href=\"other.html\"> </a>", "1: a link has no name"),
            (
                "<table><tbody><tr><td>1</td></tr></tbody></table>",
                "1: a table has no heads of columns",
            ),
            (
                "<table><thead><tr><th> </th></tr></thead></table>",
                "1: a table has no name",
            ),
            ("<figure><p>1</p></figure>", "1: a figure has no caption"),
            ("<details><p>1</p></details>", "1: a fold has no summary"),
            ("<details><summary></summary></details>", "1: a fold has no name"),
        ] {
            assert_eq!(found(&format!("<h1>Page</h1>{main}")), [expected]);
        }
    }

    #[test]
    fn a_page_without_a_language_is_found() {
        let page = Page::new("src/page.md".into(), PAGE.into());
        assert_eq!(
            look(&page, "<html><main></main></html>")[0].message,
            "the page does not say which language it is in"
        );
    }
}
