//! The pages as a browser gets them: what the preprocessor makes of them, the book built, read back, and looked at.

pub mod browser;
pub mod built;
pub mod download;
pub mod figure;
pub mod preprocess;
pub mod reading;
