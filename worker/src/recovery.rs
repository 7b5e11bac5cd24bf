//! What to do about a batch that failed. Pure.

use store::StoreError;
use store::settlement::BatchError;

/// What a failure asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recovery {
    /// The database is not there, or refuses this program whatever it wants: keep the batch, try the same again when it
    /// is back. It costs no delivery attempt.
    Wait,
    /// Another transaction was in the way: the same one succeeds when it is run again.
    Again,
    /// Somebody holds what is needed and does not let go: settle the others, and these later.
    PassBy,
    /// It took too long: less of it at once.
    Halve,
    /// Something in the batch cannot be settled: find it.
    Isolate,
}

/// Two workers that make the row of one payment at the same moment: the one that lost finds the
/// other's row when it tries again.
const CONFLICTS: [&str; 1] = ["conversions_payment_key"];

/// Decides. Only what is wrong with a message isolates it; what is wrong with the place says nothing of any message.
pub(crate) fn recovery_for(error: &BatchError) -> Recovery {
    match error {
        BatchError::Store(error) => recovery_for_store(error),
        BatchError::Fold(_) | BatchError::Unreadable(_) | BatchError::Event { .. } => Recovery::Isolate,
    }
}

fn recovery_for_store(error: &StoreError) -> Recovery {
    match error {
        StoreError::Unavailable(_) | StoreError::Refused(_) => Recovery::Wait,
        StoreError::Serialization(_) => Recovery::Again,
        StoreError::Occupied(_) => Recovery::PassBy,
        StoreError::Slow(_) => Recovery::Halve,
        StoreError::Constraint { constraint, .. } if CONFLICTS.contains(&constraint.as_str()) => {
            Recovery::Again
        }
        StoreError::Constraint { .. } | StoreError::Other(_) => Recovery::Isolate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::settle::SettleError;
    use store::SqlxError;

    fn constraint(name: &str) -> BatchError {
        let source = SqlxError::RowNotFound;
        BatchError::Store(StoreError::Constraint { constraint: name.to_owned(), source })
    }

    #[test]
    fn a_missing_database_is_waited_for() {
        let error = BatchError::Store(StoreError::Unavailable(SqlxError::PoolTimedOut));
        assert_eq!(recovery_for(&error), Recovery::Wait);
    }

    #[test]
    fn a_database_that_refuses_is_waited_for() {
        let error = BatchError::Store(StoreError::Refused(SqlxError::RowNotFound));
        assert_eq!(recovery_for(&error), Recovery::Wait);
    }

    #[test]
    fn who_does_not_let_go_is_passed_by_and_what_takes_too_long_is_halved() {
        let error = BatchError::Store(StoreError::Occupied(SqlxError::RowNotFound));
        assert_eq!(recovery_for(&error), Recovery::PassBy);
        let error = BatchError::Store(StoreError::Slow(SqlxError::RowNotFound));
        assert_eq!(recovery_for(&error), Recovery::Halve);
    }

    #[test]
    fn a_race_is_run_again() {
        let error = BatchError::Store(StoreError::Serialization(SqlxError::RowNotFound));
        assert_eq!(recovery_for(&error), Recovery::Again);
        assert_eq!(recovery_for(&constraint("conversions_payment_key")), Recovery::Again);
    }

    #[test]
    fn poison_is_isolated() {
        assert_eq!(recovery_for(&constraint("conversions_customer_id_fkey")), Recovery::Isolate);
        assert_eq!(
            recovery_for(&BatchError::Fold(SettleError::Overflow("in_1".to_owned()))),
            Recovery::Isolate
        );
        assert_eq!(recovery_for(&BatchError::Unreadable("x".to_owned())), Recovery::Isolate);
        let error = BatchError::Store(StoreError::Other(SqlxError::RowNotFound));
        assert_eq!(recovery_for(&error), Recovery::Isolate);
    }
}
