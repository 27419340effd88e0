//! What pages show of measurements: tables and plots of what `cargo book bench` has written into `listings/bench.json`,
//! timelines of servers, and the score.
//!
//! `cargo book bless` writes them, and `cargo book check` finds them if they say something else than the measurements.

use std::path::PathBuf;

use serde_json::Value;

use data::Contender;

mod data;
mod numbers;
mod plots;
pub mod score;
pub mod svg;
mod tables;
pub mod timeline;

/// The data, relative to the root of the book, as all paths here.
pub const DATA: &str = "listings/bench.json";

/// The file with all tables.
pub const TABLES: &str = "listings/bench.md";

/// The files of the report, which are its tables and its plots.
pub fn paths() -> Vec<PathBuf> {
    plots::NAMES.map(svg::path).into_iter().chain([PathBuf::from(TABLES)]).collect()
}

/// The files of the report with their texts, made of the text of the data. Refuses what is no JSON.
pub fn files(data: &str) -> Result<Vec<(PathBuf, String)>, serde_json::Error> {
    let data: Value = serde_json::from_str(data)?;
    let contenders: Vec<Contender> = data["contenders"].as_array().into_iter().flatten().map(Contender).collect();
    let mut files = plots::all(&contenders);
    files.push((TABLES.into(), tables::all(&data["machine"], &contenders)));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two contenders, one of which has given up.
    const SMALL: &str = r#"{
        "machine": { "cores": 2, "memory_kib": 4000000, "versions": { "smol": "2.0.2" } },
        "contenders": [
            { "name": "8 threads", "slow": [{ "requests": 1, "last_us": 5000000.0 },
                { "requests": 10, "answered": 7, "gave_up_us": 60000000.0 }] },
            { "name": "tasks", "slow": [{ "requests": 1, "last_us": 5000000.0 },
                { "requests": 10, "last_us": 5004000.0 }],
              "rate": { "kept": [{ "per_second": 161400.0 }, { "per_second": 98000.0 }, { "per_second": 120700.0 }] },
              "idle": [{ "levels": [{ "clients": 0, "next_us": 90.0, "memory_kib": 3000 },
                { "clients": 10000, "next_us": 95.0, "memory_kib": 13000, "threads": 2 }] }] }
        ]
    }"#;

    /// A file of these measurements. Its no-break spaces are plain ones here.
    fn text(path: &str) -> String {
        let files = files(SMALL).unwrap();
        let (_, text) = files.into_iter().find(|(file, _)| file.to_string_lossy() == path).unwrap();
        text.replace('\u{a0}', " ")
    }

    #[test]
    fn all_files_are_made_and_no_other() {
        let mut made: Vec<PathBuf> = files(SMALL).unwrap().into_iter().map(|(path, _)| path).collect();
        let mut named = paths();
        made.sort();
        named.sort();
        assert_eq!(made, named);
    }

    #[test]
    fn numbers_are_rounded_and_each_cell_can_be_included() {
        let tables = text(TABLES);
        for expected in [
            "\n| cores | 2 |\n",
            "\n| libraries | smol 2.0.2 |\n",
            "\n| 8 threads | 5.0 s | 7 in 60 s |  |  |  |\n",
            // The middle of the rounds, and how far the others are from it.
            "\n| tasks | 121 ± 41 |",
            // Ten thousand clients have made it 10,000 KiB larger.
            "\n| tasks |  | 13 MB | 1,000 B | 2 |  |\n",
            ": slow-8-threads-10 -->\n7 in 60 s\n<!-- ",
        ] {
            assert!(tables.contains(expected), "{expected}\n{tables}");
        }
    }

    #[test]
    fn a_plot_says_in_words_what_it_shows() {
        let plot = text("src/img/bench-slow.svg");
        assert!(plot.contains("8 threads: 1 requests in 5.0 s, but not 10 requests in 60 s."), "{plot}");
        assert!(plot.contains("tasks: 10 requests in 5.0 s."), "{plot}");
    }

    #[test]
    fn what_is_no_data_is_refused() {
        assert!(files("").is_err());
    }
}
