//! What a back end posted, as the API's commands.

use super::{Numbers, Told};
use crate::oracle::model::{self, History, Reference, Revision, Time, Whom};
use chrono::{DateTime, Utc};
use domain::command::Command;
use domain::decision::{Audit, Lock, LockedTo, Ruling, Verdict};
use domain::fact::{
    ConversionChange, ConversionKind, CustomerIds, NamedValue, PostedConversion, ReferralRegistered,
};
use domain::ids::{AffiliateId, ConversionId};
use domain::key::Key;
use queue::envelope::Source;

pub(super) fn tell(history: &History, numbers: &Numbers, told: &mut Vec<Told>) {
    for (place, post) in history.posts.iter().enumerate() {
        for (revision, said) in (0i64..).zip(&post.revisions) {
            let conversion = posted(history, numbers, place, &post.revisions[0]);
            let change = (revision > 0).then(|| change(post.currency, said));
            let accepted_at = time(said.at);
            add(history, told, said.at, &Command::Conversion { revision, accepted_at, conversion, change });
        }
    }
    for referral in &history.referrals {
        let registered = ReferralRegistered {
            who: who(history, &referral.who),
            affiliate: affiliate(numbers, referral.affiliate),
            referral_code: referral.code.clone(),
            occurred_at: time(referral.at),
            first: None,
            converted: false,
        };
        let accepted_at = time(referral.at);
        let command = Command::Referral { id: referral.id, revision: 0, accepted_at, referral: registered };
        add(history, told, referral.at, &command);
    }
    tell_decisions(history, numbers, told);
}

/// What people decided, as the command line accepts it.
fn tell_decisions(history: &History, numbers: &Numbers, told: &mut Vec<Told>) {
    let audit =
        |at: Time| Audit { actor: "nina".to_owned(), reason: "a call".to_owned(), decided_at: time(at) };
    for lock in &history.locks {
        let customer = match &lock.whom {
            Whom::Customer(place) => Key::customer(&history.customers[*place].id),
            Whom::Email(email) => Key::email(email).unwrap(),
        };
        let to = match lock.to {
            model::LockedTo::Affiliate(place) => LockedTo::Affiliate(AffiliateId(numbers.affiliates[place])),
            model::LockedTo::Nobody => LockedTo::Nobody,
            model::LockedTo::Released => LockedTo::Released,
        };
        let accepted_at = time(lock.at);
        let decided = Lock { customer, to, audit: audit(lock.at) };
        add(history, told, lock.at, &Command::Lock { id: lock.id, accepted_at, lock: decided });
    }
    for verdict in &history.verdicts {
        let ruling = match verdict.ruling {
            model::Ruling::Hold => Ruling::Hold,
            model::Ruling::Release => Ruling::Release,
            model::Ruling::Reject => Ruling::Reject,
        };
        let accepted_at = time(verdict.at);
        let decided =
            Verdict { payment: Key::stored(verdict.payment.clone()), ruling, audit: audit(verdict.at) };
        add(history, told, verdict.at, &Command::Verdict { id: verdict.id, accepted_at, verdict: decided });
    }
}

/// What a change says.
fn change(currency: &str, said: &Revision) -> ConversionChange {
    ConversionChange {
        kind: None,
        currency: (said.value.is_some() || said.base.is_some()).then(|| currency.to_owned()),
        base: said.base,
        value: match said.value {
            Some(value) => Some(NamedValue::Minor(value)),
            None if said.by_rules => Some(NamedValue::ByTheRules),
            None => None,
        },
        coupon_code: None,
        paid: said.paid,
        reference: None,
        deleted: said.deleted,
    }
}

/// A post as it was first said.
pub(in crate::oracle) fn posted(
    history: &History,
    numbers: &Numbers,
    place: usize,
    said: &Revision,
) -> PostedConversion {
    let post = &history.posts[place];
    let id = ConversionId(numbers.posts[place]);
    PostedConversion {
        conversion: id,
        payment: match &post.reference {
            Reference::None => Key::conversion(id),
            Reference::Own(reference) => Key::reference(reference),
            Reference::Stripe(id) => Key::reference(id),
        },
        kind: if post.signup { ConversionKind::Signup } else { ConversionKind::Purchase },
        value: said.value,
        base: said.base,
        currency: post.currency.to_owned(),
        affiliate: affiliate(numbers, post.affiliate),
        referral_code: post.code.clone(),
        coupon_code: post.coupon.clone(),
        who: who(history, &post.who),
        occurred_at: time(post.at),
        paid: said.paid == Some(true),
        deleted: false,
    }
}

fn affiliate(numbers: &Numbers, place: Option<usize>) -> Option<AffiliateId> {
    place.map(|place| AffiliateId(numbers.affiliates[place]))
}

fn who(history: &History, who: &model::Who) -> CustomerIds {
    CustomerIds {
        email: who.email.clone(),
        stripe_customer: who.customer.map(|place| Key::customer(&history.customers[place].id)),
        external_id: who.user.clone(),
    }
}

fn add(history: &History, told: &mut Vec<Told>, at: Time, command: &Command) {
    let body = serde_json::to_string(command).unwrap();
    told.push(Told { source: Source::Api, body, received: history.receipt(at) });
}

fn time(at: Time) -> DateTime<Utc> {
    DateTime::from_timestamp(at, 0).unwrap()
}
