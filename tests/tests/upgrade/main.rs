//! An upgrade of an earlier release to this one, while events come and processes of both serve: `./dev upgrade --from COMMIT`,
//! which builds the programs of that commit and says by `EARLIER_PROGRAMS` where they are.

use anyhow::{Context, Result, ensure};
use cli::demo::{
    history,
    programme::{Entered, WEBHOOK_SECRET},
};
use domain::ids::{Mode, ProjectId, Realm};
use futures::future::try_join_all;
use serde_json::{Value, json};
use std::{env, net::SocketAddr, path::PathBuf, process::Stdio};
use tests::{
    deployment::{self, Deployment},
    figures::show,
    launch::Launch,
    ledger,
    processes::{Process, command, is_whole},
    stores::{Backend, Stores},
    stripe,
    wait::until,
};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the programs of an earlier release: ./dev upgrade --from COMMIT"]
async fn an_upgrade_loses_and_doubles_nothing_through_rabbitmq() -> Result<()> {
    upgrade(Backend::RabbitMq).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the programs of an earlier release: ./dev upgrade --from COMMIT"]
async fn an_upgrade_loses_and_doubles_nothing_through_postgresql() -> Result<()> {
    upgrade(Backend::Postgres).await
}

async fn upgrade(backend: Backend) -> Result<()> {
    deployment::on_empty(&Stores::shared(backend)?, async |deployment| {
        let earlier = Earlier::of(deployment)?;
        earlier.tributary(&["migrate"]).await?;
        let (earlier_api, earlier_api_process) = earlier.launch("tributary-api")?.serve().await?;
        let worker = earlier.launch("tributary-worker")?.start()?;
        let (of_earlier, mut told) = ([earlier_api], Told::default());
        told.add(tell(earlier.programmes(earlier_api, 4).await?, &of_earlier).await?);
        told.settled(deployment).await?;
        show("settled by the earlier release alone");

        // Its queue is handed over with what it holds.
        ensure!(worker.stop().await?.success(), "the earlier worker did not end well");
        told.add(tell(earlier.programmes(earlier_api, 4).await?, &of_earlier).await?);
        let waiting = deployment.under_way().await?;
        ensure!(!waiting.is_empty(), "nothing waits");
        show(format!("waiting for this release: {waiting:?}"));

        // The tables change while the earlier api goes on. Its command line stops there: the tables are newer than it.
        let during = earlier.programmes(earlier_api, 4).await?;
        let (during, migrated) = tokio::join!(tell(during, &of_earlier), command(deployment, &["migrate"]));
        show(migrated?.trim());
        told.add(during?);

        // Both serve.
        let worker = Process::worker(deployment)?;
        let (api, api_process) = Process::api(deployment).await?;
        let earlier_worker = earlier.launch("tributary-worker")?.start()?;
        told.add(tell(programmes(deployment, 8).await?, &[earlier_api, api]).await?);
        told.settled(deployment).await?;
        ensure!(earlier_worker.stop().await?.success(), "the earlier worker did not end well");
        ensure!(earlier_api_process.stop().await?.success(), "the earlier API did not end well");
        show("settled while both served");

        told.add(tell(programmes(deployment, 2).await?, &[api]).await?);
        told.settled(deployment).await?;
        deployment.drained().await?;
        for entered in &told.0 {
            assert_eq!(ledger::earned(&deployment.pool, entered.realm).await?, ledger::of_the_demo());
        }
        is_whole(deployment, &deployment.database_url).await?;
        show(format!("{} projects earned what they have to; verify and replay find nothing", told.0.len()));
        ensure!(worker.stop().await?.success(), "the worker did not end well");
        ensure!(api_process.stop().await?.success(), "the API did not end well");
        Ok(())
    })
    .await
}

/// The projects that were told the demo's history.
#[derive(Default)]
struct Told(Vec<Entered>);

impl Told {
    fn add(&mut self, more: Vec<Entered>) {
        self.0.extend(more);
    }

    async fn settled(&self, deployment: &Deployment) -> Result<()> {
        let all = i64::try_from(self.0.len() * history::events().len())?;
        until("all of it is settled", async || {
            let count = "SELECT count(*) FROM events WHERE source = 'stripe'";
            let settled: i64 = sqlx::query_scalar(count).fetch_one(&deployment.pool).await?;
            ensure!(settled == all, "{settled} of {all} are");
            Ok(())
        })
        .await
    }
}

/// Projects with the demo's programme.
async fn programmes(deployment: &Deployment, count: usize) -> Result<Vec<Entered>> {
    try_join_all((0..count).map(async |_| deployment.programme().await)).await
}

/// Tells projects the demo's history, each by one of the APIs.
async fn tell(projects: Vec<Entered>, apis: &[SocketAddr]) -> Result<Vec<Entered>> {
    let told = projects.into_iter().zip(apis.iter().cycle()).zip(0..).map(async |((entered, api), seed)| {
        stripe::post_history(*api, &entered, seed).await?;
        Ok::<_, anyhow::Error>(entered)
    });
    try_join_all(told).await
}

/// The programs of the earlier release.
struct Earlier<'a> {
    programs: PathBuf,
    deployment: &'a Deployment,
}

impl<'a> Earlier<'a> {
    fn of(deployment: &'a Deployment) -> Result<Self> {
        let programs = env::var_os("EARLIER_PROGRAMS");
        let programs = programs.context("EARLIER_PROGRAMS is not set: run ./dev upgrade --from COMMIT")?;
        Ok(Self { programs: programs.into(), deployment })
    }

    fn launch(&self, program: &str) -> Result<Launch> {
        Launch::at(&self.programs.join(program), self.deployment)
    }

    async fn tributary(&self, arguments: &[&str]) -> Result<String> {
        let launch =
            arguments.iter().fold(self.launch("tributary")?, |launch, argument| launch.arg(argument));
        let (status, out, said) = launch.stdout(Stdio::piped()).stderr(Stdio::piped()).answered().await?;
        ensure!(status.success(), "the earlier tributary {}: {said}{out}", arguments.join(" "));
        Ok(out)
    }

    async fn programmes(&self, api: SocketAddr, count: usize) -> Result<Vec<Entered>> {
        try_join_all((0..count).map(async |_| self.programme(api).await)).await
    }

    /// The demo's programme, entered as its users would: by command and by REST.
    async fn programme(&self, api: SocketAddr) -> Result<Entered> {
        let created = self
            .tributary(&[
                "project",
                "create",
                "--name",
                "Demo",
                "--commission",
                "20%",
                "--recurring",
                "12-months",
                "--hold-days",
                "30",
                "--stripe-webhook-secret",
                WEBHOOK_SECRET,
                "--json",
            ])
            .await?;
        let created: Value = serde_json::from_str(&created)?;
        let text =
            |name: &str| created[name].as_str().map(str::to_owned).with_context(|| created.to_string());
        let project = created["project_id"].as_i64().with_context(|| created.to_string())?;
        let realm = Realm { project: ProjectId(project), mode: Mode::Test };
        let entered = Entered { realm, api_key: text("api_key")?, webhook_path: text("webhook_path")? };
        for (email, code, coupon) in [
            ("anna@studio.example", "ANNA", None),
            ("ben@podcast.example", "BEN", Some(("BEN20", "promo_1DemoBen20aaaaaaaaaaaaaa"))),
            ("cleo@letters.example", "CLEO", Some(("CLEO10", "promo_1DemoCleo10aaaaaaaaaaaaa"))),
        ] {
            let affiliate = json!({"email": email, "referral_code": code});
            let affiliate = rest(api, &entered, "affiliates", &affiliate).await?;
            if let Some((code, promotion_code)) = coupon {
                let coupon = json!({
                    "affiliate_id": affiliate.pointer("/data/id"), "coupon_code": code, "stripe_coupon_id": code,
                    "stripe_promotion_code_id": promotion_code,
                });
                rest(api, &entered, "coupons", &coupon).await?;
            }
        }
        Ok(entered)
    }
}

async fn rest(api: SocketAddr, entered: &Entered, path: &str, body: &Value) -> Result<Value> {
    let request = stripe::client()?.post(format!("http://{api}/api/v1/{path}"));
    let answer = request.bearer_auth(&entered.api_key).json(body).send().await?;
    let (status, said) = (answer.status(), answer.text().await?);
    ensure!(status.is_success(), "POST {path}: {status} {said}");
    Ok(serde_json::from_str(&said)?)
}
