//! The programme as clients see it.

use crate::answer::timestamp;
use crate::openapi::values::RulesText;
use app::rules::WrittenRules;
use serde::Serialize;
use store::program_rules::Numbered;
use store::projects::Project;
use utoipa::ToSchema;

/// A project and its rules.
#[derive(Serialize, ToSchema)]
pub(crate) struct Program {
    project_id: i64,
    name: String,
    /// Where affiliates' links lead.
    landing_url: Option<String>,
    /// The version in force.
    version: i32,
    /// Its rules.
    #[schema(value_type = RulesText)]
    rules: WrittenRules,
    /// All versions, the oldest first.
    versions: Vec<RulesVersion>,
}

impl Program {
    pub(super) fn new(project: Project, in_force: &Numbered, versions: &[Numbered]) -> Self {
        Self {
            project_id: project.id.0,
            name: project.name,
            landing_url: project.landing_url.map(|url| url.as_str().to_owned()),
            version: in_force.number,
            rules: WrittenRules::from(&in_force.version.rules),
            versions: versions.iter().map(RulesVersion::from).collect(),
        }
    }
}

/// A version of the rules. It is never edited.
#[derive(Serialize, ToSchema)]
pub(crate) struct RulesVersion {
    version: i32,
    /// Payments from this time on are judged by it, up to that of the next version; null is from the beginning.
    #[schema(format = DateTime)]
    valid_from: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(value_type = RulesText)]
    rules: WrittenRules,
}

impl From<&Numbered> for RulesVersion {
    fn from(numbered: &Numbered) -> Self {
        Self {
            version: numbered.number,
            valid_from: numbered.version.valid_from.map(timestamp),
            created_at: timestamp(numbered.created_at),
            rules: WrittenRules::from(&numbered.version.rules),
        }
    }
}
