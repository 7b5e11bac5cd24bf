//! Log lines for machines: one JSON object each, in which no key stands twice.

use serde_json::Value;
use std::fmt::{self, Debug};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormattedFields,
        format::{JsonFields, Writer},
        time::{FormatTime, SystemTime},
    },
    registry::{LookupSpan, Scope},
};

/// `timestamp`, `level`, `message` and `target` of a line, then its fields, then the `span` it happened in and all
/// `spans` around. A field that is called as one of these keeps its value under another name.
pub(super) struct JsonLines;

impl<S> FormatEvent<S, JsonFields> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let mut line = Line::default();
        line.push("timestamp", Value::from(timestamp));
        line.push("level", Value::from(event.metadata().level().as_str()));
        event.record(&mut line);
        line.push("target", Value::from(event.metadata().target()));
        write!(writer, "{{")?;
        for (at, (key, value)) in line.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(writer, "{comma}{}:{value}", Value::from(key.as_str()))?;
        }
        let spans: Vec<String> =
            context.event_scope().into_iter().flat_map(Scope::from_root).map(|span| told(&span)).collect();
        if let Some(nearest) = spans.last() {
            write!(writer, ",\"span\":{nearest},\"spans\":[{}]", spans.join(","))?;
        }
        writeln!(writer, "}}")
    }
}

/// A span's fields and its name, as JSON.
fn told<'a, S: LookupSpan<'a>>(span: &tracing_subscriber::registry::SpanRef<'a, S>) -> String {
    let extensions = span.extensions();
    let fields = extensions.get::<FormattedFields<JsonFields>>();
    let parsed = fields.and_then(|fields| serde_json::from_str(&fields.fields).ok());
    let Some(Value::Object(mut fields)) = parsed else {
        return Value::from_iter([("name", span.name())]).to_string();
    };
    fields.insert("name".to_owned(), Value::from(span.name()));
    Value::Object(fields).to_string()
}

/// What a line says, in order.
#[derive(Default)]
struct Line(Vec<(String, Value)>);

impl Line {
    /// Words of the line itself.
    const ITS_OWN: [&str; 5] = ["timestamp", "level", "target", "span", "spans"];

    fn push(&mut self, key: &str, value: Value) {
        let mut key = key.to_owned();
        while self.0.iter().any(|(known, _)| *known == key) {
            key.insert_str(0, "field.");
        }
        self.0.push((key, value));
    }

    fn field(&mut self, field: &Field, value: Value) {
        match field.name() {
            own if Self::ITS_OWN.contains(&own) => self.push(&format!("field.{own}"), value),
            name => self.push(name, value),
        }
    }
}

impl Visit for Line {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.field(field, Value::from(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.field(field, Value::from(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.field(field, Value::from(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.field(field, Value::from(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field, Value::from(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.field(field, Value::from(format!("{value:?}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::fmt::MakeWriter;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Kept {
        fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(line);
            Ok(line.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Kept {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    fn line_of(say: impl FnOnce()) -> Value {
        let kept = Kept::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(kept.clone())
            .fmt_fields(JsonFields::new())
            .event_format(JsonLines)
            .finish();
        tracing::subscriber::with_default(subscriber, say);
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_field_never_replaces_what_the_line_says_itself() {
        let line = line_of(|| {
            tracing::warn!(
                message = "msg_1",
                level = 7,
                target = "t",
                timestamp = true,
                spans = 0.5,
                "dead letter"
            );
        });
        assert_eq!((&line["message"], &line["level"]), (&"dead letter".into(), &"WARN".into()));
        assert_eq!(line["field.message"], "msg_1");
        assert_eq!(line["field.level"], 7);
        assert_eq!(line["field.timestamp"], true);
        assert_eq!(line["field.spans"], 0.5);
        assert!(line["target"].as_str().unwrap().contains("json"));
    }

    #[test]
    fn a_line_names_the_spans_around_it() {
        let line = line_of(|| {
            let request = tracing::info_span!("request", id = "r-1", method = "GET").entered();
            tracing::info_span!("inner").in_scope(|| tracing::info!(rows = 2, "read"));
            drop(request);
        });
        assert_eq!((&line["message"], &line["rows"]), (&"read".into(), &2.into()));
        assert_eq!(line["span"]["name"], "inner");
        assert_eq!(line["spans"][0], serde_json::json!({"name": "request", "id": "r-1", "method": "GET"}));
    }
}
