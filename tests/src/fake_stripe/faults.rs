//! What goes wrong.

/// Of how many calls one fails; each kind in its turn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// None fails when there is no number.
    pub one_in: Option<usize>,
    /// Whether some of those are not answered at all.
    pub some_hang: bool,
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
    /// There is no answer.
    Silent,
}

impl Faults {
    /// One call in so many.
    #[must_use]
    pub fn one_in(calls: usize) -> Self {
        Self { one_in: Some(calls), some_hang: false }
    }

    /// The same, and some calls are not answered.
    #[must_use]
    pub fn and_silence(self) -> Self {
        Self { some_hang: true, ..self }
    }

    /// What becomes of a call, by its number.
    pub(super) fn of(self, call: usize) -> Option<Fault> {
        let every = self.one_in?;
        if every == 0 || !call.is_multiple_of(every) {
            return None;
        }
        Some(match (call / every) % 4 {
            0 => Fault::Limited,
            1 => Fault::Broken,
            2 if self.some_hang => Fault::Silent,
            _ => Fault::CutOff,
        })
    }
}
