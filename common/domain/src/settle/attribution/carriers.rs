//! Who carries an address and is bound: the referrals that an address alone leads to (SEMANTICS 4 g).

use super::candidate::Candidate;
use super::moment::{self, Moment};
use crate::clock::not_after;
use crate::key::Key;
use crate::settle::outcome::Bind;
use crate::settle::people::{People, Person};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Of those who carry one address so many decide: of one who is matched with them no more than two others.
const DECIDE: usize = 3;

/// Somebody who carries an address and is bound by what they brought along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::settle) struct Carrier {
    /// From when both are known.
    since: DateTime<Utc>,
    anchor: Key,
    bind: Bind,
}

impl Carrier {
    /// Who it is.
    pub(in crate::settle) fn anchor(&self) -> &Key {
        &self.anchor
    }

    /// To whom they are bound.
    pub(in crate::settle) fn bind(&self) -> &Bind {
        &self.bind
    }
}

/// The first three of those who carry an address and are bound by what they brought along, by address, in order of the time from which
/// both are known.
pub(super) struct Carriers<'a> {
    by_address: BTreeMap<&'a Key, Vec<Known<'a>>>,
}

#[derive(Clone, Copy)]
struct Known<'a> {
    since: DateTime<Utc>,
    anchor: &'a Key,
    bind: &'a Bind,
}

impl<'a> Carriers<'a> {
    /// Those of these people, and others of whom nothing else is known here.
    pub(super) fn of(
        people: &'a People,
        own: &'a BTreeMap<&Key, Bind>,
        others: impl IntoIterator<Item = (&'a Key, &'a Carrier)>,
    ) -> Self {
        let mut by_address: BTreeMap<&Key, Vec<Known<'_>>> = BTreeMap::new();
        for (anchor, bind) in own {
            // A lock alone makes nobody: whoever is only named by one carries nothing.
            let person = people.by_anchor.get(*anchor).filter(|person| person.first_seen_at.is_some());
            for (address, since) in person.into_iter().flat_map(Person::known_addresses) {
                let since = since.max(bind.bound_at);
                by_address.entry(address).or_default().push(Known { since, anchor, bind });
            }
        }
        for (address, Carrier { since, anchor, bind }) in others {
            by_address.entry(address).or_default().push(Known { since: *since, anchor, bind });
        }
        for carriers in by_address.values_mut() {
            carriers.sort_by_key(|carrier| (carrier.since, carrier.anchor));
            carriers.truncate(DECIDE);
        }
        Self { by_address }
    }

    /// The same, to be kept.
    pub(super) fn kept(&self) -> BTreeMap<Key, Vec<Carrier>> {
        let keep = |known: &Known<'_>| Carrier {
            since: known.since,
            anchor: known.anchor.clone(),
            bind: known.bind.clone(),
        };
        let all = self.by_address.iter();
        all.map(|(address, carriers)| ((*address).clone(), carriers.iter().map(keep).collect())).collect()
    }
}

/// The bound people who carry one of a person's addresses (SEMANTICS 4 g), each from when both are known to carry it and the bind is there:
/// who comes to an address later is matched with nobody before. The first is a match until there is a second, and nobody is from then on.
pub(super) struct EmailMatches<'a> {
    first: Option<(DateTime<Utc>, &'a Bind)>,
    second: Option<DateTime<Utc>>,
}

impl<'a> EmailMatches<'a> {
    pub(super) fn of(person: &Person, carriers: &Carriers<'a>) -> Self {
        let mut others: BTreeMap<&Key, (DateTime<Utc>, &'a Bind)> = BTreeMap::new();
        for (address, mine) in person.known_addresses() {
            let carriers = carriers.by_address.get(address).into_iter().flatten();
            for other in carriers.filter(|other| *other.anchor != person.anchor) {
                let since = mine.max(other.since);
                let known = others.entry(other.anchor).or_insert((since, other.bind));
                known.0 = known.0.min(since);
            }
        }
        let mut others: Vec<(DateTime<Utc>, &Bind)> = others.into_values().collect();
        others.sort_by_key(|(since, _)| *since);
        let mut others = others.into_iter();
        Self { first: others.next(), second: others.next().map(|(since, _)| since) }
    }

    /// The bind of the only one who was bound by then.
    fn at(&self, at: DateTime<Utc>) -> Option<Candidate<'a>> {
        let (since, first) = self.first.filter(|(since, _)| not_after(*since, at))?;
        if self.second.is_none_or(|second| !not_after(second, at)) {
            return Some(Candidate::email_match(Ok(first), since));
        }
        let several = "several referrals carry the customer's e-mail address".to_owned();
        Some(Candidate::email_match(Err(several), at))
    }

    pub(super) fn add_to(&self, moments: &mut Vec<Moment<'a>>) {
        for moment in moments.iter_mut() {
            if moment.is_an_act()
                && let Some(same) = self.at(moment.at)
            {
                moment.candidates.push(same);
            }
        }
        // A referral that is bound later may find payments waiting. One that is not the only one binds nobody.
        let later = self.first.and_then(|(since, _)| Some(Moment::email_match(since, self.at(since)?)));
        moments.extend(later);
        moment::sort(moments);
    }
}
