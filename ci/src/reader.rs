//! The reader of the book: the project they have at each point, and what they do with each listing.

pub mod edit;
pub mod files;
pub mod items;
pub mod overlay;
pub mod walk;
