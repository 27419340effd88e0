//! Markdown hygiene and internal links, with their fragments: the rules of mdbook-lint.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use mdbook_lint_core::{Config, Document, LintEngine, PluginRegistry};
use mdbook_lint_rulesets::{MdBookRuleProvider, StandardRuleProvider};

use crate::book::Book;
use crate::finding::Finding;

/// Where the rules are switched on and off, relative to the root of the book.
const CONFIG: &str = "ci/mdbook-lint.toml";

/// Finds what mdbook-lint finds in the pages and in `SUMMARY.md`.
pub fn check(book: &Book) -> Result<Vec<Finding>> {
    let mut registry = PluginRegistry::new();
    registry.register_provider(Box::new(StandardRuleProvider))?;
    registry.register_provider(Box::new(MdBookRuleProvider))?;
    let config: Config = match fs::read_to_string(book.root.join(CONFIG)) {
        Ok(text) => toml::from_str(&text).with_context(|| format!("cannot read {CONFIG}"))?,
        Err(_) => Config::default(),
    };
    let engine = registry.create_engine_with_config(Some(&config))?;

    let summary = Path::new("src/SUMMARY.md");
    let mut findings = lint(
        book,
        &engine,
        &config,
        summary,
        &fs::read_to_string(book.root.join(summary))?,
    )?;
    for page in &book.pages {
        findings.extend(lint(book, &engine, &config, &page.path, &page.text)?);
    }
    Ok(findings)
}

fn lint(book: &Book, engine: &LintEngine, config: &Config, path: &Path, text: &str) -> Result<Vec<Finding>> {
    let document = Document::new(text.to_owned(), book.root.join(path))?;
    let violations = engine.lint_document_with_config(&document, config)?;
    Ok(violations
        .into_iter()
        .map(|v| {
            let help = match v.fix {
                Some(fix) => fix.description,
                None => format!("this is rule {} ({}) of mdbook-lint", v.rule_id, v.rule_name),
            };
            Finding::new(path, v.line, v.message, help)
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::small_book;

    fn found(page: &str) -> Vec<(usize, String)> {
        let (_folder, book) = small_book(&[("src/page.md", page)]);
        check(&book)
            .unwrap()
            .into_iter()
            .filter(|f| f.path == Path::new("src/page.md"))
            .map(|f| (f.line, f.message))
            .collect()
    }

    #[test]
    fn a_clean_page_is_clean() {
        assert_eq!(found("# Page\n\nSee [there](#page).\n"), []);
    }

    #[test]
    fn a_link_to_nowhere_is_found() {
        let found = found("# Page\n\nSee [there](nowhere.md).\n");
        assert!(
            found
                .iter()
                .any(|(line, message)| *line == 3 && message.contains("nowhere.md")),
            "{found:?}"
        );
    }

    #[test]
    fn a_fragment_that_is_not_there_is_found() {
        let found = found("# Page\n\nSee [there](#nowhere).\n");
        assert!(
            found
                .iter()
                .any(|(line, message)| *line == 3 && message.contains("nowhere")),
            "{found:?}"
        );
    }

    #[test]
    fn a_heading_that_skips_a_level_is_found() {
        let found = found("# Page\n\n### Deep\n");
        assert!(found.iter().any(|(line, _)| *line == 3), "{found:?}");
    }
}
