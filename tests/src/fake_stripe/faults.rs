//! What goes wrong.

/// Of how many calls one fails; each kind in its turn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// None fails when there is no number.
    pub one_in: Option<usize>,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// 429, with the time to wait.
    Limited,
    /// 500.
    Broken,
    /// The answer ends in the middle.
    CutOff,
}

impl Faults {
    /// One call in so many.
    #[must_use]
    pub fn one_in(calls: usize) -> Self {
        Self { one_in: Some(calls) }
    }

    /// What becomes of a call, by its number.
    pub(super) fn of(self, call: usize) -> Option<Fault> {
        let every = self.one_in?;
        if every == 0 || !call.is_multiple_of(every) {
            return None;
        }
        Some(match (call / every) % 3 {
            0 => Fault::Limited,
            1 => Fault::Broken,
            _ => Fault::CutOff,
        })
    }
}
