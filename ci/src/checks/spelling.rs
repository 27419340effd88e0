//! Spelling: the dictionary of typos, over the pages and the comments and names of the listings.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use anyhow::Result;
use typos::tokens::{Identifier, Tokenizer, Word};
use typos::{Dictionary, Status};

use crate::book::{Book, line_of};
use crate::finding::Finding;

/// Finds misspelt words in the pages, the listings and the top-level documents.
pub fn check(book: &Book) -> Result<Vec<Finding>> {
    let mut texts: BTreeMap<&Path, Cow<'_, str>> = BTreeMap::new();
    for page in &book.pages {
        texts.insert(&page.path, Cow::Borrowed(&page.text));
    }
    for (path, source) in &book.sources {
        if [Some(OsStr::new("rs")), Some(OsStr::new("html"))].contains(&path.extension()) {
            texts.insert(path, Cow::Borrowed(&source.text));
        }
    }
    for path in ["README.md", "CONTRIBUTING.md", "src/SUMMARY.md"] {
        if let Ok(text) = fs::read_to_string(book.root.join(path)) {
            texts.insert(Path::new(path), Cow::Owned(text));
        }
    }

    let tokenizer = Tokenizer::new();
    let mut findings = Vec::new();
    // Many listings share a file with another: one of the two is enough.
    let mut seen = BTreeSet::new();
    texts.retain(|_, text| seen.insert(text.clone()));
    for (path, text) in &texts {
        for typo in typos::check_str(text, &tokenizer, &English) {
            let help = match &typo.corrections {
                Status::Corrections(words) => format!("write {}", words.join(" or ")),
                _ => "write another word".to_owned(),
            };
            findings.push(Finding::new(
                *path,
                line_of(text, typo.byte_offset),
                format!("`{}` is misspelt", typo.typo),
                help,
            ));
        }
    }
    Ok(findings)
}

/// The dictionary of misspellings that the `typos` program brings along.
struct English;

impl Dictionary for English {
    fn correct_ident<'s>(&'s self, _: Identifier<'_>) -> Option<Status<'s>> {
        None
    }

    fn correct_word<'s>(&'s self, word: Word<'_>) -> Option<Status<'s>> {
        let corrections = typos_dict::WORD.find(&word.token().into())?;
        match corrections {
            [] => Some(Status::Invalid),
            words => Some(Status::Corrections(
                words.iter().map(|word| Cow::Borrowed(*word)).collect(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::small_book;

    #[test]
    fn a_misspelt_word_is_found_in_a_page_and_in_a_listing() {
        let (_folder, book) = small_book(&[
            ("src/page.md", "# Page\n\nIt recieves.\n"),
            ("listings/01-a/src/main.rs", "// The adress.\nfn main() {}\n"),
        ]);
        let found: Vec<String> = check(&book)
            .unwrap()
            .iter()
            .map(|f| f.to_string().replace("\n    ", " - "))
            .collect();
        assert_eq!(
            found,
            [
                "listings/01-a/src/main.rs:1: `adress` is misspelt - write address",
                "src/page.md:3: `recieves` is misspelt - write receives"
            ]
        );
    }
}
