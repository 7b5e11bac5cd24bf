//! Descriptions: paragraphs with words in code.

use maud::{Markup, html};

/// Paragraphs are apart by an empty line.
pub(super) fn paragraphs(text: &str) -> Markup {
    html! { @for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) { p { (line(paragraph)) } } }
}

/// What stands between backticks is code.
pub(super) fn line(text: &str) -> Markup {
    html! { @for (place, part) in text.split('`').enumerate() {
        @if place % 2 == 1 { code { (part) } } @else { (part) }
    } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_backticks_are_code_and_everything_is_escaped() {
        let text = paragraphs("One `a < b`.\n\nTwo <script>.").into_string();
        assert_eq!(text, "<p>One <code>a &lt; b</code>.</p><p>Two &lt;script&gt;.</p>");
    }
}
