//! Who may do what. Everybody who is signed in sees every page.

use crate::{failure::Failure, person::Person};
use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use store::users::UserRole;

/// What an act asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    /// Being signed in: signing out.
    Own,
    /// Seeing the body of an event or a dead letter, which holds what a provider knows of a customer.
    Bodies,
    /// Retrying and discarding dead letters.
    DeadLetters,
    /// Endpoints of notifications.
    Endpoints,
    /// API keys.
    Keys,
    /// Holding, releasing and rejecting commissions, locking customers.
    Decide,
    /// Making, marking and canceling payouts, and the files that banks take.
    Pay,
    /// Checking the whole ledger, which reads all of it.
    Check,
    /// The rules of a programme.
    Rules,
}

/// Whether a role has a right. What is not named is not allowed.
pub(crate) fn may(role: UserRole, right: Right) -> bool {
    match role {
        UserRole::Operator => true,
        UserRole::Viewer => right == Right::Own,
        UserRole::Developer => {
            matches!(
                right,
                Right::Own
                    | Right::Bodies
                    | Right::DeadLetters
                    | Right::Endpoints
                    | Right::Keys
                    | Right::Check
            )
        }
        UserRole::Finance => matches!(right, Right::Own | Right::Decide | Right::Pay | Right::Check),
    }
}

/// Lets a request pass whose sender has the right.
pub(crate) async fn require(right: Right, request: Request, next: Next) -> Response {
    let role = request.extensions().get::<Person>().map(|person| person.who.role);
    match role {
        Some(role) if may(role, right) => next.run(request).await,
        Some(role) => Failure::Forbidden(role).into_response(),
        None => Failure::SignedOut.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_does_its_own_and_no_more() {
        use Right::{Bodies, Check, DeadLetters, Decide, Endpoints, Keys, Own, Pay, Rules};
        let all = [Own, Bodies, DeadLetters, Endpoints, Keys, Decide, Pay, Check, Rules];
        let of = |role| all.into_iter().filter(|right| may(role, *right)).collect::<Vec<_>>();
        assert_eq!(of(UserRole::Viewer), [Own]);
        assert_eq!(of(UserRole::Developer), [Own, Bodies, DeadLetters, Endpoints, Keys, Check]);
        assert_eq!(of(UserRole::Finance), [Own, Decide, Pay, Check]);
        assert_eq!(of(UserRole::Operator), all);
    }
}
