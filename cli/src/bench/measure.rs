//! One kind of measurement a file.

pub(crate) mod accept;
pub(crate) mod backlog;
pub(crate) mod bare;
pub(crate) mod consoles;
pub(crate) mod hot;
pub(crate) mod look_up;
pub(crate) mod notified;
pub(crate) mod settle;
pub(crate) mod steady;
