//! What a page of a project and mode needs: who asks, for what, and where it stands among the others.

use crate::{ROOT, failure::Failure, person::Person, rights, rights::Right, state::Console};
use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request,
};
use domain::ids::{Mode, ProjectId, Realm};
use std::sync::Arc;
use store::projects::Project;

/// The pages that stand at the side of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Overview,
    Payments,
    Affiliates,
    Customers,
    Payouts,
    Decisions,
    Events,
    Queues,
    DeadLetters,
    Rules,
    Proof,
    Notifications,
    Keys,
    Doctor,
}

impl Section {
    pub(crate) const ALL: [Self; 14] = [
        Self::Overview,
        Self::Payments,
        Self::Affiliates,
        Self::Customers,
        Self::Payouts,
        Self::Decisions,
        Self::Events,
        Self::Queues,
        Self::DeadLetters,
        Self::Rules,
        Self::Proof,
        Self::Notifications,
        Self::Keys,
        Self::Doctor,
    ];

    /// Below the project and mode.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Overview => "",
            Self::Payments => "/payments",
            Self::Affiliates => "/affiliates",
            Self::Customers => "/customers",
            Self::Payouts => "/payouts",
            Self::Decisions => "/decisions",
            Self::Events => "/events",
            Self::Queues => "/queues",
            Self::DeadLetters => "/dead-letters",
            Self::Rules => "/rules",
            Self::Proof => "/proof",
            Self::Notifications => "/notifications",
            Self::Keys => "/keys",
            Self::Doctor => "/doctor",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Payments => "Payments",
            Self::Affiliates => "Affiliates",
            Self::Customers => "Customers",
            Self::Payouts => "Payouts",
            Self::Decisions => "Decisions",
            Self::Events => "Events in",
            Self::Queues => "Queues",
            Self::DeadLetters => "Dead letters",
            Self::Rules => "Rules",
            Self::Proof => "Proof",
            Self::Notifications => "Notifications",
            Self::Keys => "API keys",
            Self::Doctor => "Doctor",
        }
    }

    /// The page of another project or mode.
    pub(crate) fn of(self, realm: Realm) -> String {
        below(realm, self.path())
    }

    /// The section that a path belongs to.
    fn at(path: &str) -> Self {
        let rest = path.splitn(5, '/').nth(4).unwrap_or_default();
        let first = rest.split('/').next().unwrap_or_default();
        let first = if first == "batches" { "payouts" } else { first };
        let found = Self::ALL.into_iter().find(|section| section.path().trim_start_matches('/') == first);
        found.unwrap_or(Self::Overview)
    }
}

fn below(realm: Realm, path: &str) -> String {
    format!("{ROOT}/{}/{}{path}", realm.project, realm.mode)
}

/// A page that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) person: Person,
    pub(crate) realm: Realm,
    pub(crate) project: Arc<Project>,
    pub(crate) projects: Arc<[Project]>,
    pub(crate) section: Section,
}

impl Page {
    /// A path below this project and mode.
    pub(crate) fn path(&self, path: &str) -> String {
        below(self.realm, path)
    }

    /// Whether who asks may do this.
    pub(crate) fn may(&self, right: Right) -> bool {
        rights::may(self.person.who.role, right)
    }
}

impl FromRequestParts<Console> for Page {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut request::Parts, console: &Console) -> Result<Self, Failure> {
        let person = Person::from_request_parts(parts, console).await?;
        let named =
            RawPathParams::from_request_parts(parts, console).await.map_err(|_| Failure::no_page())?;
        let value = |name| named.iter().find(|(of, _)| *of == name).map(|(_, value)| value);
        let project = value("project").and_then(|id| id.parse().ok()).map(ProjectId);
        let mode: Option<Mode> = value("mode").and_then(|mode| mode.parse().ok());
        let (Some(project), Some(mode)) = (project, mode) else { return Err(Failure::no_page()) };
        let projects = console.projects().await?;
        let found = projects.iter().find(|known| known.id == project).cloned();
        let found = found.ok_or_else(|| Failure::NotFound(format!("There is no project {project}.")))?;
        Ok(Self {
            person,
            realm: Realm { project, mode },
            project: Arc::new(found),
            projects: projects.into(),
            section: Section::at(parts.uri.path()),
        })
    }
}
