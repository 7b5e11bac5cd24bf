//! Text in lines that fit.

/// A letter's width at the size of text, in pixels; a little more than most have, since the reader's font is not known.
const LETTER: i32 = 8;

/// How many letters fit into so many pixels.
fn fitting(width: i32) -> usize {
    usize::try_from(width / LETTER).unwrap_or(0).max(12)
}

/// How wide a letter is, in letters: those of East Asia take two.
fn width(letter: char) -> usize {
    match u32::from(letter) {
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0x1_f300..=0x1_faff
        | 0x2_0000..=0x3_fffd => 2,
        _ => 1,
    }
}

/// Without what XML does not allow, and without marks that turn the direction of what stands beside them.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            letter if letter.is_control() => '\u{fffd}',
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
            letter => letter,
        })
        .collect()
}

/// A text in lines of at most so many pixels, broken between words, and within those that are too long.
pub(super) fn wrapped(text: &str, pixels: i32) -> Vec<String> {
    let most = fitting(pixels);
    let mut lines = vec![String::new()];
    let mut filled = 0_usize;
    for word in plain(text).split_whitespace() {
        let wide: usize = word.chars().map(width).sum();
        if filled > 0 && filled.saturating_add(1).saturating_add(wide) > most {
            lines.push(String::new());
            filled = 0;
        }
        if filled > 0 {
            push(&mut lines, ' ');
            filled = filled.saturating_add(1);
        }
        for letter in word.chars() {
            let wide = width(letter);
            if filled.saturating_add(wide) > most {
                lines.push(String::new());
                filled = 0;
            }
            push(&mut lines, letter);
            filled = filled.saturating_add(wide);
        }
    }
    lines
}

fn push(lines: &mut [String], letter: char) {
    if let Some(line) = lines.last_mut() {
        line.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_within_long_ones() {
        assert_eq!(wrapped("one two three four", 8 * 13), ["one two three", "four"]);
        assert_eq!(wrapped(&"x".repeat(30), 8 * 14), ["x".repeat(14), "x".repeat(14), "xx".to_owned()]);
        assert_eq!(wrapped("", 100), [""]);
        assert_eq!(wrapped(&"語".repeat(10), 8 * 12), ["語".repeat(6), "語".repeat(4)]);
    }

    #[test]
    fn what_would_mislead_or_break_the_file_is_replaced() {
        assert_eq!(plain("a\u{1}b\u{202e}c"), "a\u{fffd}b\u{fffd}c");
    }
}
