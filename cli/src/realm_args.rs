//! The options of a command on one project in one mode.

use crate::context;
use clap::Args;
use domain::ids::{Mode, ProjectId, Realm};
use store::PgConnection;

/// Which project and mode.
#[derive(Args)]
pub(crate) struct RealmArgs {
    /// The project
    #[arg(long, value_name = "ID")]
    project: i64,
    /// The mode: nothing of test mode is money
    #[arg(long, value_parser = crate::mode::parser(), default_value_t = Mode::Test)]
    mode: Mode,
}

impl RealmArgs {
    /// Project and mode, or that there is no such project.
    pub(crate) async fn realm(&self, connection: &mut PgConnection) -> anyhow::Result<Realm> {
        let project = context::project(connection, ProjectId(self.project)).await?.id;
        Ok(Realm { project, mode: self.mode })
    }
}
