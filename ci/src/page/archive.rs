//! Steps and starts of exercises as projects to download: a zip archive in a link, never older than the page.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::manuscript::slashes;
use crate::reader::files::{Files, to_text};

const LINK: &str = "data:application/zip;base64,";

/// The texts of an archive, by their paths in it.
pub type Texts = BTreeMap<String, String>;

/// What is in the archive of a project: `files` and the listings' lock file, in a `folder` of its own.
pub fn texts(folder: &str, files: &Files, lock: &str) -> Texts {
    let files = files.iter().map(|(file, lines)| (slashes(file), to_text(lines)));
    let files = files.chain([("Cargo.lock".to_owned(), lock.to_owned())]);
    files.map(|(file, text)| (format!("{folder}/{file}"), text)).collect()
}

/// A `data:` link to an archive. The same texts give the same bytes.
pub fn link(texts: &Texts) -> Result<String> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    for (file, text) in texts {
        zip.start_file(file.as_str(), options)?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(format!("{LINK}{}", STANDARD.encode(zip.finish()?.into_inner())))
}

pub fn open(link: &str) -> Result<Texts> {
    let archive = link.strip_prefix(LINK).context("this is no link to an archive")?;
    let mut archive = ZipArchive::new(Cursor::new(STANDARD.decode(archive)?))?;
    let mut texts = Texts::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index)?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        texts.insert(file.name().to_owned(), text);
    }
    Ok(texts)
}
