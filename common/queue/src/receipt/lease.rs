//! Which rows this consumer holds.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// One consumer's claim on rows: its name in the `lease` column, and the rows it holds now.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    pub(crate) name: Uuid,
    held: Arc<Mutex<HashSet<i64>>>,
}

impl Lease {
    /// A new lease that holds nothing.
    pub(crate) fn new() -> Self {
        Self { name: Uuid::now_v7(), held: Arc::default() }
    }

    /// Takes note of a claimed row until the receipt is dropped.
    pub(crate) fn hold(&self, id: i64) -> LeaseReceipt {
        self.with(|held| held.insert(id));
        LeaseReceipt { id, lease: self.clone() }
    }

    /// The rows held now.
    pub(crate) fn held(&self) -> Vec<i64> {
        self.with(|held| held.iter().copied().collect())
    }

    fn with<T>(&self, f: impl FnOnce(&mut HashSet<i64>) -> T) -> T {
        // A panic elsewhere can't leave a set of numbers half changed.
        f(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A held row. Dropping it ends the renewal, so that the row is delivered again when its lease ends.
#[derive(Debug)]
pub(crate) struct LeaseReceipt {
    pub(crate) id: i64,
    pub(crate) lease: Lease,
}

impl Drop for LeaseReceipt {
    fn drop(&mut self) {
        self.lease.with(|held| held.remove(&self.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_held_until_its_receipt_is_dropped() {
        let lease = Lease::new();
        let (first, second) = (lease.hold(1), lease.hold(2));
        drop(first);
        assert_eq!(lease.held(), [2]);
        drop(second);
        assert!(lease.held().is_empty());
    }
}
