//! JSON whose texts Rust and PostgreSQL can hold.

use std::borrow::Cow;

/// What stands for a character that is none, as in JavaScript, Go and the Unicode standard (3.9, D93b).
const REPLACEMENT: &[u8] = b"\\ufffd";

/// The same JSON with the replacement character where it has what Stripe's own clients take and neither
/// `str` nor PostgreSQL can hold: half a surrogate pair, NUL, and bytes that are not UTF-8. Texts that
/// decide nothing must not refuse anything (SEMANTICS 19), and in valid JSON a backslash stands only in
/// texts: those of values and those of keys.
pub(crate) fn well_formed(json: &[u8]) -> Cow<'_, [u8]> {
    let utf8 = match String::from_utf8_lossy(json) {
        Cow::Borrowed(_) => Cow::Borrowed(json),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    };
    match mended(&utf8) {
        Some(mended) => Cow::Owned(mended),
        None => utf8,
    }
}

/// `None` when there is nothing to mend.
fn mended(json: &[u8]) -> Option<Vec<u8>> {
    let mut mended: Option<Vec<u8>> = None;
    let (mut at, mut copied) = (0, 0);
    while let Some(next) = json.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        at += next;
        let (length, holds) = match (code_unit(json, at), code_unit(json, at + ESCAPE)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (2 * ESCAPE, true),
            (Some(0 | 0xd800..=0xdfff), _) => (ESCAPE, false),
            (Some(_), _) => (ESCAPE, true),
            // Any other escape: the backslash and what it escapes, which may be a backslash.
            (None, _) => (2, true),
        };
        if !holds {
            let mended = mended.get_or_insert_with(|| Vec::with_capacity(json.len()));
            mended.extend_from_slice(json.get(copied..at).unwrap_or_default());
            mended.extend_from_slice(REPLACEMENT);
            copied = at + length;
        }
        at += length;
    }
    let mut mended = mended?;
    mended.extend_from_slice(json.get(copied..).unwrap_or_default());
    Some(mended)
}

/// The bytes of `\uXXXX`.
const ESCAPE: usize = 6;

/// The UTF-16 code unit that is escaped there, if one is.
fn code_unit(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + ESCAPE)?.strip_prefix(b"\\u")?;
    let digits = std::str::from_utf8(digits)
        .ok()
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(json: &str) -> String {
        String::from_utf8(well_formed(json.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn half_a_pair_and_nul_become_the_replacement_character() {
        for (given, kept) in [
            (r#"{"\ud83d":"\udc00x"}"#, r#"{"\ufffd":"\ufffdx"}"#),
            (r#"["\u0000","a\uD800\ud800\uDC00"]"#, r#"["\ufffd","a\ufffd\ud800\uDC00"]"#),
            (r#"["\ud83d\n","\ud83d\\udc00"]"#, r#"["\ufffd\n","\ufffd\\udc00"]"#),
        ] {
            assert_eq!(mended(given), kept);
            serde_json::from_str::<serde_json::Value>(kept).unwrap();
        }
    }

    #[test]
    fn what_can_be_held_is_left_as_it_is() {
        for json in [
            r#"{"a":"\ud83d\ude00 \\ud83d \u00e4 \"\\\\\u0001"}"#,
            r#"{"a":"😀\/\b"}"#,
            "{}",
            r#""\u12"#,
            r"\",
            r#""\u+0+0""#,
        ] {
            assert!(matches!(well_formed(json.as_bytes()), Cow::Borrowed(_)), "{json}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_replaced_as_well() {
        assert_eq!(&*well_formed(b"\"a\xff\xc3\""), "\"a\u{fffd}\u{fffd}\"".as_bytes());
    }
}
