//! The look-up of a Stripe customer, beside a bare SELECT of its row.

use crate::bench::{
    load::{self, rate},
    plan::Plan,
    site::{Site, Through},
};
use anyhow::ensure;
use store::bare;

/// Customers that are looked up.
const CUSTOMERS: u64 = 1_000;
/// Requests under way at once: as many as the API has connections to the database.
const AT_ONCE: u16 = 8;

/// Look-ups and bare SELECTs a second, of the same customers.
pub(crate) async fn measure(site: &Site, plan: &Plan) -> anyhow::Result<(f64, f64)> {
    let workload = site.workload(CUSTOMERS);
    site.settle(workload.events(0, CUSTOMERS)).await?;
    let names: Vec<String> =
        (0..plan.events).map(|number| workload.customer_id(number % CUSTOMERS)).collect();
    let selected = rate(plan.events, bare::selects(&site.pool, &names, usize::from(AT_ONCE)).await?);
    let project = site.realm.project;
    let path = |name: &String| format!("/api/v1/projects/{project}/stripe-customer-referral-info/{name}");
    let (api, address) = site.api(&site.stores(Through::Database)).await?;
    let answered = load::ask(address, &site.api_key, names.iter().map(path).collect(), AT_ONCE).await;
    api.stop().await?;
    let answered = answered?;
    ensure!(answered.refused == 0, "{} look-ups were refused", answered.refused);
    Ok((answered.rate(), selected))
}
