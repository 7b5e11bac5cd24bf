//! Accepting a conversion and its later revisions.

use super::{PgConnection, StoreError, kind_as_str};
use crate::decode;
use domain::code::FoldedCode;
use domain::command::Command;
use domain::fact::{PostedConversion, Who};
use domain::ids::{AffiliateId, ConversionId, CustomerId, Realm};
use domain::key::Key;
use serde_json::Value;

/// What a caller named, to be looked up.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// An affiliate, by id.
    pub affiliate: Option<AffiliateId>,
    /// An affiliate, by any of its codes.
    pub code: Option<FoldedCode>,
    /// A referral, by id.
    pub customer: Option<CustomerId>,
}

/// What the look-up found, and the id that the conversion will have.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Taken from the sequence; a gap is left when it is not used.
    pub id: ConversionId,
    /// The affiliate with that id.
    pub affiliate_by_id: Option<AffiliateId>,
    /// The affiliate with that code.
    pub affiliate_by_code: Option<AffiliateId>,
    /// The identities of that referral.
    pub customer: Option<Who>,
}

/// Looks up what a caller named and takes an id for the conversion, in one round trip.
pub async fn prepare(
    connection: &mut PgConnection,
    realm: Realm,
    named: &Named,
) -> Result<Prepared, StoreError> {
    let row = sqlx::query!(
        r#"SELECT nextval(pg_get_serial_sequence('conversions', 'id')) AS "id!",
                (SELECT a.id FROM affiliates a
                 WHERE a.id = $3 AND a.project_id = $1 AND a.livemode = $2 AND a.closed_at IS NULL) AS by_id,
                (SELECT a.id FROM referral_codes r JOIN affiliates a ON a.id = r.affiliate_id
                 WHERE r.project_id = $1 AND r.livemode = $2 AND r.code_folded = $4
                   AND a.closed_at IS NULL) AS by_code,
                c.id AS "customer_id?", c.user_email, c.stripe_customer_id, c.external_id
         FROM (SELECT 1) one
         LEFT JOIN customers c ON c.id = $5 AND c.project_id = $1 AND c.livemode = $2"#,
        realm.project.0,
        realm.mode.is_live(),
        named.affiliate.map(|id| id.0),
        named.code.as_ref().map(FoldedCode::as_str),
        named.customer.map(|id| id.0),
    )
    .fetch_one(connection)
    .await?;
    let customer = row.customer_id.map(|_| Who {
        email: row.user_email,
        stripe_customer: row.stripe_customer_id.as_deref().map(Key::customer),
        external_id: row.external_id,
    });
    Ok(Prepared {
        id: ConversionId(row.id),
        affiliate_by_id: row.by_id.map(AffiliateId),
        affiliate_by_code: row.by_code.map(AffiliateId),
        customer,
    })
}

/// A conversion to be stored as pending.
#[derive(Clone, Debug)]
pub struct NewConversion<'a> {
    /// What it says.
    pub posted: &'a PostedConversion,
    /// The caller's own reference.
    pub reference: Option<&'a str>,
    /// The caller's link.
    pub url: Option<&'a str>,
    /// The command that is published for it.
    pub command: &'a Command,
}

/// Whether a row was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// Yes.
    Yes,
    /// No: the payment key has a row already.
    Taken,
}

/// Stores a conversion as pending. Its message counts as published from now on: when it is lost
/// nevertheless, the sweep of overdue ones finds it.
pub async fn insert(
    connection: &mut PgConnection,
    realm: Realm,
    new: &NewConversion<'_>,
) -> Result<Inserted, StoreError> {
    let posted = new.posted;
    let done = sqlx::query!(
        "INSERT INTO conversions (id, project_id, livemode, payment_key, type, source, status, affiliate_id,
                                  referral_code, coupon_code, currency, base_minor, reference, url, request,
                                  occurred_at, published_at)
         OVERRIDING SYSTEM VALUE
         VALUES ($1, $2, $3, $4, $5, 'api', 'pending', $6, $7, $8, $9, $10, $11, $12, $13, $14, now())
         ON CONFLICT (project_id, livemode, payment_key) WHERE merged_into IS NULL DO NOTHING",
        posted.conversion.0,
        realm.project.0,
        realm.mode.is_live(),
        posted.payment.as_str(),
        kind_as_str(posted.kind),
        posted.affiliate.map(|id| id.0),
        posted.referral_code,
        posted.coupon_code,
        posted.currency,
        posted.base.unwrap_or(0),
        new.reference,
        new.url,
        serde_json::to_value(new.command).map_err(decode)?,
        posted.occurred_at,
    )
    .execute(connection)
    .await?;
    Ok(if done.rows_affected() == 1 { Inserted::Yes } else { Inserted::Taken })
}

/// The row that holds a payment key, as far as a repeat is compared with it.
#[derive(Clone, Debug)]
pub struct Existing {
    /// Its id.
    pub id: ConversionId,
    /// The latest command; none when only Stripe has told of the payment.
    pub command: Option<Command>,
    /// How many changes were made over REST.
    pub revision: i64,
    /// The caller's link.
    pub url: Option<String>,
}

/// The row that holds a payment key.
pub async fn by_payment_key(
    connection: &mut PgConnection,
    realm: Realm,
    key: &Key,
) -> Result<Option<Existing>, StoreError> {
    let row = sqlx::query!(
        "SELECT id, request, revision, url FROM conversions
         WHERE project_id = $1 AND livemode = $2 AND payment_key = $3 AND merged_into IS NULL",
        realm.project.0,
        realm.mode.is_live(),
        key.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Existing {
            id: ConversionId(row.id),
            command: read_command(row.request)?,
            revision: row.revision,
            url: row.url,
        })
    })
    .transpose()
}

/// Gives a payment that only Stripe has told of what a caller says about it.
///
/// False when another caller was first.
pub async fn attach(
    connection: &mut PgConnection,
    realm: Realm,
    new: &NewConversion<'_>,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE conversions SET request = $4, reference = coalesce(reference, $5), url = coalesce(url, $6),
                                published_at = now()
         WHERE id = $3 AND project_id = $1 AND livemode = $2 AND request IS NULL AND merged_into IS NULL",
        realm.project.0,
        realm.mode.is_live(),
        new.posted.conversion.0,
        serde_json::to_value(new.command).map_err(decode)?,
        new.reference,
        new.url,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A conversion as a change starts from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// What it says now.
    pub posted: PostedConversion,
    /// How many changes were made.
    pub revision: i64,
    /// The caller's own reference.
    pub reference: Option<String>,
    /// Whose it is, by the fold's verdict.
    pub affiliate: Option<AffiliateId>,
}

/// The conversion with this id, to be changed.
pub async fn for_change(
    connection: &mut PgConnection,
    realm: Realm,
    id: ConversionId,
) -> Result<Option<Revision>, StoreError> {
    let Some(row) = sqlx::query!(
        "SELECT c.id, c.type, c.payment_key, c.currency, c.paid, c.occurred_at, c.reference, c.request,
                c.revision, c.affiliate_id
         FROM conversions asked
         JOIN conversions c ON c.id = coalesce(asked.merged_into, asked.id)
         WHERE asked.id = $3 AND asked.project_id = $1 AND asked.livemode = $2",
        realm.project.0,
        realm.mode.is_live(),
        id.0,
    )
    .fetch_optional(connection)
    .await?
    else {
        return Ok(None);
    };
    let posted = match read_command(row.request)? {
        Some(Command::Conversion { conversion, .. }) => conversion,
        // Only Stripe has told of it: the change says nothing but itself.
        Some(Command::Referral { .. } | Command::Lock { .. } | Command::Verdict { .. }) | None => {
            PostedConversion {
                conversion: ConversionId(row.id),
                payment: Key::stored(row.payment_key),
                kind: super::parse_kind(&row.r#type)
                    .ok_or_else(|| decode("a conversion of an unknown type"))?,
                value: None,
                base: None,
                currency: row.currency,
                affiliate: None,
                referral_code: None,
                coupon_code: None,
                who: Who::default(),
                occurred_at: row.occurred_at,
                paid: row.paid,
                deleted: false,
            }
        }
    };
    Ok(Some(Revision {
        posted,
        revision: row.revision,
        reference: row.reference,
        affiliate: row.affiliate_id.map(AffiliateId),
    }))
}

/// Stores the next revision of a conversion.
///
/// False when another change came between: `command` has to be built anew.
pub async fn revise(
    connection: &mut PgConnection,
    realm: Realm,
    id: ConversionId,
    reference: Option<&str>,
    previous: i64,
    command: &Command,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE conversions SET revision = $4 + 1, request = $5, reference = $6, published_at = NULL
         WHERE id = $3 AND project_id = $1 AND livemode = $2 AND revision = $4 AND merged_into IS NULL",
        realm.project.0,
        realm.mode.is_live(),
        id.0,
        previous,
        serde_json::to_value(command).map_err(decode)?,
        reference,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

fn read_command(request: Option<Value>) -> Result<Option<Command>, StoreError> {
    request.map(serde_json::from_value).transpose().map_err(decode)
}
