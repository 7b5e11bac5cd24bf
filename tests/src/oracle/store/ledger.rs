//! What the rows say, in the words of a verdict.

use super::Entered;
use crate::oracle::verdict::{BindVerdict, PaymentVerdict, Verdicts};
use anyhow::{Context, Result};
use sqlx::Row;
use std::collections::BTreeMap;
use store::PgConnection;

/// Every status that a conversion may have.
const STATUSES: [&str; 6] = ["pending", "attributed", "unattributed", "held", "rejected", "reversed"];

/// What a project's conversions and customers come to. Affiliates are counted by place, from 1, and
/// posts without a reference by their number, as in the history.
///
/// # Errors
/// When the database fails.
pub async fn verdicts(connection: &mut PgConnection, entered: &Entered) -> Result<Verdicts> {
    let place = |id: Option<i64>| -> Option<i64> {
        let place = entered.numbers.affiliates.iter().position(|known| Some(*known) == id)?;
        i64::try_from(place).ok().map(|place| place + 1)
    };
    let mut left: BTreeMap<i64, BTreeMap<i64, i64>> = BTreeMap::new();
    let paid = sqlx::query(
        "SELECT conversion_id, affiliate_id, sum(amount_minor)::BIGINT AS minor FROM ledger_postings
         WHERE project_id = $1 AND account = 'paid' GROUP BY 1, 2 HAVING sum(amount_minor) <> 0",
    )
    .bind(entered.realm.project.0)
    .fetch_all(&mut *connection)
    .await?;
    for row in paid {
        let affiliate = place(Some(row.try_get("affiliate_id")?)).context("an affiliate of nobody's")?;
        left.entry(row.try_get("conversion_id")?).or_default().insert(affiliate, row.try_get("minor")?);
    }
    let payments = sqlx::query(
        "SELECT c.id, c.payment_key, c.status, c.currency, c.base_minor, c.commission_minor, c.clawed_back_minor,
                c.held_minor, c.affiliate_id, extract(epoch FROM c.release_at)::BIGINT AS release, u.anchor
         FROM conversions c LEFT JOIN customers u ON u.id = c.customer_id
         WHERE c.project_id = $1 AND c.merged_into IS NULL",
    )
    .bind(entered.realm.project.0)
    .fetch_all(&mut *connection)
    .await?;
    let mut verdicts = Verdicts::default();
    for row in payments {
        let status: String = row.try_get("status")?;
        let status = STATUSES.into_iter().find(|known| *known == status).context(status)?;
        let verdict = PaymentVerdict {
            customer: row.try_get("anchor")?,
            affiliate: place(row.try_get("affiliate_id")?),
            status,
            currency: row.try_get("currency")?,
            base: row.try_get("base_minor")?,
            earned: row.try_get("commission_minor")?,
            taken_back: row.try_get("clawed_back_minor")?,
            held: row.try_get("held_minor")?,
            left: left.remove(&row.try_get::<i64, _>("id")?).unwrap_or_default(),
            release: row.try_get("release")?,
        };
        verdicts.payments.insert(plain_name(entered, row.try_get("payment_key")?), verdict);
    }
    let customers = sqlx::query(
        "SELECT anchor, affiliate_id, attribution->>'method' AS method, extract(epoch FROM bound_at)::BIGINT AS since
         FROM customers WHERE project_id = $1 AND NOT retired",
    )
    .bind(entered.realm.project.0)
    .fetch_all(&mut *connection)
    .await?;
    for row in customers {
        let affiliate = place(row.try_get("affiliate_id")?);
        let (method, since): (Option<String>, Option<i64>) = (row.try_get("method")?, row.try_get("since")?);
        let bind = affiliate.zip(method).zip(since);
        let bind = bind.map(|((affiliate, method), since)| BindVerdict { affiliate, method, since });
        verdicts.customers.insert(plain_name(entered, row.try_get("anchor")?), bind);
    }
    for verdict in verdicts.payments.values_mut() {
        verdict.customer = verdict.customer.take().map(|name| plain_name(entered, name));
    }
    Ok(verdicts)
}

/// A key with the post's number in place of its row's.
fn plain_name(entered: &Entered, key: String) -> String {
    let id = key.strip_prefix("conversion:").and_then(|id| id.parse::<i64>().ok());
    match id.and_then(|id| entered.numbers.posts.iter().position(|known| *known == id)) {
        Some(place) => format!("conversion:{}", place + 1),
        None => key,
    }
}
