//! Where a page ends, as a text that only its own list takes.

use crate::auth::Caller;
use chrono::{DateTime, Datelike};
use sha2::{Digest, Sha256};
use store::page::Position;

/// Which list of which project and mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct List(u32);

impl List {
    /// The list at a path, as a caller sees it.
    pub(crate) fn of(path: &str, caller: Option<&Caller>) -> Self {
        let mut digest = Sha256::new();
        if let Some(caller) = caller {
            digest.update(caller.realm.project.0.to_be_bytes());
            digest.update([u8::from(caller.realm.mode.is_live())]);
        }
        digest.update(path);
        let [a, b, c, d, ..] = <[u8; 32]>::from(digest.finalize());
        Self(u32::from_be_bytes([a, b, c, d]))
    }

    /// A place in this list: microseconds, id, and the list.
    pub(crate) fn cursor(self, position: Position) -> String {
        format!("{}-{}-{:08x}", position.at.timestamp_micros(), position.id, self.0)
    }

    /// Reads a cursor that [`List::cursor`] wrote for the same list. What lies outside of four-digit years nobody
    /// wrote, and the database cannot compare with all of it.
    pub(crate) fn read(self, cursor: &str) -> Option<Position> {
        let (place, _) = cursor.rsplit_once('-')?;
        let (micros, id) = place.rsplit_once('-')?;
        let at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
        let position = Position { at, id: id.parse().ok()? };
        let is_ours = (1..=9999).contains(&at.year()) && self.cursor(position) == cursor;
        is_ours.then_some(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{Mode, ProjectId, Realm};
    use store::api_keys::{ErrorForm, KeyRole};

    fn list(path: &str, project: i64, mode: Mode) -> List {
        let realm = Realm { project: ProjectId(project), mode };
        List::of(path, Some(&Caller { key: 1, realm, role: KeyRole::Full, errors: ErrorForm::Object }))
    }

    #[test]
    fn a_cursor_survives_the_round_trip() {
        let list = list("/coupons", 1, Mode::Test);
        let position = Position { at: DateTime::from_timestamp_micros(-5).unwrap(), id: 7 };
        let cursor = list.cursor(position);
        assert_eq!(list.read(&cursor), Some(position));
        let (_, of_list) = cursor.rsplit_once('-').unwrap();
        for place in [
            "",
            "1",
            "1-",
            "-",
            "x-1",
            "1-+1",
            "01-1",
            "99999999999999999999-1",
            "8000000000000000000-1",
            "-8000000000000000000-1",
        ] {
            assert_eq!(list.read(place), None, "{place}");
            assert_eq!(list.read(&format!("{place}-{of_list}")), None, "{place}");
        }
    }

    #[test]
    fn no_other_list_takes_it() {
        let position = Position { at: DateTime::from_timestamp_micros(5).unwrap(), id: 7 };
        let cursor = list("/coupons", 1, Mode::Test).cursor(position);
        for other in [
            list("/conversions", 1, Mode::Test),
            list("/coupons", 2, Mode::Test),
            list("/coupons", 1, Mode::Live),
            List::of("/coupons", None),
        ] {
            assert_eq!(other.read(&cursor), None);
        }
    }
}
