//! What a back end posted, as the API's commands.

use super::{Numbers, Told};
use crate::oracle::model::{self, History, Reference, Time};
use chrono::{DateTime, Utc};
use common::domain::command::Command;
use common::domain::fact::{ConversionKind, PostedConversion, ReferralRegistered, Who};
use common::domain::ids::{AffiliateId, ConversionId};
use common::domain::key::Key;
use common::queue::envelope::Source;

pub(super) fn tell(history: &History, numbers: &Numbers, told: &mut Vec<Told>) {
    let affiliate = |place: Option<usize>| place.map(|place| AffiliateId(numbers.affiliates[place]));
    for post in &history.posts {
        let id = ConversionId(numbers.offset + post.id);
        let payment = match &post.reference {
            Reference::None => Key::conversion(id),
            Reference::Own(reference) => Key::reference(reference),
            Reference::Invoice(place) => Key::reference(&history.invoices[*place].id),
        };
        for (revision, said) in (0i64..).zip(&post.revisions) {
            let conversion = PostedConversion {
                conversion: id,
                payment: payment.clone(),
                kind: if post.signup { ConversionKind::Signup } else { ConversionKind::Purchase },
                value: said.value,
                base: said.base,
                currency: post.currency.to_owned(),
                affiliate: affiliate(post.affiliate),
                referral_code: post.code.clone(),
                coupon_code: post.coupon.clone(),
                who: who(history, &post.who),
                occurred_at: time(post.at),
                paid: false,
                deleted: said.deleted,
            };
            let accepted_at = time(said.at);
            add(history, told, said.at, &Command::Conversion { revision, accepted_at, conversion });
        }
    }
    for referral in &history.referrals {
        let registered = ReferralRegistered {
            who: who(history, &referral.who),
            affiliate: affiliate(referral.affiliate),
            referral_code: referral.code.clone(),
            occurred_at: time(referral.at),
            first: None,
            converted: false,
        };
        let (id, accepted_at) = (numbers.offset + referral.id, time(referral.at));
        let command = Command::Referral { id, revision: 0, accepted_at, referral: registered };
        add(history, told, referral.at, &command);
    }
}

fn who(history: &History, who: &model::Who) -> Who {
    Who {
        email: who.email.clone(),
        stripe_customer: who.customer.map(|place| Key::object(None, &history.customers[place].id)),
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
