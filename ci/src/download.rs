//! Each step as a project to download: a zip archive in a link, so that it is never older than the page.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read, Write};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use toml_edit::{ArrayOfTables, DocumentMut, Table};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::figure::slashes;
use crate::project::{Files, PACKAGE};
use crate::walk::text;

/// What a link begins with.
const LINK: &str = "data:application/zip;base64,";

/// A `data:` link to an archive with the project that `files` are, and with the versions of `lock`, the lock file of
/// the listings.
pub fn link(files: &Files, lock: &str) -> Result<String> {
    let archive = archive(files, lock)?;
    Ok(format!("{LINK}{}", STANDARD.encode(archive)))
}

/// What is in the archive of a link: the path of each file, with slashes, and its text.
///
/// Refuses a link that is none of ours, and an archive that is damaged.
pub fn open(link: &str) -> Result<BTreeMap<String, String>> {
    let archive = link.strip_prefix(LINK).context("this is no link to an archive")?;
    let mut archive = ZipArchive::new(Cursor::new(STANDARD.decode(archive)?))?;
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index)?;
        let name = file.name()?.into_owned();
        let mut text = String::new();
        file.read_to_string(&mut text)
            .with_context(|| format!("reading {name}"))?;
        files.insert(name, text);
    }
    Ok(files)
}

/// The archive: a folder `web-server`, with a lock file of its own. The same files give the same bytes.
pub fn archive(files: &Files, lock: &str) -> Result<Vec<u8>> {
    let manifest = files
        .get(std::path::Path::new("Cargo.toml"))
        .context("a project without Cargo.toml")?;
    let lock = lock_file(&text(manifest), lock)?;
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    for (file, text) in files
        .iter()
        .map(|(file, lines)| (slashes(file), text(lines)))
        .chain([("Cargo.lock".to_owned(), lock)])
    {
        zip.start_file(format!("{PACKAGE}/{file}"), options)?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

/// The part of `lock` that a project with this manifest needs, as cargo would write it.
fn lock_file(manifest: &str, lock: &str) -> Result<String> {
    let manifest: DocumentMut = manifest.parse()?;
    let mut lock: DocumentMut = lock.parse().context("the lock file of the listings is none")?;
    let packages = lock
        .remove("package")
        .and_then(|item| item.into_array_of_tables().ok())
        .unwrap_or_default();
    let field = |table: &Table, key: &str| {
        table
            .get(key)
            .and_then(|item| item.as_str())
            .unwrap_or_default()
            .to_owned()
    };
    let mut by_name: BTreeMap<String, Vec<&Table>> = BTreeMap::new();
    for table in &packages {
        by_name.entry(field(table, "name")).or_default().push(table);
    }

    let mut wanted: Vec<String> = manifest
        .get("dependencies")
        .and_then(|item| item.as_table_like())
        .into_iter()
        .flat_map(|table| table.iter().map(|(name, _)| name.to_owned()))
        .collect();
    let mut root = Table::new();
    root["name"] = toml_edit::value(PACKAGE);
    root["version"] = toml_edit::value(manifest["package"]["version"].as_str().unwrap_or("0.1.0"));
    if !wanted.is_empty() {
        let mut names: Vec<&String> = wanted.iter().collect();
        names.sort();
        root["dependencies"] = toml_edit::value(list(names.into_iter().map(String::as_str)));
    }

    let mut needed = BTreeSet::new();
    while let Some(name) = wanted.pop() {
        // Where there is more than one version, a dependency is `name version`.
        let (name, version) = name
            .split_once(' ')
            .map_or((name.as_str(), None), |(name, version)| (name, Some(version)));
        for table in by_name.get(name).into_iter().flatten() {
            let its_version = field(table, "version");
            if version.is_none_or(|version| version == its_version) && needed.insert((name.to_owned(), its_version)) {
                let dependencies = table.get("dependencies").and_then(|item| item.as_array());
                wanted.extend(
                    dependencies
                        .into_iter()
                        .flatten()
                        .filter_map(|value| value.as_str().map(str::to_owned)),
                );
            }
        }
    }
    let mut kept: Vec<Table> = packages
        .iter()
        .filter(|table| needed.contains(&(field(table, "name"), field(table, "version"))))
        .cloned()
        .collect();
    kept.push(root);
    kept.sort_by_key(|table| (field(table, "name"), field(table, "version")));
    // Two versions in the workspace may be one here.
    let unique: BTreeSet<String> = kept
        .iter()
        .map(|table| field(table, "name"))
        .filter(|name| kept.iter().filter(|table| field(table, "name") == *name).count() == 1)
        .collect();
    let mut tables = ArrayOfTables::new();
    for mut table in kept {
        table.set_position(None);
        if let Some(dependencies) = table.get("dependencies").and_then(|item| item.as_array()) {
            let names: Vec<&str> = dependencies
                .iter()
                .filter_map(|value| value.as_str())
                .map(|name| match name.split_once(' ') {
                    Some((name, _)) if unique.contains(name) => name,
                    _ => name,
                })
                .collect();
            let dependencies = list(names.into_iter());
            table["dependencies"] = toml_edit::value(dependencies);
        }
        tables.push(table);
    }
    lock.insert("package", toml_edit::Item::ArrayOfTables(tables));
    Ok(lock.to_string())
}

/// A list with an entry on each line, as cargo writes it.
fn list<'a>(names: impl Iterator<Item = &'a str>) -> toml_edit::Array {
    let mut array: toml_edit::Array = names.collect();
    for value in array.iter_mut() {
        value.decor_mut().set_prefix("\n ");
    }
    array.set_trailing("\n");
    array.set_trailing_comma(true);
    array
}
