//! Stands for a library that is named and not used: see `[patch]` in `ci/Cargo.toml`.
