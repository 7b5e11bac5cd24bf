//! Notifications out, with real processes: none is forgotten, none is in another's way, and others' code can read them.

mod books;
mod crowd;
mod receivers;
mod what_rest_gives;
