//! Whether the ledger of a project is what it promises to be, and its digest, of one moment.

use crate::Error;
use domain::ids::ProjectId;
use std::time::Duration;
use store::{
    PgPool, Transaction, digest, statement_timeout,
    verification::{self, Finding},
};

/// All of a project's ledger is read. Whose takes longer has the command line.
const LIMIT: Duration = Duration::from_secs(50);

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The SHA-256 of the canonical ledger, in both modes.
    pub digest: String,
    /// Each rule, and where it is broken.
    pub findings: Vec<Finding>,
}

impl Proof {
    /// How many rules are broken.
    #[must_use]
    pub fn broken(&self) -> usize {
        self.findings.iter().filter(|finding| finding.violations > 0).count()
    }
}

/// Begins to look at a project that exists, as it is now.
///
/// # Errors
/// [`Error::NotFound`]
pub async fn begin(pool: &PgPool, project: ProjectId) -> Result<Transaction, Error> {
    let mut snapshot = store::snapshot(pool).await?;
    crate::projects::find(&mut snapshot, project).await?;
    Ok(snapshot)
}

/// Checks every rule against every row of a project, in both modes, and computes its digest. Nothing is written.
///
/// # Errors
/// [`Error::Store`], also when it takes more than 50 s.
pub async fn prove(mut snapshot: Transaction, project: ProjectId) -> Result<Proof, Error> {
    statement_timeout(&mut snapshot, LIMIT).await?;
    let findings = verification::verify(&mut snapshot, Some(project)).await?;
    let digest = digest::of(&mut snapshot, Some(project)).await?;
    snapshot.rollback().await?;
    Ok(Proof { digest, findings })
}
