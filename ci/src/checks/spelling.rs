//! Finds misspelt words in the pages, in the code and the comments of the listings, and in the documents beside them,
//! by the dictionary of misspellings of the program `typos`. Write the word that the help names.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Result;
use book::finding::Finding;
use book::manuscript::Book;
use book::manuscript::page::line_of;
use typos::tokens::{Identifier, Tokenizer, Word};
use typos::{Dictionary, Status};

use crate::cache::Cache;

pub fn check(book: &Book) -> Result<Vec<Finding>> {
    let cache = Cache::open(&book.root, "spelling", &())?;
    let documents = ["CONTRIBUTING.md", "README.md", "src/SUMMARY.md"].map(Path::new);
    let documents = documents.map(|path| (path, fs::read_to_string(book.root.join(path)).unwrap_or_default()));
    let pages = book.pages.iter().map(|page| (&*page.text, &*page.path));
    let sources = book.sources.iter().map(|(path, source)| (&*source.text, &**path));
    // Lock files and pictures have words of their own.
    let sources = sources.filter(|(_, path)| !path.extension().is_some_and(|end| end == "lock" || end == "svg"));
    // By the text: many listings have a file in common, and one finding for it is enough.
    let texts: BTreeMap<&str, &Path> =
        sources.chain(pages).chain(documents.iter().map(|(path, text)| (&**text, *path))).collect();
    let findings = texts.iter().map(|(text, path)| cache.check(text, || Ok(misspelt(text, path))));
    Ok(findings.collect::<Result<Vec<_>>>()?.concat())
}

fn misspelt(text: &str, path: &Path) -> Vec<Finding> {
    let tokenizer = Tokenizer::new();
    let typos = typos::check_str(text, &tokenizer, &English).filter_map(|typo| {
        let Status::Corrections(words) = &typo.corrections else { return None };
        let (line, message) = (line_of(text, typo.byte_offset), format!("`{}` is misspelt", typo.typo));
        Some(Finding::new(path, line, message, format!("write {}", words.join(" or "))))
    });
    typos.collect()
}

struct English;

impl Dictionary for English {
    fn correct_ident<'s>(&'s self, _: Identifier<'_>) -> Option<Status<'s>> {
        None
    }

    fn correct_word<'s>(&'s self, word: Word<'_>) -> Option<Status<'s>> {
        let corrections = typos_dict::WORD.find(&word.token().into())?;
        Some(Status::Corrections(corrections.iter().map(|word| (*word).into()).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use book::testing::{headlines, small_book};

    #[test]
    fn misspelt_words_are_found_once_in_pages_listings_and_documents() {
        let code = "// The adress.\nfn main() {}\n";
        let (_folder, book) = small_book(&[
            ("src/page.md", "# Page\n\nIt recieves.\n"),
            ("listings/01-a/src/main.rs", code),
            ("listings/02-b/src/main.rs", code),
            ("README.md", "# Teh book\n"),
        ]);
        let mut findings = check(&book).unwrap();
        findings.sort();
        assert_eq!(
            headlines(&findings),
            [
                "README.md:1: `Teh` is misspelt",
                "listings/02-b/src/main.rs:1: `adress` is misspelt",
                "src/page.md:3: `recieves` is misspelt"
            ]
        );
        assert!(findings.iter().any(|finding| finding.help == "write address"));
    }
}
