//! The programs that the checks run: cargo, the listings as readers have them, and what stands in the transcripts.

pub mod cargo;
pub mod libtest;
pub mod process;
pub mod transcript;
pub mod workshop;
