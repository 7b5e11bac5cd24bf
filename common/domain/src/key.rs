//! Keys: the names by which facts find one another.

mod kind;

pub use kind::KeyKind;

use super::email;
use super::ids::ConversionId;
use kind::{MARKS, PREFIXES};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The name of a customer or of an object of theirs, unique within a [`Realm`](super::ids::Realm).
///
/// What it names is what the field says in which the id was found ([`KeyKind`]), never what its letters
/// suggest (SEMANTICS 18): a customer may be called `user-42`, `ch_annel-5` or `info@shop.example`. Its
/// text is what is stored, and says the same without the field:
///
/// | form | names |
/// |---|---|
/// | `in_…`, `pi_…`, `ch_…`, `py_…`, `cs_…` | the objects of one payment |
/// | `sub_…` | a subscription |
/// | any other, without a colon or slash: `cus_…`, `acct_…`, `user-42` | a Stripe customer |
/// | `customer:ch_annel-5`, `invoice:…`, … | the same, where the id alone would name something else |
/// | `acct_…/` before one of these | the same of a connected account |
/// | `email:…` | a normalised e-mail address |
/// | `user:…` | the SaaS company's own user id |
/// | `external:…` | a conversion's own reference |
/// | `conversion:…` | a conversion without a reference |
/// | `referral:…` | a referral, by its first registration |
///
/// An id with a colon or a slash is always marked with its kind. So `{provider}[:account]/` before a
/// marked id is free for other providers than Stripe, whose keys have no such word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Key {
    text: String,
    /// Says the text.
    kind: KeyKind,
    /// Where in the text the id begins.
    id: usize,
}

/// Stands before the number of a conversion without a reference.
const CONVERSION: &str = "conversion";

impl Key {
    /// An object of Stripe's, of the kind that its field says; `account` is the connected account it
    /// lives in, when it is not the project's own.
    #[must_use]
    pub fn object(kind: KeyKind, account: Option<&str>, id: &str) -> Self {
        let bare = !id.contains([':', '/']) && Self::stored(id.to_owned()).kind == kind;
        let scope = account.map(|account| format!("{account}/")).unwrap_or_default();
        let mark = if bare { String::new() } else { format!("{}:", kind.mark()) };
        Self::stored(format!("{scope}{mark}{id}"))
    }

    /// A Stripe customer of the project's own account, whatever its id looks like.
    #[must_use]
    pub fn customer(id: &str) -> Self {
        Self::object(KeyKind::StripeCustomer, None, id)
    }

    /// A Stripe customer as a person or a REST caller writes it: its id, behind `acct_…/` where it is a
    /// connected account's.
    #[must_use]
    pub fn written_customer(text: &str) -> Self {
        let word = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        match text.split_once('/') {
            Some((account, id)) if !id.is_empty() && account.strip_prefix("acct_").is_some_and(word) => {
                Self::object(KeyKind::StripeCustomer, Some(account), id)
            }
            _ => Self::customer(text),
        }
    }

    /// An e-mail address, compared without regard to case and surrounding blanks
    /// (docs/API.md, Conventions). `None` when nothing is left.
    #[must_use]
    pub fn email(address: &str) -> Option<Self> {
        let normalised = email::normalise(address);
        (!normalised.is_empty()).then(|| Self::marked(KeyKind::Email, &normalised))
    }

    /// The SaaS company's own id of a user.
    #[must_use]
    pub fn user(external_id: &str) -> Self {
        Self::marked(KeyKind::User, external_id)
    }

    /// The payment key of a conversion that the REST API was given: a Stripe id as it is,
    /// anything else in a name space of its own (SEMANTICS 1). A caller says no kind, so here alone it is taken from the
    /// letters.
    #[must_use]
    pub fn reference(reference: &str) -> Self {
        match PREFIXES.iter().find(|(prefix, _)| reference.starts_with(prefix)) {
            Some((_, kind)) if kind.is_of_a_payment() => Self::stored(reference.to_owned()),
            Some(_) | None => Self::marked(KeyKind::External, reference),
        }
    }

    /// The payment key of a conversion without a reference.
    #[must_use]
    pub fn conversion(id: ConversionId) -> Self {
        Self::stored(format!("{CONVERSION}:{id}"))
    }

    /// A referral of the REST API, by its first registration.
    #[must_use]
    pub fn referral(id: i64) -> Self {
        Self::marked(KeyKind::Referral, &id.to_string())
    }

    /// Everything that a person may mean by a name: what its letters say, a conversion's reference, a
    /// customer by Stripe's id, by the company's own or by address.
    #[must_use]
    pub fn named(name: &str) -> Vec<Self> {
        let named = [
            Self::stored(name.to_owned()),
            Self::reference(name),
            Self::written_customer(name),
            Self::user(name),
        ];
        let mut keys: Vec<Self> = Vec::new();
        for key in named.into_iter().chain(Self::email(name)) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    /// A key as the store holds it.
    #[must_use]
    pub fn stored(text: String) -> Self {
        let name = match text.split_once('/') {
            Some((account, name)) if account.starts_with("acct_") => name,
            _ => text.as_str(),
        };
        let marked = name.split_once(':').and_then(|(word, id)| {
            let (_, kind) = MARKS.iter().find(|(mark, _)| *mark == word)?;
            Some((*kind, id))
        });
        let (kind, rest) = marked.unwrap_or_else(|| {
            let known = PREFIXES.iter().find(|(prefix, _)| name.starts_with(prefix));
            (known.map_or(KeyKind::StripeCustomer, |(_, kind)| *kind), name)
        });
        let id = text.len().saturating_sub(rest.len());
        Self { text, kind, id }
    }

    /// The text of the key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it is called in its own field: without the connected account and without a mark.
    #[must_use]
    pub fn id(&self) -> &str {
        self.text.get(self.id..).unwrap_or_default()
    }

    /// What kind of thing the key names.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Whether it names a payment or one of its objects.
    #[must_use]
    pub fn names_a_payment(&self) -> bool {
        self.kind.is_of_a_payment()
    }

    /// Whether it is the number that every posted conversion has, rather than a name of its payment.
    #[must_use]
    pub fn is_conversion(&self) -> bool {
        self.text.strip_prefix(CONVERSION).is_some_and(|rest| rest.starts_with(':'))
    }

    fn marked(kind: KeyKind, id: &str) -> Self {
        Self::stored(format!("{}:{id}", kind.mark()))
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self::stored(text)
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.text
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OBJECTS: [KeyKind; 6] = [
        KeyKind::Invoice,
        KeyKind::PaymentIntent,
        KeyKind::Charge,
        KeyKind::Session,
        KeyKind::StripeCustomer,
        KeyKind::Subscription,
    ];

    #[test]
    fn a_key_is_of_the_kind_of_its_field_whatever_its_letters_suggest() {
        let customers = [
            ("cus_1", "cus_1"),
            ("gcus_1", "gcus_1"),
            ("acct_1", "acct_1"),
            ("user-42", "user-42"),
            ("10044", "10044"),
            ("info@shop.example", "info@shop.example"),
            ("ch_annel-5", "customer:ch_annel-5"),
            ("in_house", "customer:in_house"),
            ("sub_way", "customer:sub_way"),
            ("email:a@b.example", "customer:email:a@b.example"),
            ("customer:7", "customer:customer:7"),
            ("acct_1/cus_1", "customer:acct_1/cus_1"),
        ];
        for (id, text) in customers {
            let key = Key::customer(id);
            assert_eq!((key.as_str(), key.kind(), key.id()), (text, KeyKind::StripeCustomer, id));
        }
        assert_eq!(Key::object(KeyKind::Charge, None, "ch_annel-5").as_str(), "ch_annel-5");
        assert_eq!(Key::object(KeyKind::Invoice, None, "cus_1").as_str(), "invoice:cus_1");
        assert_eq!(Key::user("cus_1").kind(), KeyKind::User);
    }

    #[test]
    fn a_connected_account_is_no_part_of_the_id() {
        for (id, text) in [("cus_1", "acct_9/cus_1"), ("in_x", "acct_9/customer:in_x"), ("7", "acct_9/7")] {
            let key = Key::object(KeyKind::StripeCustomer, Some("acct_9"), id);
            assert_eq!((key.as_str(), key.kind(), key.id()), (text, KeyKind::StripeCustomer, id));
        }
    }

    #[test]
    fn what_others_name_is_told_apart_from_what_stripe_names() {
        assert_eq!(Key::reference("pi_1").kind(), KeyKind::PaymentIntent);
        assert_eq!(Key::reference("order-1").kind(), KeyKind::External);
        assert_eq!(Key::conversion(ConversionId(7)).kind(), KeyKind::External);
        assert!(Key::conversion(ConversionId(7)).is_conversion());
        assert!(!Key::reference("conversion-7").is_conversion());
        assert_eq!(Key::email(" A@b.example").unwrap().id(), "a@b.example");
        assert_eq!(Key::user("42").id(), "42");
    }

    proptest! {
        #[test]
        fn a_stored_key_says_what_its_field_said(
            kind in proptest::sample::select(OBJECTS.to_vec()),
            account in proptest::option::of("acct_[a-z0-9]{1,4}"),
            id in "(in_|ch_|cus_|acct_|email:|customer:|acct_1/)?[ -~]{1,8}",
        ) {
            let key = Key::object(kind, account.as_deref(), &id);
            let stored = Key::stored(key.as_str().to_owned());
            prop_assert_eq!((stored.kind(), stored.id()), (kind, id.as_str()));
            prop_assert_eq!(stored, key);
        }

        #[test]
        fn two_fields_never_make_one_key(
            one in proptest::sample::select(OBJECTS.to_vec()),
            other in proptest::sample::select(OBJECTS.to_vec()),
            id in "(in_|ch_|cus_|acct_|email:|customer:|acct_1/)?[ -~]{1,8}",
        ) {
            let same = Key::object(one, None, &id) == Key::object(other, None, &id);
            prop_assert_eq!(same, one == other);
        }
    }
}
