//! Each step as a project to download: a zip archive in a link, so that it is never older than the page.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read, Write};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use semver::{Version, VersionReq};
use toml_edit::{ArrayOfTables, DocumentMut, Table};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::book::slashes;
use crate::reader::project::{Files, PACKAGE};
use crate::reader::walk::text;

/// What a link begins with.
const LINK: &str = "data:application/zip;base64,";

/// A `data:` link to an archive with the project that `files` are, in `folder`, and with the versions of `lock`, the lock
/// file of the listings.
pub fn link(folder: &str, files: &Files, lock: &str) -> Result<String> {
    let archive = archive(folder, files, lock)?;
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

/// The archive: `folder`, so that no step is unpacked over another, with a lock file of its own. The same files give the same bytes.
pub fn archive(folder: &str, files: &Files, lock: &str) -> Result<Vec<u8>> {
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
        zip.start_file(format!("{folder}/{file}"), options)?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

/// The part of `lock` that a project with this manifest needs, as cargo would write it.
///
/// A package keeps all dependencies that `lock` gives it, though they may be there for a feature that only another
/// project asks for. Cargo would say so: the check `builds` builds with `--locked`.
fn lock_file(manifest: &str, lock: &str) -> Result<String> {
    let manifest: DocumentMut = manifest.parse()?;
    let mut lock: DocumentMut = lock.parse().context("the lock file of the listings is none")?;
    let packages = lock
        .remove("package")
        .and_then(|item| item.into_array_of_tables().ok())
        .unwrap_or_default();

    let direct = direct_dependencies(&manifest, &packages);
    let mut needed = BTreeSet::new();
    let mut wanted = direct.clone();
    while let Some(id) = wanted.pop() {
        if let Some(table) = packages.iter().find(|table| Id::of(table) == id)
            && needed.insert(id)
        {
            wanted.extend(dependencies(table).filter_map(|text| Id::find(&text, &packages)));
        }
    }

    let name = |id: &Id| {
        let versions = needed.iter().filter(|other| other.name == id.name).count();
        match versions {
            1 => id.name.clone(),
            _ => format!("{} {}", id.name, id.version),
        }
    };
    let mut kept: Vec<Table> = Vec::new();
    for table in packages.iter().filter(|table| needed.contains(&Id::of(table))) {
        let mut table = table.clone();
        // Of two versions in the listings there may be one here, and then it goes by its name alone.
        let ids = dependencies(&table).filter_map(|text| Id::find(&text, &packages));
        let names: Vec<String> = ids.map(|id| name(&id)).collect();
        if !names.is_empty() {
            table["dependencies"] = toml_edit::value(list(&names));
        }
        kept.push(table);
    }
    let mut root = Table::new();
    root["name"] = toml_edit::value(PACKAGE);
    let version = manifest.get("package").and_then(|package| package.get("version"));
    root["version"] = toml_edit::value(version.and_then(|version| version.as_str()).unwrap_or("0.0.0"));
    let mut names: Vec<String> = direct.iter().map(name).collect();
    names.sort();
    names.dedup();
    if !names.is_empty() {
        root["dependencies"] = toml_edit::value(list(&names));
    }
    kept.push(root);
    kept.sort_by_key(Id::of);

    let mut tables = ArrayOfTables::new();
    for mut table in kept {
        table.set_position(None);
        tables.push(table);
    }
    lock.insert("package", toml_edit::Item::ArrayOfTables(tables));
    Ok(lock.to_string())
}

/// What tells one package of a lock file from another. (All of ours are from one registry.)
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Id {
    name: String,
    version: String,
}

impl Id {
    fn of(table: &Table) -> Self {
        let field = |key| {
            table
                .get(key)
                .and_then(|item| item.as_str())
                .unwrap_or_default()
                .to_owned()
        };
        Self {
            name: field("name"),
            version: field("version"),
        }
    }

    /// The package that a dependency is on: `name`, or `name version` where there is more than one version.
    fn find(dependency: &str, packages: &ArrayOfTables) -> Option<Self> {
        let mut words = dependency.split(' ');
        let (name, version) = (words.next()?, words.next());
        let mut ids = packages.iter().map(Self::of);
        ids.find(|id| id.name == name && version.is_none_or(|version| version == id.version))
    }
}

/// The dependencies of a package of a lock file, as they stand there.
fn dependencies(table: &Table) -> impl Iterator<Item = String> {
    let dependencies = table.get("dependencies").and_then(|item| item.as_array());
    let texts = dependencies.into_iter().flatten().filter_map(|value| value.as_str());
    texts.map(str::to_owned).collect::<Vec<_>>().into_iter()
}

/// The packages that the manifest itself asks for: of each, the newest version that will do.
fn direct_dependencies(manifest: &DocumentMut, packages: &ArrayOfTables) -> Vec<Id> {
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
    let items = tables
        .iter()
        .filter_map(|table| manifest.get(table)?.as_table_like())
        .flat_map(|table| table.iter());
    items
        .filter_map(|(key, item)| {
            let field = |name| item.get(name).and_then(|item| item.as_str());
            let name = field("package").unwrap_or(key);
            let wanted = VersionReq::parse(item.as_str().or(field("version")).unwrap_or("*")).ok()?;
            let named = packages.iter().map(Id::of).filter(|id| id.name == name);
            let matching = named.filter_map(|id| Some((Version::parse(&id.version).ok()?, id)));
            let newest = matching.filter(|(version, _)| wanted.matches(version)).max();
            newest.map(|(_, id)| id)
        })
        .collect()
}

/// A list with an entry on each line, as cargo writes it.
fn list(names: &[String]) -> toml_edit::Array {
    let mut array: toml_edit::Array = names.iter().collect();
    for value in array.iter_mut() {
        value.decor_mut().set_prefix("\n ");
    }
    array.set_trailing("\n");
    array.set_trailing_comma(true);
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A lock file with these packages: name, version, dependencies.
    fn lock(packages: &[(&str, &str, &[&str])]) -> String {
        let mut lock = "# Comment.\nversion = 4\n".to_owned();
        for (name, version, dependencies) in packages {
            lock += &format!("\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
            if !dependencies.is_empty() {
                let lines: String = dependencies.iter().map(|name| format!(" \"{name}\",\n")).collect();
                lock += &format!("dependencies = [\n{lines}]\n");
            }
        }
        lock
    }

    fn pruned(dependencies: &str, packages: &[(&str, &str, &[&str])]) -> String {
        let manifest = format!("[package]\nname = \"web-server\"\nversion = \"0.1.0\"\n\n{dependencies}");
        lock_file(&manifest, &lock(packages)).unwrap()
    }

    #[test]
    fn what_only_others_need_is_left_out() {
        let listings: &[(&str, &str, &[&str])] = &[
            ("a", "1.0.0", &["c"]),
            ("b", "1.0.0", &["c"]),
            ("block-on", "0.1.0", &["a", "b"]),
            ("c", "1.0.0", &[]),
            ("z", "1.0.0", &[]),
        ];
        assert_eq!(
            pruned("[dependencies]\nz = \"1\"\na = \"1\"\n", listings),
            lock(&[
                ("a", "1.0.0", &["c"]),
                ("c", "1.0.0", &[]),
                ("web-server", "0.1.0", &["a", "z"]),
                ("z", "1.0.0", &[]),
            ])
        );
        assert_eq!(
            pruned("[dependencies]\n", listings),
            lock(&[("web-server", "0.1.0", &[])])
        );
    }

    #[test]
    fn of_two_versions_each_gets_its_own() {
        let listings: &[(&str, &str, &[&str])] = &[
            ("a", "1.0.0", &["x 1.0.0"]),
            ("b", "1.0.0", &["x 2.0.0"]),
            ("x", "1.0.0", &[]),
            ("x", "2.0.0", &[]),
        ];
        // Both are needed here.
        assert_eq!(
            pruned("[dependencies]\na = \"1\"\nb = \"1\"\n", listings),
            lock(&[
                listings[0],
                listings[1],
                ("web-server", "0.1.0", &["a", "b"]),
                listings[2],
                listings[3]
            ])
        );
        // One is, and goes by its name alone.
        assert_eq!(
            pruned("[dependencies]\nb = \"1\"\n", listings),
            lock(&[
                ("b", "1.0.0", &["x"]),
                ("web-server", "0.1.0", &["b"]),
                ("x", "2.0.0", &[])
            ])
        );
        // The project itself asks for the older, and gets the newer through another.
        assert_eq!(
            pruned("[dependencies]\nb = \"1\"\nx = \"1.0\"\n", listings),
            lock(&[
                listings[1],
                ("web-server", "0.1.0", &["b", "x 1.0.0"]),
                listings[2],
                listings[3]
            ])
        );
    }

    #[test]
    fn every_way_to_depend_on_a_package_counts() {
        let listings: &[(&str, &str, &[&str])] = &[("a", "1.2.0", &[]), ("b", "0.3.1", &[]), ("c", "1.0.0", &[])];
        let manifest =
            "[dependencies]\nother = { package = \"a\", version = \"1.1\" }\n\n[dev-dependencies]\nb = \"0.3\"\n";
        assert_eq!(
            pruned(manifest, listings),
            lock(&[listings[0], listings[1], ("web-server", "0.1.0", &["a", "b"])])
        );
    }

    #[test]
    fn what_is_packed_comes_out_again() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let files = Files::from([
            ("Cargo.toml".into(), lines("[package]\nname = \"web-server\"")),
            ("src/main.rs".into(), lines("fn main() {\n\n}")),
        ]);
        let link = link("01-a", &files, &lock(&[])).unwrap();
        let archive = open(&link).unwrap();
        let paths: Vec<&str> = archive.keys().map(String::as_str).collect();
        assert_eq!(paths, ["01-a/Cargo.lock", "01-a/Cargo.toml", "01-a/src/main.rs"]);
        assert_eq!(archive["01-a/src/main.rs"], "fn main() {\n\n}\n");
        // The same files give the same bytes, whenever the book is built.
        assert_eq!(super::link("01-a", &files, &lock(&[])).unwrap(), link);
        assert!(open(&link[..link.len() - 40]).is_err());
        assert!(open("https://example.com/").is_err());
    }
}
