//! Sessions of PostgreSQL in which no wait is without a bound, and what its errors ask for.
//!
//! | who may be silent | what bounds the wait |
//! |---|---|
//! | somebody who holds a lock | `lock_timeout`, [`limits`] |
//! | a statement that is planned badly, or a slow disk | `statement_timeout` |
//! | a program that stopped within a transaction | `idle_in_transaction_session_timeout`: the server ends its session and frees its locks |
//! | a program whose host is gone | `tcp_keepalives_*`, `tcp_user_timeout`, on the server's side |
//! | the server's host | [`Sessions`], and [`pool`] for requests: every use has a deadline on this side, and what missed it is never used again |

pub mod fault;
pub mod limits;
pub mod pool;
pub mod sessions;

pub use fault::Fault;
pub use limits::Limits;
pub use sessions::{Session, Sessions, within};
