//! A small language for histories: facts as the Stripe reader makes them.

use crate::code::FoldedCode;
use crate::decision::{Audit, Lock, LockedTo, Ruling, Verdict};
use crate::directory::{Affiliate, CodeOwner, Directory, Period};
use crate::fact::*;
use crate::ids::{AffiliateId, ConversionId, RuleId};
use crate::key::Key;
use crate::money::BasisPoints;
use crate::rules::{Commission, RuleVersion, Rules};
use crate::settle::{Conversion, KnownFact, Settlement, settle};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

pub(super) const ALICE: AffiliateId = AffiliateId(1);
pub(super) const BOB: AffiliateId = AffiliateId(2);

/// The n-th day of the history.
pub(super) fn day(n: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 0).unwrap() + TimeDelta::days(n)
}

pub(super) fn key(id: &str) -> Key {
    Key::stored(id.to_owned())
}

pub(super) fn percent(bps: u32) -> Rules {
    Rules::of(Commission::Percent { basis_points: BasisPoints(bps) })
}

/// A history and the world in which it is judged.
#[derive(Clone)]
pub(super) struct History {
    pub(super) facts: Vec<KnownFact>,
    pub(super) rules: Vec<RuleVersion>,
    pub(super) directory: Directory,
    events: u32,
}

impl History {
    /// 20 %, with affiliates ALICE (code `alice`, coupon `ALICE20`) and BOB (`bob`, `BOB10`).
    pub(super) fn new() -> Self {
        let mut directory = Directory::default();
        for (id, code, coupon) in [(ALICE, "alice", "ALICE20"), (BOB, "bob", "BOB10")] {
            let created_at = day(-365);
            directory.affiliates.insert(
                id,
                Affiliate {
                    id,
                    referral_code: code.to_owned(),
                    created_at,
                    inactive: Vec::new(),
                    email: format!("{}@affiliates.example", code.to_lowercase()),
                    codes: Vec::new(),
                    addresses: Vec::new(),
                    commissions: Vec::new(),
                },
            );
            let owner = |code: &str| CodeOwner {
                affiliate: id,
                code: code.to_owned(),
                created_at,
                inactive: Vec::new(),
            };
            directory.referral_codes.insert(FoldedCode::new(code).unwrap(), owner(code));
            directory.coupons_by_code.insert(FoldedCode::new(coupon).unwrap(), vec![owner(coupon)]);
        }
        Self { facts: Vec::new(), rules: version(percent(2_000)), directory, events: 0 }
    }

    pub(super) fn with_rules(mut self, rules: Rules) -> Self {
        self.rules = version(rules);
        self
    }

    /// Suspends a coupon from a day on.
    pub(super) fn suspend_coupon(mut self, code: &str, from: i64) -> Self {
        let owner = self.directory.coupons_by_code.get_mut(&FoldedCode::new(code).unwrap()).unwrap();
        owner[0].inactive.push(Period { from: Some(day(from)), until: None });
        self
    }

    pub(super) fn add(
        &mut self,
        natural_key: &str,
        keep: Keep,
        rank: i64,
        at: DateTime<Utc>,
        identities: &[&str],
        body: FactBody,
    ) {
        self.events += 1;
        let identities = identities
            .iter()
            .filter(|link| !link.is_empty())
            .map(|link| if link.contains('@') { Key::email(link).unwrap() } else { key(link) });
        let fact = Fact {
            natural_key: natural_key.to_owned(),
            keep,
            rank,
            at,
            event: format!("evt_{:04}", self.events),
            identities: identities.collect(),
            body,
        };
        self.facts.push(KnownFact::new(fact, at));
    }

    pub(super) fn customer(mut self, n: i64, customer: &str, email: &str) -> Self {
        let body = FactBody::Customer(CustomerSeen {
            customer: key(customer),
            email: (!email.is_empty()).then(|| email.to_owned()),
            created: day(n),
            deleted: false,
            no_commission: false,
            no_commission_is_dated: true,
        });
        self.add(&format!("customer:{customer}"), Keep::Latest, 0, day(n), &[customer, email], body);
        self
    }

    pub(super) fn touch(
        mut self,
        n: i64,
        on: TouchedObject,
        object: &str,
        method: TouchMethod,
        value: &str,
    ) -> Self {
        let body =
            FactBody::Touch(Touch { on, object: key(object), method, value: value.to_owned(), place: 0 });
        self.add(&format!("touch:{object}:{method:?}:{value}"), Keep::First, 0, day(n), &[object], body);
        self
    }

    /// A paid invoice without tax; `identities` are its other objects and the address.
    pub(super) fn invoice(self, n: i64, invoice: &str, customer: &str, amount: i64) -> Self {
        self.taxed_invoice(n, invoice, customer, amount, 0)
    }

    pub(super) fn taxed_invoice(
        mut self,
        n: i64,
        invoice: &str,
        customer: &str,
        amount: i64,
        tax: i64,
    ) -> Self {
        let body = FactBody::Invoice(InvoicePaid {
            invoice: key(invoice),
            customer: Some(key(customer)),
            email: None,
            subscription: None,
            payment_intent: None,
            charge: None,
            currency: "usd".to_owned(),
            amount_paid: amount,
            amount_overpaid: 0,
            total: amount,
            total_excluding_tax: amount - tax,
            shipping: 0,
            paid_at: day(n),
            billing_reason: None,
            no_commission: false,
            lines: Vec::new(),
            lines_complete: true,
        });
        self.add(&format!("invoice:{invoice}"), Keep::Latest, 0, day(n), &[invoice, customer], body);
        self
    }

    /// A paid invoice, as `change` makes it of one without tax, lines or subscription.
    pub(super) fn invoice_with(
        mut self,
        n: i64,
        invoice: &str,
        customer: &str,
        amount: i64,
        change: impl FnOnce(&mut InvoicePaid),
    ) -> Self {
        self = self.invoice(n, invoice, customer, amount);
        if let Some(KnownFact { fact: Fact { body: FactBody::Invoice(invoice), .. }, .. }) =
            self.facts.last_mut()
        {
            change(invoice);
        }
        self
    }

    /// A completed session in payment mode.
    pub(super) fn session(
        mut self,
        n: i64,
        session: &str,
        intent: &str,
        customer: &str,
        email: &str,
        amount: i64,
    ) -> Self {
        let body = FactBody::Session(SessionCompleted {
            session: key(session),
            mode: SessionMode::Payment,
            payment_status: SessionPaymentStatus::Paid,
            customer: (!customer.is_empty()).then(|| key(customer)),
            email: (!email.is_empty()).then(|| email.to_owned()),
            payment_intent: Some(key(intent)),
            invoice: None,
            subscription: None,
            currency: Some("usd".to_owned()),
            amount_total: amount,
            amount_tax: 0,
            amount_shipping: 0,
            completed_at: day(n),
            no_commission: false,
        });
        self.add(
            &format!("session:{session}"),
            Keep::Latest,
            1,
            day(n),
            &[session, intent, customer, email],
            body,
        );
        self
    }

    /// Says of the session that came last how its payment stood.
    pub(super) fn which_was(mut self, status: SessionPaymentStatus) -> Self {
        if let Some(FactBody::Session(session)) = self.facts.last_mut().map(|known| &mut known.fact.body) {
            session.payment_status = status;
        }
        self
    }

    /// A completed session whose money is an invoice's.
    pub(super) fn invoice_session(mut self, n: i64, session: &str, invoice: &str, customer: &str) -> Self {
        let body = FactBody::Session(SessionCompleted {
            session: key(session),
            mode: SessionMode::Subscription,
            payment_status: SessionPaymentStatus::Paid,
            customer: Some(key(customer)),
            email: None,
            payment_intent: None,
            invoice: Some(key(invoice)),
            subscription: None,
            currency: Some("usd".to_owned()),
            amount_total: 4_900,
            amount_tax: 0,
            amount_shipping: 0,
            completed_at: day(n),
            no_commission: false,
        });
        self.add(&format!("session:{session}"), Keep::Latest, 1, day(n), &[session, invoice, customer], body);
        self
    }

    pub(super) fn alias(mut self, n: i64, a: &str, b: &str) -> Self {
        let body = FactBody::Alias(PaymentAlias { objects: vec![key(a), key(b)], no_commission: false });
        self.add(&format!("alias:{a}:{b}"), Keep::First, 0, day(n), &[a, b], body);
        self
    }

    pub(super) fn refund(
        mut self,
        n: i64,
        refund: &str,
        charge: &str,
        intent: &str,
        amount: i64,
        status: RefundStatus,
    ) -> Self {
        // Its later states tell the same creation.
        let made = self.facts.iter().find_map(|known| match &known.fact.body {
            FactBody::Refund(seen) if seen.refund == refund => Some(seen.created),
            _ => None,
        });
        let body = FactBody::Refund(RefundSeen {
            refund: refund.to_owned(),
            charge: (!charge.is_empty()).then(|| key(charge)),
            payment_intent: (!intent.is_empty()).then(|| key(intent)),
            amount,
            currency: "usd".to_owned(),
            status,
            created: made.unwrap_or_else(|| day(n)),
        });
        self.add(&format!("refund:{refund}"), Keep::Latest, status.rank(), day(n), &[charge, intent], body);
        self
    }

    pub(super) fn charge_refunded(
        mut self,
        n: i64,
        charge: &str,
        intent: &str,
        amount_refunded: i64,
    ) -> Self {
        let body = FactBody::ChargeRefunded(ChargeRefunded {
            charge: key(charge),
            payment_intent: (!intent.is_empty()).then(|| key(intent)),
            invoice: None,
            amount_refunded,
            amount_captured: None,
            uncaptured: None,
            currency: "usd".to_owned(),
        });
        self.add(
            &format!("charge_refunded:{charge}"),
            Keep::Latest,
            amount_refunded,
            day(n),
            &[charge, intent],
            body,
        );
        self
    }

    pub(super) fn dispute(
        mut self,
        n: i64,
        dispute: &str,
        charge: &str,
        amount: i64,
        status: DisputeStatus,
    ) -> Self {
        let body = FactBody::Dispute(DisputeSeen {
            dispute: dispute.to_owned(),
            charge: Some(key(charge)),
            payment_intent: None,
            amount,
            currency: "usd".to_owned(),
            status,
            created: day(n),
        });
        self.add(&format!("dispute:{dispute}"), Keep::Latest, status.rank(), day(n), &[charge], body);
        self
    }

    pub(super) fn referral(mut self, n: i64, id: i64, email: &str, affiliate: AffiliateId) -> Self {
        let body = FactBody::Referral(ReferralRegistered {
            who: CustomerIds { email: Some(email.to_owned()), ..CustomerIds::default() },
            affiliate: Some(affiliate),
            referral_code: None,
            occurred_at: day(n),
            first: None,
            converted: false,
        });
        self.add(&format!("referral:{id}"), Keep::Highest, 0, day(n), &[email], body);
        self
    }

    /// A referral known by the company's own id alone.
    pub(super) fn signup(mut self, n: i64, external_id: &str, affiliate: AffiliateId) -> Self {
        let body = FactBody::Referral(ReferralRegistered {
            who: CustomerIds { external_id: Some(external_id.to_owned()), ..CustomerIds::default() },
            affiliate: Some(affiliate),
            referral_code: None,
            occurred_at: day(n),
            first: None,
            converted: false,
        });
        let user = format!("user:{external_id}");
        self.add(&format!("referral:{external_id}"), Keep::Highest, 0, day(n), &[&user], body);
        self
    }

    pub(super) fn posted(
        mut self,
        n: i64,
        id: i64,
        base: i64,
        change: impl FnOnce(&mut PostedConversion),
    ) -> Self {
        let mut posted = PostedConversion {
            conversion: ConversionId(id),
            payment: Key::conversion(ConversionId(id)),
            kind: ConversionKind::Purchase,
            value: None,
            base: Some(base),
            currency: "usd".to_owned(),
            affiliate: None,
            referral_code: None,
            coupon_code: None,
            who: CustomerIds::default(),
            occurred_at: day(n),
            paid: false,
            deleted: false,
        };
        change(&mut posted);
        let mut identities = vec![posted.payment.as_str().to_owned(), format!("conversion:{id}")];
        identities.extend(posted.who.stripe_customer.iter().map(|key| key.as_str().to_owned()));
        identities.extend(posted.who.email.clone());
        let identities: Vec<&str> = identities.iter().map(String::as_str).collect();
        let word = PostedWord { conversion: posted, said_at: Some(day(n)), change: None };
        self.add(&format!("posted:{id}"), Keep::Highest, 0, day(n), &identities, FactBody::Posted(word));
        self
    }

    /// A lock of a customer, by key or address. The later of two in a history stands.
    pub(super) fn lock(mut self, n: i64, customer: &str, to: LockedTo) -> Self {
        let subject =
            Key::email(customer).filter(|_| customer.contains('@')).unwrap_or_else(|| key(customer));
        let audit = audit(n, "they asked");
        let body = FactBody::Lock(Lock { customer: subject.clone(), to, audit });
        let revision = i64::from(self.events);
        self.add(&format!("lock:{subject}"), Keep::Highest, revision, day(n), &[customer], body);
        self
    }

    /// A verdict on a payment. The later of two in a history stands.
    pub(super) fn verdict(mut self, n: i64, payment: &str, ruling: Ruling) -> Self {
        let audit = audit(n, "looked into");
        let body = FactBody::Verdict(Verdict { payment: key(payment), ruling, audit });
        let revision = i64::from(self.events);
        self.add(&format!("verdict:{payment}"), Keep::Highest, revision, day(n), &[payment], body);
        self
    }

    /// The facts that are kept, as the store keeps them.
    pub(super) fn kept(&self) -> Vec<KnownFact> {
        let mut kept: BTreeMap<&str, KnownFact> = BTreeMap::new();
        for known in &self.facts {
            match kept.get_mut(known.fact.natural_key.as_str()) {
                Some(standing) => {
                    standing.meet(known);
                }
                None => {
                    kept.insert(&known.fact.natural_key, known.clone());
                }
            }
        }
        kept.into_values().collect()
    }

    pub(super) fn settle(&self) -> Settlement {
        settle(&self.kept(), &self.rules, &self.directory).unwrap()
    }

    pub(super) fn payment(&self, payment: &str) -> Conversion {
        let settlement = self.settle();
        let found = settlement.conversions.into_iter().find(|conversion| conversion.payment == key(payment));
        found.unwrap_or_else(|| panic!("no payment {payment}"))
    }
}

fn audit(n: i64, reason: &str) -> Audit {
    Audit { actor: "dana".to_owned(), reason: reason.to_owned(), decided_at: day(n) }
}

fn version(rules: Rules) -> Vec<RuleVersion> {
    vec![RuleVersion { id: RuleId(1), valid_from: None, rules }]
}
