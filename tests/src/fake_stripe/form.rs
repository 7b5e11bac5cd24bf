//! Forms that are posted.

/// The fields of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn read(text: &str) -> Self {
        let field = |pair: &str| pair.split_once('=').map(|(name, value)| (decoded(name), decoded(value)));
        Self(text.split('&').filter_map(field).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The values of a list, `name[0]` and so on.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        let start = format!("{name}[");
        self.0
            .iter()
            .filter(|(field, _)| field.starts_with(&start))
            .map(|(_, value)| value.as_str())
            .collect()
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let hex: Option<u8> = (byte == b'%').then(|| {
            let digits: Vec<u8> = rest.by_ref().take(2).collect();
            u8::from_str_radix(std::str::from_utf8(&digits).unwrap_or_default(), 16).unwrap_or(b'?')
        });
        bytes.push(hex.unwrap_or(if byte == b'+' { b' ' } else { byte }));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
