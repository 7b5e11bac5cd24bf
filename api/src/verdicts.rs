//! Waiting for what the workers make of a command.

pub(crate) use app::completion::{Completion as Verdict, Completions as Verdicts};
