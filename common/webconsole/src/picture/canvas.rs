//! Boxes below one another on a line that leads from the first to the last.

use super::wrapped::{plain, wrapped};
use maud::{Markup, html};

/// The whole picture, in pixels.
const WIDTH: i32 = 760;
const MARGIN: i32 = 16;
/// The line on which boxes hang.
const SPINE: i32 = 32;
/// Where boxes begin, and how wide they are.
const LEFT: i32 = 56;
const BOX: i32 = WIDTH - LEFT - MARGIN;
const PADDING: i32 = 12;
const LINE: i32 = 19;
/// Between two boxes.
const GAP: i32 = 12;
/// What an amount takes at the right.
const AMOUNT: i32 = 150;

/// How a box looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Plain,
    Won,
    Lost,
}

impl Look {
    fn class(self) -> &'static str {
        match self {
            Self::Plain => "box",
            Self::Won => "box won",
            Self::Lost => "box lost",
        }
    }

    fn fill(self) -> &'static str {
        match self {
            Self::Plain => "#f5f6f8",
            Self::Won => "#e7f6ec",
            Self::Lost => "#ffffff",
        }
    }

    fn stroke(self) -> &'static str {
        match self {
            Self::Plain => "#c9ced6",
            Self::Won => "#166534",
            Self::Lost => "#505865",
        }
    }
}

/// How a line reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Title,
    Text,
    Quiet,
    Good,
    Bad,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Title | Self::Text => "",
            Self::Quiet => "quiet",
            Self::Good => "good",
            Self::Bad => "bad",
        }
    }

    fn fill(self) -> &'static str {
        match self {
            Self::Title | Self::Text => "#16181d",
            Self::Quiet => "#505865",
            Self::Good => "#166534",
            Self::Bad => "#b42318",
        }
    }
}

/// A line of a box, with an amount at its end where it has one.
#[derive(Clone, Debug)]
pub(super) struct Line {
    tone: Tone,
    text: String,
    amount: Option<String>,
    link: Option<String>,
}

impl Line {
    pub(super) fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into(), amount: None, link: None }
    }

    #[expect(clippy::needless_pass_by_value, reason = "amounts and words alike, as callers have them")]
    pub(super) fn amount(self, amount: impl ToString) -> Self {
        Self { amount: Some(amount.to_string()), ..self }
    }

    /// Leads somewhere, when there is somewhere to go.
    pub(super) fn to(self, link: Option<String>) -> Self {
        Self { link, ..self }
    }
}

/// The picture as far as it is drawn.
pub(super) struct Canvas {
    y: i32,
    drawn: Vec<Markup>,
    /// Where boxes hang on the line.
    hanging: Vec<(i32, Look)>,
}

impl Canvas {
    pub(super) fn new() -> Self {
        Self { y: MARGIN, drawn: Vec::new(), hanging: Vec::new() }
    }

    /// A heading between boxes.
    pub(super) fn heading(&mut self, text: &str) {
        self.y += LINE;
        let text = plain(text);
        self.drawn.push(html! {
            text.quiet x=(LEFT) y=(self.y) fill="#505865" font-weight="600" { (text) }
        });
        self.y += GAP;
    }

    /// A box.
    pub(super) fn boxed(&mut self, look: Look, lines: Vec<Line>) {
        let top = self.y;
        let mut texts = Vec::new();
        let mut y = top + PADDING + LINE - 5;
        for line in lines {
            let room = BOX - 2 * PADDING - if line.amount.is_some() { AMOUNT } else { 0 };
            let first = y;
            for part in wrapped(&line.text, room) {
                texts.push(written(&line, &part, y));
                y += LINE;
            }
            if let Some(amount) = &line.amount {
                texts.push(html! {
                    text class=(line.tone.class()) x=(LEFT + BOX - PADDING) y=(first) fill=(line.tone.fill())
                        font-weight=[(line.tone == Tone::Title).then_some("600")] text-anchor="end" { (plain(amount)) }
                });
            }
        }
        let height = y - LINE + 5 + PADDING - top;
        self.drawn.push(html! {
            rect class=(look.class()) x=(LEFT) y=(top) width=(BOX) height=(height) rx="6" fill=(look.fill())
                stroke=(look.stroke()) stroke-width=[(look == Look::Won).then_some("2")]
                stroke-dasharray=[(look == Look::Lost).then_some("4 3")] {}
            @for text in texts { (text) }
        });
        self.hanging.push((top + PADDING + LINE / 2, look));
        self.y = top + height + GAP;
    }

    /// All of it.
    pub(super) fn finish(self, title: &str) -> String {
        let height = self.y + MARGIN - GAP;
        let ends =
            self.hanging.first().zip(self.hanging.last()).map(|((first, _), (last, _))| (*first, *last));
        html! {
            svg xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (WIDTH) " " (height) } width=(WIDTH) height=(height)
                role="group" aria-label=(plain(title)) font-family="system-ui, sans-serif" font-size="13" {
                title { (plain(title)) }
                rect.ground x="0" y="0" width=(WIDTH) height=(height) fill="#ffffff" {}
                @if let Some((first, last)) = ends {
                    line.line x1=(SPINE) y1=(first) x2=(SPINE) y2=(last) stroke="#505865" {}
                }
                @for (y, look) in self.hanging {
                    @let (class, stroke, width) = tick(look);
                    line class=(class) x1=(SPINE) y1=(y) x2=(LEFT) y2=(y) stroke=(stroke) stroke-width=(width) {}
                }
                @for part in self.drawn { (part) }
            }
        }
        .into_string()
    }
}

fn tick(look: Look) -> (&'static str, &'static str, &'static str) {
    match look {
        Look::Won => ("line line-won", "#166534", "3"),
        Look::Plain | Look::Lost => ("line", "#505865", "1"),
    }
}

fn written(line: &Line, part: &str, y: i32) -> Markup {
    let text = html! {
        text class=(line.tone.class()) x=(LEFT + PADDING) y=(y) fill=(line.tone.fill())
            font-weight=[(line.tone == Tone::Title).then_some("600")] { (part) }
    };
    match &line.link {
        Some(to) => html! { a href=(to) { (text) } },
        None => text,
    }
}
