//! What the demo shows when everything is settled.

use super::figures::{self, Customer, Earning, Payment};
use super::tables;
use domain::ids::{Mode, ProjectId, Realm};
use serde::Serialize;
use std::fmt::{self, Formatter};
use store::{PgConnection, StoreError, overview};

/// The whole report.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) project_id: ProjectId,
    pub(super) mode: Mode,
    /// A customer to ask about.
    #[serde(skip)]
    pub(crate) example_customer: Option<String>,
    /// Who earned what, by affiliate and currency.
    pub(super) earnings: Vec<Earning>,
    /// The same by customer and currency, in order of their first payments.
    pub(super) customers: Vec<Customer>,
    /// Every payment, in order of time.
    pub(super) payments: Vec<Payment>,
    /// How many events there were, and how many deliveries of them.
    pub(super) events: usize,
    pub(super) deliveries: usize,
    /// The SHA-256 of the canonical ledger.
    pub(super) digest: String,
}

impl Report {
    /// Reads it.
    pub(crate) async fn read(
        connection: &mut PgConnection,
        realm: Realm,
        events: usize,
        deliveries: usize,
        digest: String,
    ) -> Result<Self, StoreError> {
        let ids = overview::in_realm(connection, realm).await?;
        let rows = overview::of(connection, &ids).await?;
        Ok(Self {
            project_id: realm.project,
            mode: realm.mode,
            example_customer: rows.iter().find_map(|row| row.customer.as_ref()?.code.clone()),
            earnings: figures::earnings(&rows),
            customers: figures::customers(&rows),
            payments: rows.iter().map(figures::payment).collect(),
            events,
            deliveries,
            digest,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { events, deliveries, digest, .. } = self;
        writeln!(f, "What each affiliate earned")?;
        writeln!(f, "{}\n", tables::earnings(&self.earnings))?;
        writeln!(f, "From which customer, and why")?;
        writeln!(f, "{}\n", tables::customers(&self.customers))?;
        writeln!(f, "{events} events in {deliveries} deliveries, out of order and repeated on purpose.")?;
        write!(f, "Ledger digest {digest}, the same for any order.")
    }
}
