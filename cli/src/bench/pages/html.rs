//! What leads on from a page of the console: its links, what it asks for again, and its filters.

/// A form that is sent with `GET`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    /// Where to.
    pub(crate) action: String,
    /// Its fields.
    pub(crate) fields: Vec<Field>,
}

/// A field of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// It goes along, as it is.
    Hidden { name: String, value: String },
    /// One of these is chosen.
    Choice { name: String, values: Vec<String> },
    /// Something is written into it: a `date`, or a `text`.
    Written { name: String, kind: String },
}

/// What leads on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ways {
    /// Links, and what is asked for again.
    pub(crate) links: Vec<String>,
    /// Filters.
    pub(crate) forms: Vec<Form>,
}

/// Reads them from a page of ours, which is well formed and has its attributes in quotes.
pub(crate) fn ways(page: &str) -> Ways {
    let mut ways = Ways::default();
    let mut form: Option<Form> = None;
    for tag in page.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag) {
        let name = tag.split_whitespace().next().unwrap_or_default().trim_end_matches('/');
        let of = |attribute| value(tag, attribute);
        match (name, &mut form) {
            ("a", _) => ways.links.extend(of("href")),
            ("form", _) if of("method").as_deref() == Some("get") => {
                form = Some(Form { action: of("action").unwrap_or_default(), fields: Vec::new() });
            }
            ("/form", _) => ways.forms.extend(form.take()),
            ("select", Some(form)) => {
                let name = of("name").unwrap_or_default();
                form.fields.push(Field::Choice { name, values: Vec::new() });
            }
            ("option", Some(form)) => {
                if let Some(Field::Choice { values, .. }) = form.fields.last_mut() {
                    values.extend(of("value").filter(|value| !value.is_empty()));
                }
            }
            ("input", Some(form)) => {
                let (name, kind) = (of("name").unwrap_or_default(), of("type").unwrap_or("text".to_owned()));
                match kind.as_str() {
                    "hidden" => {
                        form.fields.push(Field::Hidden { name, value: of("value").unwrap_or_default() });
                    }
                    "text" | "date" => form.fields.push(Field::Written { name, kind }),
                    _ => {}
                }
            }
            _ => {}
        }
        ways.links.extend(of("hx-get"));
    }
    ways
}

/// The value of an attribute.
fn value(tag: &str, attribute: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {attribute}=\""))?;
    let value = rest.split('"').next()?;
    Some(value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_filters_of_a_page_are_found_and_what_changes_something_is_not() {
        let page = r#"<section hx-get="/c/now"><a href="/c/a?x=1&amp;y=2">a</a></section>
            <form class="filter" method="get" action="/c/list"><input name="q" value=""><input type="date" name="from">
            <select name="status"><option value="">any</option><option value="paid" selected>paid</option></select>
            <input type="hidden" name="act" value="look"><input type="checkbox" name="all" value="yes"></form>
            <form method="post" action="/c/delete"><input name="reason"></form>"#;
        let Ways { links, forms } = ways(page);
        assert_eq!(links, ["/c/now", "/c/a?x=1&y=2"]);
        let written =
            |name: &str, kind: &str| Field::Written { name: name.to_owned(), kind: kind.to_owned() };
        let fields = vec![
            written("q", "text"),
            written("from", "date"),
            Field::Choice { name: "status".to_owned(), values: vec!["paid".to_owned()] },
            Field::Hidden { name: "act".to_owned(), value: "look".to_owned() },
        ];
        assert_eq!(forms, [Form { action: "/c/list".to_owned(), fields }]);
    }
}
