//! Signing in by a proxy's header: from the addresses that a setting names, and from no other, whatever else a request says.

use anyhow::{Context, Result, ensure};
use app::users::{self, NewUser};
use chrono::Utc;
use reqwest::{Client, RequestBuilder, StatusCode, header, redirect::Policy};
use std::net::{IpAddr, SocketAddr};
use store::users::UserRole;
use tests::{
    deployment::{self, Deployment},
    launch::Launch,
    stores::Backend,
};

const HEADER: &str = "X-Forwarded-Email";
const PAGE: &str = "/console/1/test";

/// Somebody who connects from an address of this machine.
struct Place {
    http: Client,
    api: SocketAddr,
}

impl Place {
    fn address(address: &str, api: SocketAddr) -> Result<Self> {
        let address: IpAddr = address.parse()?;
        let http = Client::builder().no_proxy().redirect(Policy::none()).local_address(address).build()?;
        Ok(Self { http, api })
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("http://{}{path}", self.api))
    }
}

/// Whether the page was shown, or the form for signing in.
async fn shown(request: RequestBuilder) -> Result<bool> {
    let answer = request.send().await?;
    let status = answer.status();
    if status == StatusCode::OK {
        ensure!(answer.text().await?.contains("ada · finance"), "it is somebody else's page");
        return Ok(true);
    }
    ensure!(status == StatusCode::SEE_OTHER, "{status}: {}", answer.text().await?);
    Ok(false)
}

async fn enter(deployment: &Deployment, name: &str) -> Result<()> {
    let mut transaction = deployment.pool.begin().await?;
    let new = NewUser { name, role: UserRole::Finance, password: None };
    users::create(&mut transaction, new, "test", Utc::now()).await?;
    Ok(transaction.commit().await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_believed_from_its_own_address_and_nobody_from_another() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        deployment.programme().await?;
        enter(deployment, "ada").await?;
        enter(deployment, "gone").await?;
        let launch = Launch::of("tributary-api", deployment)?
            .env("CONSOLE", "on")
            .env("CONSOLE_PROXY_HEADER", HEADER)
            .env("CONSOLE_PROXIES", "127.0.0.2")
            // Another proxy, which is believed about where a client is, and about nothing else.
            .env("TRUSTED_PROXIES", "127.0.0.1");
        let (api, process) = launch.serve().await?;
        let (proxy, other) = (Place::address("127.0.0.2", api)?, Place::address("127.0.0.1", api)?);

        assert!(shown(proxy.get(PAGE).header(HEADER, "ada")).await?);
        assert!(shown(proxy.get(PAGE).header(HEADER, " ADA ")).await?, "a name is one person's in any case");
        assert!(!shown(proxy.get(PAGE)).await?, "it says of nobody that they are signed in");
        let twice = proxy.get(PAGE).header(HEADER, "ada").header(HEADER, "ada");
        assert!(!shown(twice).await?, "one of the two is a client's own");
        let unknown = proxy.get(PAGE).header(HEADER, "eve").send().await?;
        assert_eq!(unknown.status(), StatusCode::UNPROCESSABLE_ENTITY);
        for near in ["X_Forwarded_Email", "X-Forwarded-User", "X-Original-Email"] {
            assert!(!shown(proxy.get(PAGE).header(near, "ada")).await?, "{near}");
        }

        // From elsewhere the header means nothing, whatever is said of where it comes from.
        assert!(!shown(other.get(PAGE).header(HEADER, "ada")).await?);
        for (name, value) in [
            ("X-Forwarded-For", "127.0.0.2"),
            ("X-Forwarded-For", "127.0.0.2, 127.0.0.2"),
            ("X-Real-IP", "127.0.0.2"),
            ("Forwarded", "for=127.0.0.2"),
            ("True-Client-IP", "127.0.0.2"),
            ("Via", "1.1 127.0.0.2"),
        ] {
            assert!(!shown(other.get(PAGE).header(HEADER, "ada").header(name, value)).await?, "{name}");
        }

        // Its cookie is of use only beside the header, from the proxy, and for the same person.
        let signed_in = proxy.get(PAGE).header(HEADER, "ada").send().await?;
        let cookie = signed_in.headers().get(header::SET_COOKIE).context("no cookie")?.to_str()?;
        let cookie = cookie.split(';').next().context("no cookie")?.to_owned();
        let with = |request: RequestBuilder| request.header(header::COOKIE, &cookie);
        assert!(shown(with(proxy.get(PAGE)).header(HEADER, "ada")).await?);
        assert!(!shown(with(proxy.get(PAGE))).await?);
        assert!(!shown(with(other.get(PAGE))).await?);
        assert!(!shown(with(other.get(PAGE)).header(HEADER, "ada")).await?);
        let as_another = with(proxy.get(PAGE)).header(HEADER, "gone").send().await?.text().await?;
        assert!(as_another.contains("gone · finance"), "{as_another}");

        let mut transaction = deployment.pool.begin().await?;
        users::disable(&mut transaction, "gone", "test", Utc::now()).await?;
        transaction.commit().await?;
        let disabled = proxy.get(PAGE).header(HEADER, "gone").send().await?;
        assert_eq!(disabled.status(), StatusCode::UNPROCESSABLE_ENTITY);
        ensure!(process.stop().await?.success(), "it did not end well");
        Ok(())
    })
    .await
}
