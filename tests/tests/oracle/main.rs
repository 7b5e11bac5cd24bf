//! The oracle: whatever happened, and in whatever order it is told, the engine and a second, naive
//! reading of SEMANTICS come to the same.

mod pure;
mod stored;
