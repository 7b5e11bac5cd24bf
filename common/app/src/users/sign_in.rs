//! Signing in and out.

use super::password::Password;
use crate::Error;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use std::fmt::{self, Write as _};
use store::{
    PgPool,
    acts::{self, Act},
    console_sessions::{self, NewSession, SessionDigest, SignedIn},
    sign_in_failures::{self, Counter},
    users::{self, User},
};

/// A working day and a half; then the password is asked for again.
const LASTS: TimeDelta = TimeDelta::hours(12);

/// For so long after the last of too many failures nobody is let in from there, or by that name.
const LOCKED_OUT: TimeDelta = TimeDelta::minutes(15);
/// Failures by one name, wherever they come from.
const BY_NAME: i32 = 10;
/// Failures from one address, which may be an office.
const BY_ADDRESS: i32 = 30;

/// Somebody wants to come in.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// By this name.
    pub name: &'a str,
    /// With this password.
    pub password: &'a str,
    /// From this address.
    pub address: &'a str,
}

/// What came of it.
#[derive(Debug)]
pub enum SignIn {
    /// They are in.
    In(Session),
    /// Name or password is wrong, or they may not: which of these is nobody's business.
    Refused,
    /// Too many failures of late.
    LockedOut,
}

/// A new session's value, in clear: for its cookie, and nowhere else.
pub struct Session(String);

impl Session {
    /// 256 random bits.
    #[expect(clippy::disallowed_methods, reason = "a session is a secret")]
    pub(crate) fn generate() -> Self {
        Self(hex(&rand::random::<[u8; 32]>()))
    }

    /// The value.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(…)")
    }
}

/// Lets somebody in who knows a password. It has transactions of its own: a failure is counted whatever comes after it.
///
/// # Errors
/// Those of the database.
pub async fn sign_in(pool: &PgPool, attempt: Attempt<'_>, now: DateTime<Utc>) -> Result<SignIn, Error> {
    let folded = attempt.name.trim().to_lowercase();
    let by_name =
        Counter { subject: format!("name:{}", hex(&Sha256::digest(folded.as_bytes()))), limit: BY_NAME };
    let by_address = Counter { subject: format!("address:{}", attempt.address), limit: BY_ADDRESS };
    let counters = [by_name.clone(), by_address.clone()];
    let let_through = {
        let mut transaction = pool.begin().await?;
        let since = now - LOCKED_OUT;
        let let_through = sign_in_failures::attempt(&mut transaction, &counters, since, now).await?;
        transaction.commit().await?;
        let_through
    };
    if !let_through {
        return Ok(SignIn::LockedOut);
    }
    // No connection is held while the hash is computed.
    let user = users::find_by_name(&mut *pool.acquire().await?, attempt.name.trim()).await?;
    let may = user.filter(|user| user.disabled_at.is_none());
    let Some(password) = Password::typed(attempt.password) else { return Ok(SignIn::Refused) };
    let is_right = password.is(may.as_ref().and_then(|user| user.password_hash.clone())).await;
    let Some(user) = may.filter(|_| is_right) else { return Ok(SignIn::Refused) };
    let mut transaction = pool.begin().await?;
    sign_in_failures::succeeded(&mut transaction, &by_name, &by_address).await?;
    let session = open(&mut transaction, &user, false, now).await?;
    transaction.commit().await?;
    Ok(SignIn::In(session))
}

/// Lets somebody in whom a proxy vouches for. `None` when nobody by that name may.
///
/// # Errors
/// Those of the database.
pub async fn by_proxy(pool: &PgPool, name: &str, now: DateTime<Utc>) -> Result<Option<Session>, Error> {
    let mut transaction = pool.begin().await?;
    let user = users::find_by_name(&mut transaction, name.trim()).await?;
    let Some(user) = user.filter(|user| user.disabled_at.is_none()) else { return Ok(None) };
    let session = open(&mut transaction, &user, true, now).await?;
    transaction.commit().await?;
    Ok(Some(session))
}

/// Ends a session.
///
/// # Errors
/// Those of the database.
pub async fn sign_out(
    pool: &PgPool,
    digest: SessionDigest,
    who: &SignedIn,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut transaction = pool.begin().await?;
    console_sessions::close(&mut transaction, digest).await?;
    acts::record(&mut transaction, act(&who.name, who.user, "signed out", now)).await?;
    Ok(transaction.commit().await?)
}

async fn open(
    transaction: &mut store::Transaction,
    user: &User,
    by_proxy: bool,
    now: DateTime<Utc>,
) -> Result<Session, Error> {
    let session = Session::generate();
    let digest = SessionDigest::of(session.expose());
    let new = NewSession { digest, user: user.id, by_proxy, from: now, until: now + LASTS };
    console_sessions::open(transaction, new).await?;
    acts::record(transaction, act(&user.name, user.id, "signed in", now)).await?;
    Ok(session)
}

fn act<'a>(actor: &'a str, user: domain::ids::UserId, what: &'a str, at: DateTime<Utc>) -> Act<'a> {
    Act { at, actor, user: Some(user), realm: None, what, subject: "console", detail: None }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
