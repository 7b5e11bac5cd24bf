//! Amounts as people and programs write them.

use domain::money::{Currency, Money};

#[test]
fn an_amount_is_refused_or_the_one_that_is_written() {
    let currencies = ["usd", "jpy", "kwd", "isk", "ugx", "huf"].map(|code| Currency::stored(code).unwrap());
    fuzz::target("amounts", |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        for currency in currencies {
            if let Ok(exact) = Money::parse(text, currency) {
                assert_eq!(Money::parse(&exact.to_decimal(), currency), Ok(exact), "{text}");
                assert_eq!(Money::parse_computed(text, currency), Ok(exact), "{text}");
                assert!(exact.minor.unsigned_abs() <= Money::MOST.unsigned_abs(), "{text}");
            }
            if let Ok(near) = Money::parse_computed(text, currency) {
                assert_eq!(Money::parse(&near.to_decimal(), currency), Ok(near), "{text}");
            }
        }
    });
}
