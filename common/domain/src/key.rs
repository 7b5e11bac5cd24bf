//! Keys: the names by which facts find one another.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The name of a customer or of an object of theirs, unique within a [`Realm`](super::ids::Realm).
///
/// | form | names |
/// |---|---|
/// | `cus_…`, `sub_…` | a Stripe customer, a subscription |
/// | `in_…`, `pi_…`, `ch_…`, `cs_…` | the objects of one payment |
/// | `acct_…/cus_…` | the same of a connected account |
/// | `email:…` | a normalised e-mail address |
/// | `user:…` | the SaaS company's own user id |
/// | `external:…` | a conversion's own reference |
/// | `conversion:…` | a conversion without a reference |
/// | `referral:…` | a referral, by its first registration |
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    /// A Stripe object; `account` is the connected account it lives in, when it is not the
    /// project's own.
    #[must_use]
    pub fn object(account: Option<&str>, id: &str) -> Self {
        match account {
            Some(account) => Self(format!("{account}/{id}")),
            None => Self(id.to_owned()),
        }
    }

    /// An e-mail address, compared without regard to case and surrounding blanks
    /// (docs/API.md, Conventions). `None` when nothing is left.
    #[must_use]
    pub fn email(address: &str) -> Option<Self> {
        let normalised = normalise_email(address);
        (!normalised.is_empty()).then(|| Self(format!("email:{normalised}")))
    }

    /// The SaaS company's own id of a user.
    #[must_use]
    pub fn user(external_id: &str) -> Self {
        Self(format!("user:{external_id}"))
    }

    /// The payment key of a conversion that the REST API was given: a Stripe id as it is,
    /// anything else in a name space of its own (SEMANTICS 1).
    #[must_use]
    pub fn reference(reference: &str) -> Self {
        if ["in_", "pi_", "ch_", "py_", "cs_"].iter().any(|prefix| reference.starts_with(prefix)) {
            Self(reference.to_owned())
        } else {
            Self(format!("external:{reference}"))
        }
    }

    /// The payment key of a conversion without a reference.
    #[must_use]
    pub fn conversion(id: super::ids::ConversionId) -> Self {
        Self(format!("conversion:{id}"))
    }

    /// A referral of the REST API, by its first registration.
    #[must_use]
    pub fn referral(id: i64) -> Self {
        Self(format!("referral:{id}"))
    }

    /// A key as the store holds it.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The text of the key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id without the connected account in front of it.
    #[must_use]
    pub fn id(&self) -> &str {
        match self.0.split_once('/') {
            Some((account, id)) if account.starts_with("acct_") => id,
            _ => &self.0,
        }
    }

    /// What kind of thing the key names.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        let id = self.id();
        if id.starts_with("cus_") || id.starts_with("gcus_") {
            KeyKind::StripeCustomer
        } else if id.starts_with("sub_") {
            KeyKind::Subscription
        } else if id.starts_with("in_") {
            KeyKind::Invoice
        } else if id.starts_with("pi_") {
            KeyKind::PaymentIntent
        } else if id.starts_with("ch_") || id.starts_with("py_") {
            KeyKind::Charge
        } else if id.starts_with("cs_") {
            KeyKind::Session
        } else if id.starts_with("email:") {
            KeyKind::Email
        } else if id.starts_with("user:") {
            KeyKind::User
        } else if id.starts_with("external:") || id.starts_with("conversion:") {
            KeyKind::External
        } else if id.starts_with("referral:") {
            KeyKind::Referral
        } else {
            KeyKind::Other
        }
    }
}

/// What a [`Key`] names. The order is the order of preference for a payment's own key
/// (SEMANTICS 1): invoice, payment intent, charge, session, reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// `in_…`
    Invoice,
    /// `pi_…`
    PaymentIntent,
    /// `ch_…`, `py_…`
    Charge,
    /// `cs_…`
    Session,
    /// `external:…`, `conversion:…`
    External,
    /// `cus_…`
    StripeCustomer,
    /// `sub_…`
    Subscription,
    /// `email:…`
    Email,
    /// `user:…`
    User,
    /// `referral:…`
    Referral,
    /// A kind of object this version has no use for.
    Other,
}

impl KeyKind {
    /// Whether it names an object of one payment.
    #[must_use]
    pub fn is_of_a_payment(self) -> bool {
        match self {
            Self::Invoice | Self::PaymentIntent | Self::Charge | Self::Session | Self::External => true,
            Self::StripeCustomer
            | Self::Subscription
            | Self::Email
            | Self::User
            | Self::Referral
            | Self::Other => false,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The mailbox behind an address, to see whether two are one person's (SEMANTICS 16): without what
/// follows a plus, and without dots where the provider ignores them. Gmail says that it does, and that
/// googlemail.com is the same; no other large provider documents that it ignores characters.
#[must_use]
pub fn mailbox(address: &str) -> String {
    let address = normalise_email(address);
    let Some((name, domain)) = address.rsplit_once('@') else { return address };
    let name = name.split('+').next().filter(|name| !name.is_empty()).unwrap_or(name);
    let domain = if domain == "googlemail.com" { "gmail.com" } else { domain };
    let name = if domain == "gmail.com" { name.replace('.', "") } else { name.to_owned() };
    format!("{name}@{domain}")
}

/// An address in the form in which two are compared: trimmed, lower case.
#[must_use]
pub fn normalise_email(address: &str) -> String {
    address.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_mailbox_are_one() {
        let same = [
            ("Alice@Example.com ", "alice+shop@example.com"),
            ("a.l.ice@gmail.com", "alice@gmail.com"),
            ("Alice+x+y@googlemail.com", "al.ice@GMAIL.com"),
        ];
        for (one, other) in same {
            assert_eq!(mailbox(one), mailbox(other), "{one} {other}");
        }
    }

    #[test]
    fn dots_tell_mailboxes_apart_where_the_provider_does_not_say_otherwise() {
        for (one, other) in
            [("al.ice@example.com", "alice@example.com"), ("alice@gmail.com", "alice@example.com")]
        {
            assert_ne!(mailbox(one), mailbox(other), "{one} {other}");
        }
    }

    #[test]
    fn what_is_no_address_is_its_own_mailbox() {
        assert_eq!(mailbox(" Nobody "), "nobody");
        assert_eq!(mailbox("+tag@example.com"), "+tag@example.com", "a name is left in any case");
    }
}
