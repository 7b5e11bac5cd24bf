//! What was read.

use crate::output;
use app::backfill::Begun;
use domain::ids::{Mode, ProjectId};
use serde::Serialize;
use std::fmt;
use store::backfills::Tally;

#[derive(Serialize)]
pub(super) struct Report {
    project_id: ProjectId,
    mode: Mode,
    from: String,
    until: String,
    resumed: bool,
    lists: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    list: String,
    objects: i64,
    events: i64,
}

impl Report {
    pub(super) fn new(begun: Begun, tally: Vec<Tally>) -> Self {
        let listed = |Tally { list, objects, events, .. }| Listed { list, objects, events };
        Self {
            project_id: begun.backfill.realm.project,
            mode: begun.backfill.realm.mode,
            from: output::time(begun.backfill.since),
            until: output::time(begun.backfill.until),
            resumed: begun.resumed,
            lists: tally.into_iter().map(listed).collect(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { project_id, mode, from, until, .. } = self;
        writeln!(f, "History of project {project_id} in {mode} mode, from {from} until {until}.")?;
        let mut table = output::table(["List", "Objects", "Events"]);
        for Listed { list, objects, events } in &self.lists {
            table.add_row([list.clone(), objects.to_string(), events.to_string()]);
        }
        writeln!(f, "{table}")?;
        write!(f, "All that was listed is in the inbox.")
    }
}
