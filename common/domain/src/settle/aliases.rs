//! The other names of a payment.

use crate::key::Key;
use crate::union_find::UnionFind;
use std::collections::BTreeSet;

/// Every key that names the same payment as `key` does, by the identities of its cluster's facts: the sets
/// that the fold makes (SEMANTICS 1). Empty when the key names no payment.
#[must_use]
pub fn aliases(identities: &[Vec<Key>], key: &Key) -> BTreeSet<Key> {
    if !key.names_a_payment() {
        return BTreeSet::new();
    }
    let mut sets = UnionFind::default();
    for identities in identities {
        sets.join(identities.iter().filter(|key| key.names_a_payment()));
    }
    let root = sets.root(key);
    sets.sets().remove(&root).unwrap_or_default().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        Key::stored(text.to_owned())
    }

    #[test]
    fn payments_of_one_customer_stay_apart() {
        let identities = [
            ["cs_1", "cus_1", "in_1"].map(key).to_vec(),
            ["in_1", "pi_1", "cus_1"].map(key).to_vec(),
            ["ch_1", "pi_1"].map(key).to_vec(),
            ["in_2", "pi_2", "cus_1"].map(key).to_vec(),
        ];
        let one: BTreeSet<Key> = ["cs_1", "in_1", "pi_1", "ch_1"].map(key).into();
        assert_eq!(aliases(&identities, &key("ch_1")), one);
        assert_eq!(aliases(&identities, &key("in_1")), one);
        assert_eq!(aliases(&identities, &key("pi_2")), ["in_2", "pi_2"].map(key).into());
        assert_eq!(aliases(&identities, &key("cus_1")), BTreeSet::new());
    }
}
