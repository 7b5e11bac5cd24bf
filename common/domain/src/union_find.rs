//! Disjoint sets of keys: which names turn out to name one thing.

use super::key::Key;
use std::collections::BTreeMap;

/// Disjoint sets over keys. A set is named by its least key, whatever the order of the unions.
#[derive(Clone, Debug, Default)]
pub struct UnionFind {
    parents: BTreeMap<Key, Key>,
}

impl UnionFind {
    /// Puts all of the keys into one set; a single key is made known.
    pub fn join<'a>(&mut self, keys: impl IntoIterator<Item = &'a Key>) {
        let mut keys = keys.into_iter();
        let Some(first) = keys.next() else { return };
        let mut root = self.root(first);
        for key in keys {
            let other = self.root(key);
            if other < root {
                self.parents.insert(root, other.clone());
                root = other;
            } else if root < other {
                self.parents.insert(other, root.clone());
            }
        }
    }

    /// The least key of the set that holds `key`, which is made known.
    pub fn root(&mut self, key: &Key) -> Key {
        let mut root = key.clone();
        loop {
            match self.parents.get(&root) {
                Some(parent) if *parent != root => root = parent.clone(),
                Some(_) => break,
                None => {
                    self.parents.insert(root.clone(), root.clone());
                    break;
                }
            }
        }
        if root != *key {
            // Shorten the path for the next caller.
            self.parents.insert(key.clone(), root.clone());
        }
        root
    }

    /// Every set with its members, by its least key.
    pub fn sets(&mut self) -> BTreeMap<Key, Vec<Key>> {
        let keys: Vec<Key> = self.parents.keys().cloned().collect();
        let mut sets: BTreeMap<Key, Vec<Key>> = BTreeMap::new();
        for key in keys {
            sets.entry(self.root(&key)).or_default().push(key);
        }
        sets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::stored(name.to_owned())
    }

    #[test]
    fn sets_do_not_depend_on_the_order_of_the_unions() {
        let unions = [["in_1", "pi_1"], ["ch_1", "pi_1"], ["cs_2", "pi_2"], ["cs_1", "in_1"]];
        let mut forward = UnionFind::default();
        let mut backward = UnionFind::default();
        for pair in unions {
            forward.join(&pair.map(key));
        }
        for pair in unions.iter().rev() {
            backward.join(&pair.map(key));
        }
        assert_eq!(forward.sets(), backward.sets());
        assert_eq!(forward.root(&key("in_1")), key("ch_1"));
        assert_eq!(forward.sets().len(), 2);
    }
}
