//! Numbers drawn from words of chance.

/// The chance in one step.
pub(super) type Words = [u64; 6];

/// Draws numbers; zero words draw zeros, and zero is always the plainest choice.
#[derive(Clone, Debug)]
pub(super) struct Dice {
    words: Words,
    turn: usize,
}

impl Dice {
    pub(super) fn new(words: Words) -> Self {
        Self { words, turn: 0 }
    }

    /// 0 to `sides` − 1.
    pub(super) fn below(&mut self, sides: usize) -> usize {
        let sides = u64::try_from(sides.max(1)).unwrap();
        let word = &mut self.words[self.turn];
        let drawn = *word % sides;
        *word /= sides;
        self.turn = (self.turn + 1) % self.words.len();
        usize::try_from(drawn).unwrap()
    }

    /// The same as a number of seconds, days or minor units.
    pub(super) fn number(&mut self, sides: i64) -> i64 {
        i64::try_from(self.below(usize::try_from(sides).unwrap())).unwrap()
    }

    /// True once in so many.
    pub(super) fn one_in(&mut self, sides: usize) -> bool {
        self.below(sides) == sides - 1
    }

    /// One of these; the first is the plainest.
    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// One of the places of a list, if there are any.
    pub(super) fn place<T>(&mut self, list: &[T]) -> Option<usize> {
        (!list.is_empty()).then(|| self.below(list.len()))
    }
}
