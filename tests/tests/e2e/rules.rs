//! Rules come from a file, are shown as one, and are tried before they hold.

use anyhow::Result;
use domain::ids::{Mode, ProjectId, Realm};
use serde_json::{Value, json};
use tests::{
    deployment::{self, Deployment},
    processes::command,
    stores::Backend,
};

async fn ask(deployment: &Deployment, arguments: &[&str]) -> Result<Value> {
    Ok(serde_json::from_str(&command(deployment, &[arguments, &["--json"]].concat()).await?)?)
}

#[tokio::test]
async fn rules_that_are_shown_can_be_edited_and_fed_back() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        // New rules send round whom they concern.
        let worker = deployment.worker();
        let directory = tempfile::tempdir()?;
        let file = directory.path().join("rules");
        let path = file.to_string_lossy().into_owned();
        std::fs::write(&file, include_str!("../../../cli/tests/data/rules.toml"))?;
        let created = ask(deployment, &["project", "create", "--name", "Acme", "--rules", &path]).await?;
        let id = created["project_id"].to_string();
        let shown = ask(deployment, &["project", "show", &id]).await?;
        let mut rules = shown["rules"][0]["rules"].clone();
        assert_eq!((&rules["commission"], &rules["codes"]), (&json!("20%"), &json!({"launch": "40%"})));

        std::fs::write(&file, rules.to_string())?;
        let same = ask(deployment, &["project", "update", &id, "--rules", &path]).await?;
        assert_eq!(same["rules"], shown["rules"], "the same rules are no new version");
        let simulated = ask(deployment, &["simulate", "--project", &id, "--rules", &path]).await?;
        assert_eq!((&simulated["affiliates"], &simulated["totals"]), (&json!([]), &json!([])));

        rules["tiers"][0]["commission"] = json!("25%");
        std::fs::write(&file, rules.to_string())?;
        let edited = ask(deployment, &["project", "update", &id, "--rules", &path]).await?;
        assert_eq!(edited["rules"][0], shown["rules"][0], "a version is never edited");
        assert_eq!(edited["rules"][1]["version"], 2);
        assert_eq!(edited["rules"][1]["rules"], rules);

        rules["products"][0]["products"] = json!(["handbook"]);
        std::fs::write(&file, rules.to_string())?;
        let refused = command(deployment, &["project", "update", &id, "--rules", &path]).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("\"handbook\" is no product, which begins with prod_"), "{refused}");
        let project = ProjectId(created["project_id"].as_i64().unwrap_or_default());
        deployment.settled(Realm { project, mode: Mode::Test }, 0).await?;
        worker.stop().await?;
        Ok(())
    })
    .await
}
