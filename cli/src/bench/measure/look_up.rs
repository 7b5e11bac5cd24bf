//! The look-up of a Stripe customer, beside a bare SELECT of its row by primary key.

use crate::bench::{
    load::{self, rate},
    plan::Plan,
    site::{Site, Through},
};
use anyhow::ensure;
use domain::ids::CustomerId;
use store::bare;

/// Customers that are looked up.
const CUSTOMERS: u64 = 1_000;
/// Requests under way at once: as many as the API has connections to the database.
const AT_ONCE: u16 = 8;

/// Look-ups and bare SELECTs a second, of the same customers.
pub(crate) async fn measure(site: &Site, plan: &Plan) -> anyhow::Result<(f64, f64)> {
    let workload = site.workload(CUSTOMERS);
    site.settle(workload.events(0, CUSTOMERS)).await?;
    let customers: Vec<String> = (0..CUSTOMERS).map(|number| workload.customer_id(number)).collect();
    let ids = bare::customers(&site.pool, &customers).await?;
    let often = usize::try_from(plan.events)?;
    let ids: Vec<CustomerId> = ids.into_iter().cycle().take(often).collect();
    let selected = rate(plan.events, bare::selects(&site.pool, &ids, usize::from(AT_ONCE)).await?);
    let project = site.realm.project;
    let path = |name: &String| format!("/api/v1/projects/{project}/stripe-customer-referral-info/{name}");
    let paths = customers.iter().cycle().take(often).map(path).collect();
    let (api, address) = site.api(&site.stores(Through::Database)).await?;
    let answered = load::ask(address, &site.api_key, paths, AT_ONCE).await;
    api.stop().await?;
    let answered = answered?;
    ensure!(answered.refused == 0, "{} look-ups were refused", answered.refused);
    Ok((answered.rate(), selected))
}
