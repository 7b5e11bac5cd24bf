//! What is said of movements.

use super::{Account, Entry};
use crate::conversions::{self, Conversion, Row};
use crate::notifications::{NewNotification, Referred, Referrer};
use crate::{PgConnection, StoreError, decode, realm};
use domain::money::{Currency, Money};
use domain::notification::Event;
use std::collections::BTreeMap;

/// One notification for each entry, in their order. `ids` are those of the entries.
pub(super) async fn of(
    connection: &mut PgConnection,
    entries: &[Entry],
    ids: &[i64],
) -> Result<Vec<NewNotification>, StoreError> {
    let conversions = conversions(&mut *connection, entries).await?;
    let referrers = referrers(connection, entries).await?;
    let notifications = entries.iter().zip(ids).map(|(entry, id)| {
        let told = conversions.get(&entry.conversion.0).ok_or_else(|| decode("an entry of no conversion"))?;
        let currency = Currency::stored(&entry.currency).map_err(decode)?;
        Ok(NewNotification {
            realm: told.realm,
            event: event(entry),
            referrer: referrers.get(&entry.affiliate.0).cloned(),
            referred: told.referred.clone(),
            data: told.data.clone(),
            delta: Some(Money { minor: entry.payable, currency }),
            cause: entry.cause.clone(),
            ledger_entry: Some(*id),
        })
    });
    notifications.collect()
}

/// The name says where what is payable came from, or went to; the sign of `delta` which.
fn event(entry: &Entry) -> Event {
    match entry.account {
        Account::Expense if entry.is_first => Event::CommissionCreated,
        Account::Expense => Event::CommissionAmended,
        Account::Clawback => Event::CommissionReversed,
        Account::Held if entry.payable < 0 => Event::CommissionHeld,
        Account::Held => Event::CommissionReleased,
        Account::Paid => Event::CommissionPaid,
    }
}

struct Described {
    realm: domain::ids::Realm,
    referred: Option<Referred>,
    data: String,
}

/// The conversions of some entries, each as its own row stands.
async fn conversions(
    connection: &mut PgConnection,
    entries: &[Entry],
) -> Result<BTreeMap<i64, Described>, StoreError> {
    let mut ids: Vec<i64> = entries.iter().map(|entry| entry.conversion.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows = sqlx::query!(
        r#"SELECT c.id, c.project_id, c.livemode, c.type AS kind, c.status, c.source, c.commission_minor,
                  c.clawed_back_minor, c.base_minor, c.currency, c.affiliate_id, c.customer_id, c.referral_code,
                  coalesce(c.coupon_code, c.request #>> '{conversion,coupon_code}') AS coupon_code, c.reference,
                  c.payment_key,
                  (c.paid OR (c.paid_out_minor > 0 AND c.paid_out_minor >= c.commission_minor - c.clawed_back_minor))
                      AS "paid!",
                  c.url, c.attribution, c.occurred_at, c.release_at, k.user_email AS "customer_email?"
           FROM UNNEST($1::BIGINT[]) AS wanted (id)
           CROSS JOIN LATERAL (SELECT * FROM conversions WHERE id = wanted.id OFFSET 0) c
           LEFT JOIN LATERAL (SELECT * FROM customers WHERE id = c.customer_id OFFSET 0) k ON TRUE"#,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    let told = rows.into_iter().map(|row| {
        let referred = row.customer_id.map(|id| Referred { id: id.to_string(), email: row.customer_email });
        let realm = realm(row.project_id, row.livemode);
        let conversion: Conversion = Row {
            id: row.id,
            project_id: row.project_id,
            r#type: row.kind,
            status: row.status,
            source: row.source,
            commission_minor: row.commission_minor,
            clawed_back_minor: row.clawed_back_minor,
            base_minor: row.base_minor,
            currency: row.currency,
            affiliate_id: row.affiliate_id,
            customer_id: row.customer_id,
            referral_code: row.referral_code,
            coupon_code: row.coupon_code,
            reference: row.reference,
            payment_key: row.payment_key,
            paid: row.paid,
            url: row.url,
            attribution: row.attribution,
            occurred_at: row.occurred_at,
            release_at: row.release_at,
        }
        .try_into()?;
        Ok((row.id, Described { realm, referred, data: conversions::object(&conversion)? }))
    });
    told.collect()
}

async fn referrers(
    connection: &mut PgConnection,
    entries: &[Entry],
) -> Result<BTreeMap<i64, Referrer>, StoreError> {
    let ids: Vec<i64> = entries.iter().map(|entry| entry.affiliate.0).collect();
    crate::notifications::referrers(connection, &ids).await
}
