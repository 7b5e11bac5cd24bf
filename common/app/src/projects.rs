//! Projects.

mod create;
mod update;

pub use create::{Created, NewProject, create, webhook_path};
pub use update::{Landing, Update, update};

use crate::Error;
use domain::ids::ProjectId;
use store::{
    PgConnection,
    projects::{self, Project},
};

/// The project with this id.
///
/// # Errors
/// [`Error::NotFound`]
pub async fn find(connection: &mut PgConnection, id: ProjectId) -> Result<Project, Error> {
    let found = projects::find(connection, id).await?;
    found.ok_or_else(|| Error::NotFound(format!("there is no project {id}")))
}
