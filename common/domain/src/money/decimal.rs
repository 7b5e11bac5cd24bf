//! Decimals as people and programs write them.

use rust_decimal::Decimal;

/// Why a text is no decimal that can be computed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoDecimal {
    /// It is no number.
    NotANumber,
    /// It is one, with more decimals than any currency has.
    TooManyDecimals,
    /// It is one, beyond any amount.
    TooLarge,
}

/// Reads `-1.50` and `15e-1`, exactly.
pub(super) fn exact(text: &str) -> Result<Decimal, NoDecimal> {
    let shape = Shape::of(text).ok_or(NoDecimal::NotANumber)?;
    if shape.is_zero() {
        return Ok(Decimal::ZERO);
    }
    let read = match shape.exponent {
        // The crate would round the digits that it cannot keep.
        Some(_) if shape.digits() > MOST_DIGITS => return Err(shape.beyond()),
        Some(_) => Decimal::from_scientific(text),
        None => Decimal::from_str_exact(text),
    };
    read.map(|decimal| decimal.normalize()).map_err(|_| shape.beyond())
}

/// Reads the same, of a number with more digits than can be kept the nearest.
pub(super) fn nearest(text: &str) -> Result<Decimal, NoDecimal> {
    exact(text).or_else(|why| match why {
        NoDecimal::TooManyDecimals => {
            let plain = Shape::of(text).and_then(|shape| shape.plain(text.starts_with('-')));
            // What is too small to be kept at all is no noise.
            plain.and_then(|plain| plain.parse().ok()).filter(|read: &Decimal| !read.is_zero()).ok_or(why)
        }
        NoDecimal::NotANumber | NoDecimal::TooLarge => Err(why),
    })
}

/// So many digits are kept, wherever the point is.
const MOST_DIGITS: usize = 28;

/// What `0.1 + 0.2` is in binary arithmetic is less than this away from 0.3.
const NOISE: Decimal = Decimal::from_parts(1, 0, 0, false, 9);

/// The number with so many decimals that is no more than a billionth away; else the same number.
pub(super) fn without_noise(decimal: Decimal, decimals: u32) -> Decimal {
    let near = decimal.round_dp(decimals);
    let away = decimal.checked_sub(near).map(|away| away.abs());
    if away.is_some_and(|away| away <= NOISE) { near.normalize() } else { decimal }
}

/// The parts of a number as it is written.
struct Shape<'a> {
    whole: &'a str,
    fraction: &'a str,
    /// Saturating: nothing depends on the value of a huge one.
    exponent: Option<i64>,
}

impl<'a> Shape<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(Self::exponent(exponent)?)),
            None => (text, None),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let some = !whole.is_empty() || !fraction.is_empty();
        (some && digits(whole) && digits(fraction)).then_some(Self { whole, fraction, exponent })
    }

    fn exponent(text: &str) -> Option<i64> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let beyond = if text.starts_with('-') { i64::MIN } else { i64::MAX };
        Some(text.parse().unwrap_or(beyond))
    }

    fn is_zero(&self) -> bool {
        self.whole.bytes().chain(self.fraction.bytes()).all(|digit| digit == b'0')
    }

    fn digits(&self) -> usize {
        self.whole.trim_start_matches('0').len().saturating_add(self.fraction.len())
    }

    /// Without an exponent; `None` where that one is no matter of arithmetic on amounts.
    fn plain(&self, negative: bool) -> Option<String> {
        let exponent = self.exponent.unwrap_or(0);
        let shift = usize::try_from(exponent.unsigned_abs()).ok().filter(|shift| *shift <= 40)?;
        let zeros = "0".repeat(shift);
        let (before, behind) = if exponent < 0 { (zeros.as_str(), "") } else { ("", zeros.as_str()) };
        let digits = format!("{before}{}{}{behind}", self.whole, self.fraction);
        let point = before
            .len()
            .checked_add(self.whole.len())?
            .checked_add_signed(isize::try_from(exponent).ok()?)?;
        let (whole, fraction) = digits.split_at_checked(point)?;
        Some(format!("{}{whole}.{fraction}", if negative { "-" } else { "" }))
    }

    /// Why it could not be kept: more than 28 digits before the point are too many, else those behind it.
    fn beyond(&self) -> NoDecimal {
        let whole = self.whole.trim_start_matches('0').len();
        let zeros = self.fraction.len().saturating_sub(self.fraction.trim_start_matches('0').len());
        let size = if whole > 0 {
            i64::try_from(whole).unwrap_or(i64::MAX)
        } else {
            i64::try_from(zeros).map_or(i64::MIN, i64::saturating_neg)
        };
        let before_the_point = size.saturating_add(self.exponent.unwrap_or(0));
        if before_the_point > 20 { NoDecimal::TooLarge } else { NoDecimal::TooManyDecimals }
    }
}
