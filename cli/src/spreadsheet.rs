//! CSV that a spreadsheet opens without running any of it.

use csv::{Terminator, WriterBuilder};

/// Rows as CSV after RFC 4180.
pub(crate) fn csv<R, C>(rows: impl IntoIterator<Item = R>) -> anyhow::Result<String>
where
    R: IntoIterator<Item = C>,
    C: AsRef<str>,
{
    let mut writer = WriterBuilder::new().flexible(true).terminator(Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.into_iter().map(|cell| cell.as_ref().as_bytes().to_vec()))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// Text of others as a spreadsheet shows it. A cell that begins like a formula would be run (OWASP, CSV
/// Injection); an apostrophe in front of it keeps it text.
pub(crate) fn text(cell: &str) -> String {
    if is_formula(cell) { format!("'{cell}") } else { cell.to_owned() }
}

/// Whether a spreadsheet would take a cell for a formula.
pub(crate) fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_need_it_are_quoted() {
        let rows = [vec!["a", "b, c"], vec!["say \"hi\"", "x\ny"]];
        assert_eq!(csv(rows).unwrap(), "a,\"b, c\"\r\n\"say \"\"hi\"\"\",\"x\ny\"\r\n");
    }

    #[test]
    fn formulas_become_text() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            assert_eq!(text(cell), format!("'{cell}"));
        }
        assert_eq!(text("anna@example.org"), "anna@example.org");
    }
}
