//! W3C Trace Context, level 1: `00-{trace}-{span}-{flags}`.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

#[cfg(test)]
pub(crate) const TEST: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// What a header names; none when it names nothing.
pub(crate) fn read(text: &str) -> Option<SpanContext> {
    let mut parts = text.split('-');
    let (Some("00"), Some(trace), Some(span), Some(flags), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    if (trace.len(), span.len(), flags.len()) != (32, 16, 2) {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let context = SpanContext::new(trace, span, flags, true, TraceState::default());
    context.is_valid().then_some(context)
}

/// The header that names it.
pub(crate) fn write(context: &SpanContext) -> String {
    format!("00-{:032x}-{:016x}-{:02x}", context.trace_id(), context.span_id(), context.trace_flags())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_the_same() {
        assert_eq!(write(&read(TEST).unwrap()), TEST);
        let silent = TEST.replace("-01", "-00");
        assert_eq!(write(&read(&silent).unwrap()), silent);
        for text in
            ["", "00", "01-x", &TEST.replace("00-4b", "00-zz"), &TEST.replace("4bf9", "4bf"), &"0".repeat(55)]
        {
            assert!(read(text).is_none(), "{text:?}");
        }
        let nobody = format!("00-{}-{}-01", "0".repeat(32), "0".repeat(16));
        assert!(read(&nobody).is_none());
    }
}
