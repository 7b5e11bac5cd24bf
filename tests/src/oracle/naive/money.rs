//! Arithmetic in 128 bits, by the school's rules.

/// `a × b ÷ c` for a positive `c`, rounded half to even (9, 11).
pub(super) fn half_even(a: i64, b: i64, c: i64) -> i64 {
    let (product, c) = (i128::from(a) * i128::from(b), i128::from(c));
    let down = product.div_euclid(c);
    let rest = product - down * c;
    let up = match (rest * 2).cmp(&c) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => down % 2 != 0,
        std::cmp::Ordering::Greater => true,
    };
    i64::try_from(if up { down + 1 } else { down }).unwrap()
}

/// `a × b ÷ c` for a positive `c`, rounded down (6).
pub(super) fn floor(a: i64, b: i64, c: i64) -> i64 {
    i64::try_from((i128::from(a) * i128::from(b)).div_euclid(i128::from(c))).unwrap()
}
