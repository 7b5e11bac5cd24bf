//! Lists that come in pages.

use super::FetchError;
use crate::json::well_formed;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Stripe's largest page (<https://docs.stripe.com/api/pagination>).
const PAGE: u32 = 100;

/// The pages of one list, as far as they were read.
#[derive(Debug, Default)]
pub(super) struct Pages {
    items: Vec<Box<RawValue>>,
    last_id: Option<String>,
    has_more: bool,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Box<RawValue>>,
    #[serde(default)]
    has_more: bool,
}

#[derive(Deserialize)]
struct Item {
    id: String,
}

impl Pages {
    /// The query of the next page.
    pub(super) fn next_query(&self) -> String {
        match &self.last_id {
            Some(id) => format!("limit={PAGE}&starting_after={id}"),
            None => format!("limit={PAGE}"),
        }
    }

    /// Takes a page in. Answers whether there is another one.
    pub(super) fn add(&mut self, page: &str) -> Result<bool, FetchError> {
        let not_a_list = |_| FetchError::Unavailable("the answer is no list of Stripe's".to_owned());
        let page: Page = serde_json::from_slice(&well_formed(page.as_bytes())).map_err(not_a_list)?;
        if let Some(last) = page.data.last() {
            let Item { id } = serde_json::from_str(last.get()).map_err(not_a_list)?;
            self.last_id = Some(super::checked_id(&id)?.to_owned());
        }
        // An empty page names no next one.
        self.has_more = page.has_more && !page.data.is_empty();
        self.items.extend(page.data);
        Ok(self.has_more)
    }

    /// One list of all that was read.
    pub(super) fn into_list(self) -> String {
        let items: Vec<&str> = self.items.iter().map(|item| item.get()).collect();
        let (items, more) = (items.join(","), self.has_more);
        format!(r#"{{"object":"list","data":[{items}],"has_more":{more}}}"#)
    }
}
