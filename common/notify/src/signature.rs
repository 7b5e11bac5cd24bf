//! Signatures: those of Standard Webhooks (<https://www.standardwebhooks.com>), and the plain one of the public API.

use crate::Secret;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What a receiver checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headers {
    /// `webhook-timestamp`: seconds since 1970, of this try.
    pub timestamp: String,
    /// `webhook-signature`: `v1,<base64>` for each secret that is valid, separated by blanks.
    pub signature: String,
    /// `X-Refgrow-Signature`: `sha256=<hex>` of the raw body, with the newest secret as it is written.
    pub refgrow: String,
}

/// Signs a body. The newest secret is the first; without any there is nothing to check.
#[must_use]
pub fn sign(secrets: &[Secret], id: &str, at: DateTime<Utc>, body: &[u8]) -> Option<Headers> {
    let newest = secrets.first()?;
    let timestamp = at.timestamp().to_string();
    let signatures = secrets.iter().map(|secret| {
        let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
        format!("v1,{}", STANDARD.encode(hmac(&secret.key(), &parts)))
    });
    let signature = signatures.collect::<Vec<_>>().join(" ");
    let refgrow = format!("sha256={}", hex::encode(hmac(newest.expose().as_bytes(), &[body])));
    Some(Headers { timestamp, signature, refgrow })
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue};
    use standardwebhooks::Webhook;

    fn headers(id: &str, signed: &Headers) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", id.parse().unwrap());
        headers.insert("webhook-timestamp", HeaderValue::from_str(&signed.timestamp).unwrap());
        headers.insert("webhook-signature", HeaderValue::from_str(&signed.signature).unwrap());
        headers
    }

    #[test]
    fn the_vector_of_the_specification_comes_out() {
        // The official one of Standard Webhooks.
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        let signed = sign(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#).unwrap();
        assert_eq!(signed.signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the library looks at the clock")]
    fn the_library_of_standard_webhooks_takes_either_secret_during_a_rotation() {
        let (new, old) = (Secret::of([1; 32]), Secret::of([2; 32]));
        let body = r#"{"event":"commission_created"}"#.as_bytes();
        let at = DateTime::from(std::time::SystemTime::now());
        let signed = sign(&[new.clone(), old.clone()], "ntf_1", at, body).unwrap();
        for secret in [&new, &old] {
            let webhook = Webhook::new(secret.expose()).unwrap();
            webhook.verify(body, &headers("ntf_1", &signed)).unwrap();
            webhook.verify(body, &headers("ntf_2", &signed)).unwrap_err();
            webhook.verify(b"{}", &headers("ntf_1", &signed)).unwrap_err();
        }
        let stranger = Webhook::new(Secret::of([3; 32]).expose()).unwrap();
        stranger.verify(body, &headers("ntf_1", &signed)).unwrap_err();
    }

    #[test]
    fn the_plain_header_is_made_with_the_secret_as_it_is_written() {
        let at = DateTime::UNIX_EPOCH;
        let signed = sign(
            &[Secret::parse("key").unwrap()],
            "ntf_1",
            at,
            b"The quick brown fox jumps over the lazy dog",
        );
        // RFC 2104's well-known example.
        let known = "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
        assert_eq!(signed.unwrap().refgrow, known);
        assert_eq!(sign(&[], "ntf_1", at, b""), None);
    }
}
