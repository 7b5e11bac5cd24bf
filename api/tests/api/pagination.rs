//! Every list, by offset and by cursor, with each of its filters.

#[path = "pagination/bounds.rs"]
mod bounds;
#[path = "pagination/cursors.rs"]
mod cursors;
#[path = "pagination/lists.rs"]
mod lists;
#[path = "pagination/long.rs"]
mod long;
#[path = "pagination/pages.rs"]
mod pages;
#[path = "pagination/rows.rs"]
mod rows;
#[path = "pagination/walks.rs"]
mod walks;

pub(crate) use lists::{Filter, LISTS, List};
pub(crate) use rows::enter;
