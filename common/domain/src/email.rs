//! E-mail addresses, in the forms in which two are compared.

/// The mailbox behind an address, to see whether two are one person's (SEMANTICS 16): without what
/// follows a plus, and without dots where the provider ignores them. Gmail says that it does, and that
/// googlemail.com is the same; no other large provider documents that it ignores characters.
#[must_use]
pub fn mailbox(address: &str) -> String {
    let address = normalise(address);
    let Some((name, domain)) = address.rsplit_once('@') else { return address };
    let name = name.split('+').next().filter(|name| !name.is_empty()).unwrap_or(name);
    let domain = if domain == "googlemail.com" { "gmail.com" } else { domain };
    let name = if domain == "gmail.com" { name.replace('.', "") } else { name.to_owned() };
    format!("{name}@{domain}")
}

/// An address in the form in which two are compared: trimmed, lower case.
#[must_use]
pub fn normalise(address: &str) -> String {
    address.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_mailbox_are_one() {
        let same = [
            ("Alice@Example.com ", "alice+shop@example.com"),
            ("a.l.ice@gmail.com", "alice@gmail.com"),
            ("Alice+x+y@googlemail.com", "al.ice@GMAIL.com"),
        ];
        for (one, other) in same {
            assert_eq!(mailbox(one), mailbox(other), "{one} {other}");
        }
    }

    #[test]
    fn dots_tell_mailboxes_apart_where_the_provider_does_not_say_otherwise() {
        for (one, other) in
            [("al.ice@example.com", "alice@example.com"), ("alice@gmail.com", "alice@example.com")]
        {
            assert_ne!(mailbox(one), mailbox(other), "{one} {other}");
        }
    }

    #[test]
    fn what_is_no_address_is_its_own_mailbox() {
        assert_eq!(mailbox(" Nobody "), "nobody");
        assert_eq!(mailbox("+tag@example.com"), "+tag@example.com", "a name is left in any case");
    }
}
