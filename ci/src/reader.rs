//! Whoever follows the book: the project they have at each step, and what they do with each listing.

pub mod edit;
pub mod project;
pub mod replay;
pub mod walk;
