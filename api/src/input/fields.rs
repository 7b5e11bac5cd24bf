//! The fields of a JSON object, or of a query.

use super::unknown::{UnknownField, Warnings, unknown};
use crate::cursor::List;
use crate::error::{ApiError, Detail};
use chrono::{DateTime, Utc};
use domain::day::Day;
use domain::money::{Currency, Money};
use queue::envelope::Source;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A text that the database keeps; longer ones are mistakes.
pub(crate) const MAX_TEXT: usize = 255;
/// RFC 5321: 64 and 255 octets around the @.
const MAX_EMAIL: usize = 320;
/// Why somebody decided.
pub(crate) const MAX_REASON: usize = 1_000;
/// A URL.
pub(crate) const MAX_URL: usize = 2048;

/// The longest list.
const MAX_LIST: usize = 100;

/// The largest amount, in the smallest unit that people write: sums of tens of thousands of them fit 64 bits, also where the
/// ledger keeps two decimals more.
const MAX_AMOUNT: i64 = 1_000_000_000_000;

/// Fields to be read one by one. What is wrong, and what nobody reads, is gathered and told by
/// [`Fields::finish`].
#[derive(Clone)]
pub(crate) struct Fields {
    values: Map<String, Value>,
    /// The names that were asked for: all that there are for this call.
    known: BTreeSet<String>,
    /// All values are texts, as in a query.
    texts: bool,
    /// The list whose query it is.
    list: List,
    problems: Vec<Detail>,
    /// Something is missing, which may be there under another name.
    missing: bool,
}

impl Fields {
    pub(crate) fn new(fields: Map<String, Value>) -> Self {
        Self {
            values: fields,
            known: BTreeSet::new(),
            texts: false,
            list: List::default(),
            problems: Vec::new(),
            missing: false,
        }
    }

    pub(crate) fn of_texts(fields: Map<String, Value>) -> Self {
        Self { texts: true, ..Self::new(fields) }
    }

    pub(crate) fn of_list(self, list: List) -> Self {
        Self { list, ..self }
    }

    pub(crate) fn list(&self) -> List {
        self.list
    }

    /// Something is wrong with a field.
    pub(crate) fn problem(&mut self, field: &str, message: impl Into<String>) {
        self.problems.push(Detail { field: field.to_owned(), message: message.into() });
    }

    /// Something that has to be there is not.
    pub(crate) fn missing(&mut self, field: &str, message: impl Into<String>) {
        self.missing = true;
        self.problem(field, message);
    }

    /// All is read: fails when something was wrong. When something is missing, the unknown fields are
    /// named too: it is often one of them.
    pub(crate) fn finish(self) -> Result<Warnings, ApiError> {
        // A query may carry what is meant for others.
        let unknown = if self.texts { Vec::new() } else { unknown(&self.values, &self.known) };
        let Some(first) = self.problems.first() else { return Ok(Warnings::of(&unknown)) };
        let unknown = if self.missing { unknown } else { Vec::new() };
        let said = unknown.iter().map(UnknownField::to_string);
        let message = std::iter::once(first.message.clone()).chain(said).collect::<Vec<_>>().join("; ");
        let details = self.problems.into_iter().chain(unknown.into_iter().map(Detail::from)).collect();
        Err(ApiError::InvalidParameters { message, details })
    }

    /// The field that is there under the first of several names, null being absent.
    pub(crate) fn named<'n>(&mut self, names: &[&'n str]) -> Option<&'n str> {
        self.known.extend(names.iter().map(|name| (*name).to_owned()));
        names.iter().copied().find(|name| self.values.get(*name).is_some_and(|value| !value.is_null()))
    }

    /// Whether any of these is there, right or wrong; blank is absent.
    pub(crate) fn holds_any(&self, names: &[&str]) -> bool {
        names.iter().filter_map(|name| self.values.get(*name)).any(|value| match value {
            Value::Null => false,
            Value::String(text) => !text.trim().is_empty(),
            _ => true,
        })
    }

    /// A field that has to be there.
    pub(crate) fn required<T>(&mut self, name: &str, value: Option<T>) -> Option<T> {
        let missing = self.values.get(name).is_none_or(Value::is_null);
        if value.is_none() && missing {
            self.missing(name, format!("Missing required parameter: {name}"));
        }
        value
    }

    /// A text without control characters; blank is absent.
    pub(crate) fn text(&mut self, name: &str, longest: usize) -> Option<String> {
        let text = match self.value(name)? {
            Value::String(text) => text,
            // Ids of users and orders are often numbers.
            Value::Number(number) => number.to_string(),
            _ => {
                self.problem(name, format!("{name} must be a string"));
                return None;
            }
        };
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        if text.chars().count() > longest {
            self.problem(name, format!("{name} must have at most {longest} characters"));
            return None;
        }
        if text.chars().any(char::is_control) {
            self.problem(name, format!("{name} must not hold control characters"));
            return None;
        }
        Some(text.to_owned())
    }

    /// An e-mail address, as it was written.
    pub(crate) fn email(&mut self, name: &str) -> Option<String> {
        let email = self.text(name, MAX_EMAIL)?;
        if is_email(&email) {
            return Some(email);
        }
        self.problem(name, format!("{name} must be an e-mail address"));
        None
    }

    /// An integer between bounds.
    pub(crate) fn integer(&mut self, name: &str, least: i64, most: i64) -> Option<i64> {
        let integer = match self.value(name)? {
            Value::Number(number) => number.to_string().parse().ok(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let integer = integer.filter(|integer: &i64| (least..=most).contains(integer));
        if integer.is_none() {
            let bounds = match (least, most) {
                (1, i64::MAX) => "a positive integer".to_owned(),
                (least, i64::MAX) => format!("an integer of at least {least}"),
                (least, most) => format!("an integer from {least} to {most}"),
            };
            self.problem(name, format!("{name} must be {bounds}"));
        }
        integer
    }

    /// An id.
    pub(crate) fn id(&mut self, name: &str) -> Option<i64> {
        self.integer(name, 1, i64::MAX)
    }

    /// True or false.
    pub(crate) fn boolean(&mut self, name: &str) -> Option<bool> {
        let texts = self.texts;
        match self.value(name)? {
            Value::Bool(value) => Some(value),
            Value::String(text) if texts && text == "true" => Some(true),
            Value::String(text) if texts && text == "false" => Some(false),
            _ => {
                self.problem(name, format!("{name} must be true or false"));
                None
            }
        }
    }

    /// One of a few words.
    pub(crate) fn one_of<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(name, MAX_TEXT)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.problem(name, format!("{name} must be one of: {}", words.join(", ")));
        }
        found
    }

    /// Where something came from.
    pub(crate) fn source(&mut self, name: &str) -> Option<Source> {
        self.one_of(name, &Source::ALL.map(|source| (source.as_str(), source)))
    }

    /// A text that is never written as a number.
    pub(crate) fn string(&mut self, name: &str, longest: usize) -> Option<String> {
        if self.value(name)?.is_string() {
            return self.text(name, longest);
        }
        self.problem(name, format!("{name} must be a string"));
        None
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let list = match self.value(name)? {
            Value::Array(list) if list.len() <= MAX_LIST => list,
            _ => {
                self.problem(name, format!("{name} must be a list of at most {MAX_LIST} strings"));
                return None;
            }
        };
        let texts = list.into_iter().map(|value| match value {
            Value::String(text) => Some(text.trim().to_owned()),
            _ => None,
        });
        let texts: Option<Vec<String>> = texts.collect();
        if texts.is_none() {
            self.problem(name, format!("{name} must be a list of strings"));
        }
        texts
    }

    /// A list of ids, at least one.
    pub(crate) fn ids(&mut self, name: &str, most: usize) -> Option<Vec<i64>> {
        let ids = match self.value(name)? {
            Value::Array(list) if (1..=most).contains(&list.len()) => {
                list.iter().map(|id| id.as_i64().filter(|id| *id > 0)).collect::<Option<Vec<i64>>>()
            }
            _ => None,
        };
        if ids.is_none() {
            self.problem(name, format!("{name} must be a list of 1 to {most} positive integers"));
        }
        ids
    }

    /// A currency; usd when there is none.
    pub(crate) fn currency(&mut self, name: &str) -> Option<Currency> {
        let code = self.text(name, MAX_TEXT)?;
        Currency::parse(&code).map_err(|error| self.problem(name, format!("{name}: {error}"))).ok()
    }

    /// An amount that is not negative, as an exact decimal: a JSON number, or the same in quotes.
    pub(crate) fn amount(&mut self, name: &str, currency: Currency) -> Option<Money> {
        let decimal = match self.value(name)? {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text,
            _ => {
                self.problem(name, format!("{name} must be a number"));
                return None;
            }
        };
        match Money::parse_computed(&decimal, currency) {
            Ok(money) if (0..=MAX_AMOUNT).contains(&money.written_units()) => Some(money),
            Ok(money) if money.minor < 0 => {
                self.problem(name, format!("{name} must not be negative"));
                None
            }
            Ok(_) => {
                self.problem(name, format!("{name}: {decimal} is too large"));
                None
            }
            Err(error) => {
                self.problem(name, format!("{name}: {error}"));
                None
            }
        }
    }

    /// A time that has passed: ISO 8601 with an offset.
    pub(crate) fn past(&mut self, name: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let text = self.text(name, MAX_TEXT)?;
        let Ok(at) = DateTime::parse_from_rfc3339(&text) else {
            self.problem(name, format!("{name} must be a time such as 2026-01-31T12:00:00Z"));
            return None;
        };
        let at = at.to_utc();
        if at < EARLIEST || at > now + CLOCK_SKEW {
            self.problem(name, format!("{name} must lie in the past"));
            return None;
        }
        // The database keeps microseconds.
        DateTime::from_timestamp_micros(at.timestamp_micros())
    }

    /// A time: ISO 8601 with an offset.
    pub(crate) fn time(&mut self, name: &str) -> Option<DateTime<Utc>> {
        let text = self.text(name, MAX_TEXT)?;
        let at = DateTime::parse_from_rfc3339(&text).ok().map(|at| at.to_utc());
        let at = at.filter(|at| Day::of(*at).is_ok());
        if at.is_none() {
            self.problem(name, format!("{name} must be a time such as 2026-01-31T12:00:00Z"));
        }
        // The database keeps microseconds.
        at.and_then(|at| DateTime::from_timestamp_micros(at.timestamp_micros()))
    }

    /// A day.
    pub(crate) fn day(&mut self, name: &str) -> Option<Day> {
        let text = self.text(name, MAX_TEXT)?;
        let day = text.parse().ok();
        if day.is_none() {
            self.problem(name, format!("{name} must be a date such as 2026-01-31"));
        }
        day
    }

    /// Whether nothing was wrong so far.
    pub(crate) fn is_fine(&self) -> bool {
        self.problems.is_empty()
    }

    /// What a change makes of what stands: null clears it, what is absent stays.
    pub(crate) fn or_standing<T>(&self, name: &str, sent: Option<T>, standing: Option<T>) -> Option<T> {
        if self.is_null(name) { None } else { sent.or(standing) }
    }

    /// Whether a field is there with null.
    pub(crate) fn is_null(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(Value::is_null)
    }

    /// A value as it is, null being absent.
    pub(crate) fn value(&mut self, name: &str) -> Option<Value> {
        if !self.known.contains(name) {
            self.known.insert(name.to_owned());
        }
        self.values.get(name).filter(|value| !value.is_null()).cloned()
    }
}

/// Before this nobody sold software by subscription.
const EARLIEST: DateTime<Utc> = DateTime::<Utc>::UNIX_EPOCH;
/// How far ahead of ours a caller's clock may be.
const CLOCK_SKEW: chrono::TimeDelta = chrono::TimeDelta::minutes(5);

/// One @ with something on both sides, no blanks: more cannot be known without writing to it.
pub(crate) fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty() && !domain.contains('@'))
        && !text.chars().any(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Fields {
        Fields::new(serde_json::from_str(json).unwrap())
    }

    fn problems(fields: Fields) -> Vec<String> {
        match fields.finish() {
            Err(ApiError::InvalidParameters { details, .. }) => {
                details.into_iter().map(|detail| detail.message).collect()
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let mut fields =
            fields(r#"{"email": "ann", "affiliate_id": 0, "paid": "yes", "type": "gift", "x": null}"#);
        assert_eq!(fields.email("email"), None);
        assert_eq!(fields.id("affiliate_id"), None);
        assert_eq!(fields.boolean("paid"), None);
        assert_eq!(fields.one_of("type", &[("signup", 1), ("purchase", 2)]), None);
        let x = fields.text("x", 10);
        assert_eq!(fields.required("x", x), None);
        assert_eq!(
            problems(fields),
            [
                "email must be an e-mail address",
                "affiliate_id must be a positive integer",
                "paid must be true or false",
                "type must be one of: signup, purchase",
                "Missing required parameter: x",
            ]
        );
    }

    #[test]
    fn amounts_are_exact_decimals() {
        let usd = Currency::parse("usd").unwrap();
        let amount = |json: &str| {
            let mut fields = fields(&format!(r#"{{"amount": {json}}}"#));
            let amount = fields.amount("amount", usd).map(|money| money.minor);
            (amount, problems(fields))
        };
        assert_eq!(amount("49.99").0, Some(4_999));
        assert_eq!(amount("1e2").0, Some(10_000));
        assert_eq!(amount("\"0.07\"").0, Some(7));
        // The noise of binary arithmetic is taken off; real excess is not.
        assert_eq!(amount("0.30000000000000004").0, Some(30));
        assert_eq!(amount("0.29999999999999998889776975").0, Some(30));
        assert_eq!(amount("49.999").1, ["amount: 49.999 has more decimals than usd has: at most 2"]);
        assert_eq!(amount("-1").1, ["amount must not be negative"]);
        assert_eq!(amount("1e20").1.len(), 1);
        // As serde_json keeps it: the exponent has its sign.
        assert_eq!(amount("1e400").1, ["amount: 1e+400 is too large"]);
        assert_eq!(amount("1e-400").1, ["amount: 1e-400 has more decimals than usd has: at most 2"]);
        assert_eq!(amount("true").1, ["amount must be a number"]);
    }

    #[test]
    fn a_text_is_fit_for_the_database() {
        let mut fields = fields(r#"{"a": "x\u0000y", "b": "  ", "c": 17, "d": "  é  ", "e": "abc"}"#);
        assert_eq!(fields.text("a", 10), None);
        assert_eq!(fields.text("b", 10), None);
        assert_eq!(fields.text("c", 10).as_deref(), Some("17"));
        assert_eq!(fields.text("d", 10).as_deref(), Some("é"));
        assert_eq!(fields.text("e", 2), None);
        assert_eq!(problems(fields).len(), 2);
    }
}
