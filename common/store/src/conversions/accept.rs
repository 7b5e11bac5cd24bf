//! Accepting a conversion that is posted.

use super::{PgConnection, StoreError};
use crate::decode;
use domain::code::FoldedCode;
use domain::command::Command;
use domain::fact::{CustomerIds, PostedConversion};
use domain::ids::{AffiliateId, ConversionId, CustomerId, Realm};
use domain::key::Key;
use domain::origin::Origin;
use domain::settle::ConversionStatus;
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
    pub customer: Option<CustomerIds>,
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
    let customer = row.customer_id.map(|_| CustomerIds {
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
    /// The command that goes on the queue for it.
    pub command: &'a Command,
}

/// What became of a conversion that was posted.
#[derive(Clone, Debug)]
pub enum Accepted {
    /// It has a row of its own, pending.
    New,
    /// It adds to a payment that is known, by Stripe or under another of its names.
    Added(ConversionId),
    /// It was posted before, under this very name.
    Known(Box<Existing>),
    /// Somebody else was making the row at the same time: roll back, and ask once more.
    Changing,
}

/// A conversion as it was first posted under a name, to tell a repeat from something else.
#[derive(Clone, Debug)]
pub struct Existing {
    /// The conversion, as it is called now.
    pub id: ConversionId,
    /// The command that was accepted first, whatever was changed since.
    pub command: Command,
    /// The caller's link.
    pub url: Option<String>,
}

/// Stores a conversion, unless its name was used before. A payment is one row, whichever of its names a caller knows
/// (SEMANTICS 1). Put its command on the queue in the same transaction, when it is new or adds something.
///
/// # Errors
/// [`StoreError`]
pub async fn accept(
    connection: &mut PgConnection,
    realm: Realm,
    new: &NewConversion<'_>,
) -> Result<Accepted, StoreError> {
    let posted = new.posted;
    let stored = sqlx::query!(
        r#"WITH known AS (
             SELECT coalesce(c.merged_into, c.id) AS id
             FROM identity_keys k JOIN conversions c ON c.id = k.conversion_id
             WHERE k.project_id = $2 AND k.livemode = $3 AND k.key = $4
             UNION
             SELECT id FROM conversions
             WHERE project_id = $2 AND livemode = $3 AND payment_key = $4 AND merged_into IS NULL
             LIMIT 1
         ), post AS (
             INSERT INTO conversion_posts AS p (project_id, livemode, payment_key, conversion_id, url, command)
             VALUES ($2, $3, $4, coalesce((SELECT id FROM known), $1), $12, $13)
             ON CONFLICT (project_id, livemode, payment_key) DO UPDATE
             SET url = excluded.url, command = excluded.command WHERE p.command IS NULL
             RETURNING conversion_id
         ), made AS (
             INSERT INTO conversions (id, project_id, livemode, payment_key, type, source, amount_source, status, affiliate_id,
                                      referral_code, coupon_code, currency, base_minor, reference, url, request,
                                      occurred_at)
             OVERRIDING SYSTEM VALUE
             SELECT $1, $2, $3, $4, $5, $15, $15, $16, $6, $7, $8, $9, $10, $11, $12, $13, $14
             FROM post WHERE conversion_id = $1
             ON CONFLICT (project_id, livemode, payment_key) WHERE merged_into IS NULL DO NOTHING
             RETURNING id
         ), added AS (
             UPDATE conversions c
             SET request = coalesce(c.request, $13), reference = coalesce(c.reference, $11), url = coalesce(c.url, $12)
             FROM post JOIN conversions named ON named.id = post.conversion_id
             WHERE c.id = coalesce(named.merged_into, named.id)
             RETURNING c.id
         )
         SELECT (SELECT conversion_id FROM post) AS post, (SELECT id FROM made) AS made, (SELECT id FROM added) AS added"#,
        posted.conversion.0,
        realm.project.0,
        realm.mode.is_live(),
        posted.payment.as_str(),
        posted.kind.as_str(),
        posted.affiliate.map(|id| id.0),
        posted.referral_code,
        posted.coupon_code,
        posted.currency,
        posted.base.unwrap_or(0),
        new.reference,
        new.url,
        serde_json::to_value(new.command).map_err(decode)?,
        posted.occurred_at,
        Origin::Api.as_str(),
        ConversionStatus::Pending.as_str(),
    )
    .fetch_one(&mut *connection)
    .await?;
    match (stored.post, stored.made, stored.added) {
        (None, ..) => Ok(by_name(connection, realm, &posted.payment)
            .await?
            .map_or(Accepted::Changing, |known| Accepted::Known(Box::new(known)))),
        (Some(_), Some(_), _) => Ok(Accepted::New),
        (Some(_), None, Some(id)) => Ok(Accepted::Added(ConversionId(id))),
        (Some(_), None, None) => Ok(Accepted::Changing),
    }
}

async fn by_name(
    connection: &mut PgConnection,
    realm: Realm,
    name: &Key,
) -> Result<Option<Existing>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT coalesce(c.merged_into, c.id) AS "id!", p.command, p.url
         FROM conversion_posts p JOIN conversions c ON c.id = p.conversion_id
         WHERE p.project_id = $1 AND p.livemode = $2 AND p.payment_key = $3"#,
        realm.project.0,
        realm.mode.is_live(),
        name.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let Some(command) = read_command(row.command)? else { return Ok(None) };
    Ok(Some(Existing { id: ConversionId(row.id), command, url: row.url }))
}

pub(super) fn read_command(request: Option<Value>) -> Result<Option<Command>, StoreError> {
    request.map(serde_json::from_value).transpose().map_err(decode)
}
