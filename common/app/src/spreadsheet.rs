//! CSV that a spreadsheet opens without running any of it.

use csv::{Terminator, WriterBuilder};

/// Rows as CSV after RFC 4180. Texts of others go through [`text`] first.
pub fn csv<R, C>(rows: impl IntoIterator<Item = R>) -> String
where
    R: IntoIterator<Item = C>,
    C: AsRef<str>,
{
    let mut writer = WriterBuilder::new().flexible(true).terminator(Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        // Rows of any length are taken, and memory takes whatever is written.
        let _ = writer.write_record(row.into_iter().map(|cell| cell.as_ref().as_bytes().to_vec()));
    }
    // Texts go in, so a text comes out.
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// Text of others as a spreadsheet shows it. A cell that begins like a formula would be run (OWASP, CSV
/// Injection); an apostrophe in front of it keeps it text.
#[must_use]
pub fn text(cell: &str) -> String {
    if is_formula(cell) { format!("'{cell}") } else { cell.to_owned() }
}

/// A value of ours, which may be an amount: `-5.00` is no formula.
#[must_use]
pub fn value(cell: &str) -> String {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_number { cell.to_owned() } else { text(cell) }
}

/// Whether a spreadsheet would take a cell for a formula.
#[must_use]
pub fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_need_it_are_quoted() {
        let rows = [vec!["a", "b, c"], vec!["say \"hi\"", "x\ny"]];
        assert_eq!(csv(rows), "a,\"b, c\"\r\n\"say \"\"hi\"\"\",\"x\ny\"\r\n");
    }

    #[test]
    fn formulas_become_text() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            assert_eq!(text(cell), format!("'{cell}"));
        }
        assert_eq!(text("anna@example.org"), "anna@example.org");
    }
}
