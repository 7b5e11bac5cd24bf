//! What a key names, and the letters by which its text says so.

/// What a [`Key`](super::Key) names. The order is the order of preference for a payment's own key
/// (SEMANTICS 1): invoice, payment intent, charge, session, reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// An invoice.
    Invoice,
    /// A payment intent.
    PaymentIntent,
    /// A charge.
    Charge,
    /// A checkout session.
    Session,
    /// A conversion that was posted over REST: by its reference, or by its number.
    External,
    /// A Stripe customer, or the account that stands for one.
    StripeCustomer,
    /// A subscription.
    Subscription,
    /// An e-mail address.
    Email,
    /// A user of the SaaS company, by its own id.
    User,
    /// A referral of the REST API.
    Referral,
}

impl KeyKind {
    /// Whether it names an object of one payment.
    #[must_use]
    pub fn is_of_a_payment(self) -> bool {
        match self {
            Self::Invoice | Self::PaymentIntent | Self::Charge | Self::Session | Self::External => true,
            Self::StripeCustomer | Self::Subscription | Self::Email | Self::User | Self::Referral => false,
        }
    }

    /// The word in front of an id whose own letters do not say what it names.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::PaymentIntent => "payment_intent",
            Self::Charge => "charge",
            Self::Session => "session",
            Self::External => "external",
            Self::StripeCustomer => "customer",
            Self::Subscription => "subscription",
            Self::Email => "email",
            Self::User => "user",
            Self::Referral => "referral",
        }
    }
}

/// Every word that stands before a colon, and what follows it names.
pub(super) const MARKS: [(&str, KeyKind); 11] = [
    ("email", KeyKind::Email),
    ("user", KeyKind::User),
    ("external", KeyKind::External),
    (super::CONVERSION, KeyKind::External),
    ("referral", KeyKind::Referral),
    ("customer", KeyKind::StripeCustomer),
    ("subscription", KeyKind::Subscription),
    ("invoice", KeyKind::Invoice),
    ("payment_intent", KeyKind::PaymentIntent),
    ("charge", KeyKind::Charge),
    ("session", KeyKind::Session),
];

/// The first letters of the ids that Stripe makes. What begins with none of them is a customer's: only
/// customers may have ids of a company's own, and accounts of old have.
pub(super) const PREFIXES: [(&str, KeyKind); 6] = [
    ("sub_", KeyKind::Subscription),
    ("in_", KeyKind::Invoice),
    ("pi_", KeyKind::PaymentIntent),
    ("ch_", KeyKind::Charge),
    ("py_", KeyKind::Charge),
    ("cs_", KeyKind::Session),
];
