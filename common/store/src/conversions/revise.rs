//! Changing a conversion that was accepted.

use super::accept::read_command;
use super::{PgConnection, StoreError};
use crate::decode;
use chrono::{DateTime, Utc};
use domain::command::Command;
use domain::fact::{ConversionKind, CustomerIds, PostedConversion};
use domain::ids::{AffiliateId, ConversionId, Realm};
use domain::key::Key;
use domain::origin::Origin;

/// A conversion as a change starts from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// What its callers said of it, as far as the row knows.
    pub posted: PostedConversion,
    /// The currency in which its amounts are told and read: its payment's.
    pub currency: String,
    /// How many changes were made.
    pub revision: i64,
    /// When the last one was accepted.
    pub said_at: Option<DateTime<Utc>>,
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
        "SELECT c.id, c.type, c.amount_source, c.payment_key, c.currency, c.occurred_at, c.reference, c.request,
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
    let payment = Key::stored(row.payment_key);
    let (id, kind) = (ConversionId(row.id), ConversionKind::parse(&row.r#type));
    let kind = kind.ok_or_else(|| decode("a conversion of an unknown type"))?;
    let amounts =
        Origin::parse(&row.amount_source).ok_or_else(|| decode("a conversion of an unknown source"))?;
    let (posted, said_at) = match read_command(row.request)? {
        Some(Command::Conversion { conversion, accepted_at, .. }) => (conversion, Some(accepted_at)),
        // Only a provider has told of it: the change says nothing but itself.
        Some(Command::Referral { .. } | Command::Lock { .. } | Command::Verdict { .. }) | None => {
            let untold = PostedConversion {
                conversion: id,
                payment: payment.clone(),
                kind,
                value: None,
                base: None,
                currency: row.currency.clone(),
                affiliate: None,
                referral_code: None,
                coupon_code: None,
                who: CustomerIds::default(),
                occurred_at: row.occurred_at,
                paid: false,
                deleted: false,
            };
            (untold, None)
        }
    };
    Ok(Some(Revision {
        currency: match amounts {
            Origin::Api => posted.currency.clone(),
            // What a provider tells is in its own currency, whatever callers take it to be.
            Origin::Provider(_) => row.currency,
        },
        posted: PostedConversion { conversion: id, payment, ..posted },
        revision: row.revision,
        said_at,
        reference: row.reference,
        affiliate: row.affiliate_id.map(AffiliateId),
    }))
}

/// Stores the next revision of a conversion. Put its command on the queue in the same transaction.
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
        "UPDATE conversions SET revision = $4 + 1, request = $5, reference = $6
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

/// Keeps a name for a conversion under which nobody has posted yet: whoever does adds to that conversion. Tells whose the
/// name is when it is another's; roll back then.
///
/// # Errors
/// [`StoreError`]
pub async fn reserve_name(
    connection: &mut PgConnection,
    realm: Realm,
    id: ConversionId,
    name: &Key,
) -> Result<Option<ConversionId>, StoreError> {
    sqlx::query!(
        "INSERT INTO conversion_posts (project_id, livemode, payment_key, conversion_id)
         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        realm.project.0,
        realm.mode.is_live(),
        name.as_str(),
        id.0,
    )
    .execute(&mut *connection)
    .await?;
    // A statement of its own: it sees what somebody else committed while the first one waited.
    let other = sqlx::query_scalar!(
        r#"SELECT coalesce(c.merged_into, c.id) AS "id!"
         FROM (
             SELECT conversion_id FROM conversion_posts
             WHERE project_id = $1 AND livemode = $2 AND payment_key = $3
             UNION
             SELECT conversion_id FROM identity_keys
             WHERE project_id = $1 AND livemode = $2 AND key = $3
             UNION
             SELECT id FROM conversions
             WHERE project_id = $1 AND livemode = $2 AND payment_key = $3 AND merged_into IS NULL
         ) named
         JOIN conversions c ON c.id = named.conversion_id
         WHERE coalesce(c.merged_into, c.id) <> $4
         ORDER BY 1 LIMIT 1"#,
        realm.project.0,
        realm.mode.is_live(),
        name.as_str(),
        id.0,
    )
    .fetch_optional(connection)
    .await?;
    Ok(other.map(ConversionId))
}
