//! One page or act a file.

pub(crate) mod affiliates;
pub(crate) mod customers;
pub(crate) mod dead_letters;
pub(crate) mod decisions;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod home;
pub(crate) mod keys;
pub(crate) mod notifications;
pub(crate) mod now;
pub(crate) mod overview;
pub(crate) mod payments;
pub(crate) mod payouts;
pub(crate) mod proof;
pub(crate) mod queues;
pub(crate) mod rules;
pub(crate) mod sign_in;
pub(crate) mod sign_out;

use crate::failure::Failure;

/// What is not there.
pub(crate) async fn unknown() -> Failure {
    Failure::no_page()
}
