//! Clicks on affiliates' links.

use crate::{Error, Outbox};
use domain::{code::FoldedCode, ids::Realm, reevaluation::Reevaluation};
use store::{
    PgConnection,
    clicks::{self, NewClick, Recorded},
};

/// Records a click; a checkout that names it may have come first, and is resettled.
///
/// # Errors
/// Those of the database. That the code is unknown is [`Recorded::UnknownCode`].
pub async fn record(
    connection: &mut PgConnection,
    outbox: Outbox<'_>,
    realm: Realm,
    new: &NewClick<'_>,
) -> Result<Recorded, Error> {
    let recorded = clicks::record(connection, realm, new).await?;
    if let Recorded::New(click) = &recorded {
        let codes = FoldedCode::new(&click.click_id).into_iter().collect();
        outbox.resettle(connection, realm, &Reevaluation { codes, ..Reevaluation::default() }).await?;
    }
    Ok(recorded)
}
