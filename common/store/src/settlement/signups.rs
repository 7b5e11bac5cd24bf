//! A checkout whose `client_reference_id` is the company's own id of somebody who signed up (SEMANTICS 4 f).
//!
//! Such an id is no key of the session: the same field carries codes, and all customers of one code
//! would become one cluster. The two are brought together only where somebody is known by that id, and
//! whether that makes them one person is the fold's to say.

use super::barrier::Meetings;
use super::incoming::Incoming;
use crate::{PgConnection, StoreError, realm};
use domain::code::FoldedCode;
use domain::fact::{Fact, FactBody, TouchMethod};
use domain::ids::Realm;
use domain::key::{Key, KeyKind};
use sqlx::types::Json;
use std::collections::{BTreeMap, BTreeSet};

/// Ids that a batch names, on one side or the other: by a `client_reference_id`, and by a signup or a posted conversion.
#[derive(Debug, Default)]
pub(super) struct Named(Meetings);

impl Named {
    pub(super) fn of(facts: &BTreeMap<Realm, Vec<Incoming<'_>>>) -> Self {
        let mut named = Self::default();
        for (realm, incoming) in
            facts.iter().flat_map(|(realm, facts)| facts.iter().map(move |one| (*realm, one)))
        {
            named.0.sharing.extend(referenced(incoming.fact).map(|id| (realm, id.to_owned())));
            let users = incoming.fact.identities.iter().filter(|key| key.kind() == KeyKind::User);
            named.0.alone.extend(users.map(|key| (realm, key.id().to_owned())));
        }
        named
    }

    /// What keeps one who references an id and one who signs up by it from missing each other. Entered before clusters are locked.
    pub(super) fn meetings(&self) -> &Meetings {
        &self.0
    }

    /// The keys that belong into one cluster, now that the facts are stored.
    pub(super) async fn met(
        &self,
        connection: &mut PgConnection,
    ) -> Result<Vec<(Realm, Vec<Key>)>, StoreError> {
        let all: BTreeSet<&(Realm, String)> = self.0.sharing.iter().chain(&self.0.alone).collect();
        let ids: Vec<(Realm, &str, FoldedCode)> = all
            .into_iter()
            .filter_map(|(realm, id)| Some((*realm, id.as_str(), FoldedCode::new(id)?)))
            .collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        // By way of those who are known by such an id, who are few; a code of many sessions is nobody's id.
        let rows = sqlx::query!(
            r#"
            SELECT named.project_id AS "project_id!", named.livemode AS "livemode!", k.key AS "key!",
                   f.links AS "links!: Json<Vec<Key>>", f.body AS "body!: Json<FactBody>"
            FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[], $4::TEXT[]) AS named (project_id, livemode, id, code)
            CROSS JOIN LATERAL (
                SELECT key, cluster_id, named.code FROM identity_keys
                WHERE project_id = named.project_id AND livemode = named.livemode AND key = 'user:' || named.id
                OFFSET 0
            ) k
            CROSS JOIN LATERAL (SELECT * FROM facts WHERE codes @> ARRAY[k.code] OFFSET 0) f
            WHERE f.project_id = named.project_id AND f.livemode = named.livemode
              AND f.cluster_id <> k.cluster_id AND NOT EXISTS (SELECT FROM referral_codes c
                              WHERE c.project_id = named.project_id AND c.livemode = named.livemode
                                AND c.code_folded = named.code)
            "#,
            &ids.iter().map(|(realm, _, _)| realm.project.0).collect::<Vec<_>>(),
            &ids.iter().map(|(realm, _, _)| realm.mode.is_live()).collect::<Vec<_>>(),
            &ids.iter().map(|(_, id, _)| (*id).to_owned()).collect::<Vec<_>>(),
            &ids.iter().map(|(_, _, code)| code.as_str().to_owned()).collect::<Vec<_>>(),
        )
        .fetch_all(connection)
        .await?;
        let met = rows.into_iter().filter(|row| {
            matches!(&row.body.0, FactBody::Touch(touch)
                if touch.method == TouchMethod::ClientReferenceId && row.key == Key::user(touch.value.trim()).as_str())
        });
        Ok(met
            .map(|row| {
                let keys = row.links.0.into_iter().chain([Key::stored(row.key)]);
                (realm(row.project_id, row.livemode), keys.collect())
            })
            .collect())
    }
}

/// The id that a fact references.
fn referenced(fact: &Fact) -> Option<&str> {
    match &fact.body {
        FactBody::Touch(touch) if touch.method == TouchMethod::ClientReferenceId => Some(touch.value.trim()),
        _ => None,
    }
}
