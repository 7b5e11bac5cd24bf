//! Webhook signatures: proof that a body comes from Stripe.
//!
//! `Stripe-Signature: t=<unix>,v1=<hex>[,v1=<hex>…]`, where `v1` is the HMAC-SHA256 of `t`, a dot and
//! the raw body, keyed with the whole `whsec_…` secret
//! (<https://docs.stripe.com/webhooks/signature#verify-manually>). Other schemes than `v1` prove nothing.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// How old a signature may be. Stripe's SDKs have the same default; each delivery attempt is signed
/// anew, so a retry is never stale.
///
/// A timestamp in the future is accepted, as Stripe's SDKs do: only the holder of the secret can write
/// one, a replayed event is settled once, and a clock that is behind must not stop payments.
pub const TOLERANCE_SECONDS: i64 = 300;

/// The longest header that is looked at. Two signatures take 160 bytes.
pub const MAX_HEADER_BYTES: usize = 4_096;

/// The most `v1` items that are looked at. Stripe sends one for each secret in use: two in a rotation.
pub const MAX_SIGNATURES: usize = 16;

type Digest = [u8; 32];

/// An authentic body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Which of the secrets proved it.
    pub secret: usize,
    /// When Stripe signed it, in Unix seconds.
    pub signed_at: i64,
}

/// Why a body is not known to be authentic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSignature {
    /// All secrets are blank, or there is none. A blank one would let everybody sign.
    #[error("no webhook secret is configured for this project")]
    NoSecret,
    /// More than [`MAX_HEADER_BYTES`].
    #[error("the Stripe-Signature header is longer than {MAX_HEADER_BYTES} bytes")]
    HeaderTooLong,
    /// No `t=`.
    #[error("the Stripe-Signature header has no timestamp (t=)")]
    NoTimestamp,
    /// `t=` is no number, or there are several.
    #[error("the Stripe-Signature header has no single numeric timestamp (t=)")]
    BadTimestamp,
    /// No `v1=`.
    #[error("the Stripe-Signature header has no v1 signature")]
    NoSignature,
    /// More than [`MAX_SIGNATURES`].
    #[error("the Stripe-Signature header has more than {MAX_SIGNATURES} v1 signatures")]
    TooManySignatures,
    /// Another secret, or another body.
    #[error("no v1 signature matches: wrong secret, or the body was changed on its way")]
    Mismatch,
    /// Authentic, and older than [`TOLERANCE_SECONDS`].
    #[error(
        "the signature is {age_seconds} s old, more than {TOLERANCE_SECONDS} s: a replay, or this clock is ahead"
    )]
    TooOld {
        /// Seconds since Stripe signed it.
        age_seconds: i64,
    },
}

/// Verifies the raw body under each of the secrets. The first that matches is named in the answer.
pub fn verify<S: AsRef<str>>(
    header: &str,
    body: &[u8],
    secrets: &[S],
    now: DateTime<Utc>,
) -> Result<Verified, InvalidSignature> {
    let claim = Claim::parse(header)?;
    let mut usable = secrets.iter().enumerate().filter(|(_, secret)| !is_blank(secret.as_ref())).peekable();
    if usable.peek().is_none() {
        return Err(InvalidSignature::NoSecret);
    }
    let (secret, _) = usable
        .find(|(_, secret)| claim.is_signed_with(&digest(secret.as_ref(), claim.timestamp, body)))
        .ok_or(InvalidSignature::Mismatch)?;
    let age_seconds = now.timestamp().saturating_sub(claim.signed_at);
    if age_seconds > TOLERANCE_SECONDS {
        return Err(InvalidSignature::TooOld { age_seconds });
    }
    Ok(Verified { secret, signed_at: claim.signed_at })
}

/// Whether the header could be the one of a genuine delivery, as far as can be told without its body: it is read and
/// fresh.
///
/// # Errors
/// What is wrong with it.
pub fn check(header: &str, now: DateTime<Utc>) -> Result<(), InvalidSignature> {
    let claim = Claim::parse(header)?;
    let age_seconds = now.timestamp().saturating_sub(claim.signed_at);
    if age_seconds > TOLERANCE_SECONDS {
        return Err(InvalidSignature::TooOld { age_seconds });
    }
    Ok(())
}

/// The header with which Stripe would send this body at this time. For tests, the demo and the
/// benchmark.
#[must_use]
pub fn sign(secret: &str, at: DateTime<Utc>, body: &[u8]) -> String {
    let timestamp = at.timestamp().to_string();
    let signature = hex::encode(digest(secret, &timestamp, body));
    format!("t={timestamp},v1={signature}")
}

/// What a header claims.
struct Claim<'a> {
    /// As it was written: this is what was signed.
    timestamp: &'a str,
    signed_at: i64,
    signatures: Vec<Digest>,
}

impl<'a> Claim<'a> {
    fn parse(header: &'a str) -> Result<Self, InvalidSignature> {
        if header.len() > MAX_HEADER_BYTES {
            return Err(InvalidSignature::HeaderTooLong);
        }
        let mut timestamp = None;
        let mut signatures = Vec::with_capacity(2);
        let mut count = 0;
        for (scheme, value) in header.split(',').filter_map(|item| item.trim().split_once('=')) {
            match scheme {
                "t" if timestamp.is_some() => return Err(InvalidSignature::BadTimestamp),
                "t" => timestamp = Some(value),
                "v1" => {
                    count += 1;
                    // What is no SHA-256 in hex matches nothing.
                    let mut signature = Digest::default();
                    if hex::decode_to_slice(value, &mut signature).is_ok() {
                        signatures.push(signature);
                    }
                }
                _ => {}
            }
        }
        let timestamp = timestamp.ok_or(InvalidSignature::NoTimestamp)?;
        let signed_at = timestamp.parse().map_err(|_| InvalidSignature::BadTimestamp)?;
        match count {
            0 => Err(InvalidSignature::NoSignature),
            1..=MAX_SIGNATURES => Ok(Self { timestamp, signed_at, signatures }),
            _ => Err(InvalidSignature::TooManySignatures),
        }
    }

    /// In a time that does not depend on where two digests differ.
    fn is_signed_with(&self, expected: &Digest) -> bool {
        self.signatures.iter().any(|signature| bool::from(signature.ct_eq(expected)))
    }
}

fn is_blank(secret: &str) -> bool {
    secret.trim().is_empty()
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104, section 3)")]
fn digest(secret: &str, timestamp: &str, body: &[u8]) -> Digest {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.finalize().into_bytes().into()
}
