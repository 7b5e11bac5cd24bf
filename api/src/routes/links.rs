//! `GET /r/{code}`: an affiliate's link.

mod follow;
mod visitor;

pub(crate) use follow::__path_follow;
pub(crate) use follow::follow;
