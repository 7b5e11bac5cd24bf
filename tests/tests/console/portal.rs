//! An affiliate's own page.

use crate::support::on_settled_history;
use anyhow::{Context, Result, ensure};
use reqwest::{Client, StatusCode, header};
use serde_json::Value;
use tests::visitor::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn an_affiliate_sees_its_own_account_by_a_link_once() -> Result<()> {
    on_settled_history(async |_, api, entered| {
        let made = Client::new()
            .post(format!("http://{api}/api/v1/affiliates/anna%40studio.example/portal-link"))
            .bearer_auth(&entered.api_key)
            .send()
            .await?;
        ensure!(made.status() == StatusCode::CREATED, "{}", made.text().await?);
        let made: Value = serde_json::from_str(&made.text().await?)?;
        let url = made["data"]["url"].as_str().context("no URL")?;
        let path = url.strip_prefix(&format!("http://{api}")).context("another host")?;
        let pass = path.split_once("pass=").context("no pass")?.1;

        let mut anna = Visitor::stranger(api)?;
        assert_eq!(anna.get("/portal").await?.status, StatusCode::UNPROCESSABLE_ENTITY);
        // Looking at the link, as programs that read mail do, uses nothing up.
        for _ in 0..2 {
            assert!(anna.page(path).await?.contains("Open</button>"));
        }
        let elsewhere =
            anna.send("/portal/enter", &[("pass", pass)], None, Some("https://evil.test")).await?;
        assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
        let entered = anna.send("/portal/enter", &[("pass", pass)], None, Some(&anna.origin())).await?;
        assert_eq!((entered.status, entered.location()), (StatusCode::SEE_OTHER, "/portal"));
        let cookie = entered.headers.get(header::SET_COOKIE).context("no cookie")?.to_str()?;
        assert!(cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
        anna.cookie = cookie.split(';').next().map(str::to_owned);

        let page = anna.page("/portal").await?;
        for word in ["48.30 USD", "/r/ANNA", "You will be paid with the next payout", "test mode"] {
            assert!(page.contains(word), "{word}: {page}");
        }
        // Nobody else, and no customer.
        for other in ["ben@", "cleo@", "nora@", "lindqvist", "in_1"] {
            assert!(!page.contains(other), "{other}: {page}");
        }
        let again = anna.send("/portal/enter", &[("pass", pass)], None, Some(&anna.origin())).await?;
        assert!(again.text.contains("was used already"), "{}", again.text);
        // It is no way into the console.
        assert_eq!(anna.get("/console/1/test").await?.status, StatusCode::SEE_OTHER);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_shown_a_page_where_there_is_nothing() -> Result<()> {
    crate::support::on_a_project(async |_, api, _| {
        let http = Client::new();
        let ask = async |path: &str, accept: &str| -> Result<(StatusCode, String, String)> {
            let answer =
                http.get(format!("http://{api}{path}")).header(header::ACCEPT, accept).send().await?;
            let kind = answer.headers().get(header::CONTENT_TYPE).context("no type")?.to_str()?.to_owned();
            Ok((answer.status(), kind, answer.text().await?))
        };
        for (path, status, says) in [
            ("/", StatusCode::OK, "href=\"/docs\""),
            ("/nowhere", StatusCode::NOT_FOUND, "There is nothing at this address."),
            ("/r/NOBODY", StatusCode::NOT_FOUND, "This link leads nowhere"),
        ] {
            let (found, kind, text) = ask(path, "text/html,application/xhtml+xml").await?;
            assert_eq!((found, kind.as_str()), (status, "text/html; charset=utf-8"), "{path}");
            assert!(text.contains(says), "{text}");
            let (status, kind, _) = ask(path, "*/*").await?;
            assert_eq!((status, kind.as_str()), (StatusCode::NOT_FOUND, "application/json"), "{path}");
        }
        let (status, kind, text) = ask("/docs", "text/html").await?;
        assert_eq!((status, kind.as_str()), (StatusCode::OK, "text/html; charset=utf-8"));
        assert!(text.contains("id=\"create_affiliate\"") && text.contains("/docs/style.css"), "{text}");
        let (status, kind, _) = ask("/docs/style.css", "text/css").await?;
        assert_eq!((status, kind.as_str()), (StatusCode::OK, "text/css; charset=utf-8"));
        let (_, kind, _) = ask("/api/v1/nowhere", "text/html").await?;
        assert_eq!(kind, "application/json");
        Ok(())
    })
    .await
}
