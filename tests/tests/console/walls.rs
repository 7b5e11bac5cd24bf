//! A walk over every route, by those who may not.

use crate::support::on_a_project;
use anyhow::{Context, Result};
use reqwest::{StatusCode, header};
use store::users::UserRole;
use tests::visitor::{Answer, Visitor};
use webconsole::{Described, Right};

/// A path with something in the place of each parameter.
fn path(route: &Described) -> String {
    let mut path = route.path.replace("{project}", "1").replace("{mode}", "test");
    while let Some((before, rest)) = path.split_once('{') {
        let after = rest.split_once('}').map_or("", |(_, after)| after);
        path = format!("{before}1{after}");
    }
    path
}

fn routes(method: &str) -> Vec<Described> {
    webconsole::described().into_iter().filter(|route| route.method == method).collect()
}

#[tokio::test]
async fn strangers_see_the_form_and_nothing_else() -> Result<()> {
    on_a_project(async |_, api, _| {
        let mut stranger = Visitor::stranger(api)?;
        for cookie in [None, Some("tributary-session=0123456789abcdef"), Some("__Host-tributary=x")] {
            stranger.cookie = cookie.map(str::to_owned);
            for route in routes("GET") {
                let answer = stranger.get(&path(&route)).await?;
                assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", route.path);
                assert!(answer.location().starts_with("/console/sign-in?next=%2Fconsole"), "{}", route.path);
            }
            for route in routes("POST") {
                let answer = stranger.post(&path(&route), &[]).await?;
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", route.path);
            }
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_form_of_another_origin_session_or_time_does_nothing() -> Result<()> {
    on_a_project(async |deployment, api, _| {
        let ada = Visitor::of(deployment, api, "ada", UserRole::Operator).await?;
        let eve = Visitor::of(deployment, api, "eve", UserRole::Operator).await?;
        let (origin, cookie) = (ada.origin(), ada.cookie.clone().context("no cookie")?);
        for route in routes("POST") {
            let path = path(&route);
            let attempts: [(&str, &str, Option<&str>); 6] = [
                ("another origin", &ada.token, Some("https://evil.test")),
                ("no origin that is said", &ada.token, Some("null")),
                ("no origin", &ada.token, None),
                ("the token of another session", &eve.token, Some(&origin)),
                ("no token", "", Some(&origin)),
                ("the cookie as token", cookie.split('=').nth(1).unwrap_or_default(), Some(&origin)),
            ];
            for (what, token, from) in attempts {
                let answer = ada.send(&path, &[("token", token)], Some(&cookie), from).await?;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{what}: {path}");
            }
        }
        // Nobody was signed out by that.
        assert_eq!(ada.get("/console/1/test").await?.status, StatusCode::OK);
        Ok(())
    })
    .await
}

/// What each role may, told once more, so that a right that is given away by mistake is seen.
fn may(role: UserRole, right: Right) -> bool {
    let rights: &[Right] = match role {
        UserRole::Viewer => &[],
        UserRole::Developer => {
            &[Right::Bodies, Right::DeadLetters, Right::Endpoints, Right::Keys, Right::Check]
        }
        UserRole::Finance => &[Right::Decide, Right::Pay, Right::Check],
        UserRole::Operator => &[
            Right::Bodies,
            Right::DeadLetters,
            Right::Endpoints,
            Right::Keys,
            Right::Decide,
            Right::Pay,
            Right::Check,
            Right::Rules,
        ],
    };
    right == Right::Own || rights.contains(&right)
}

#[tokio::test]
async fn a_role_does_what_is_its_own() -> Result<()> {
    on_a_project(async |deployment, api, _| {
        for role in UserRole::ALL {
            let visitor = Visitor::of(deployment, api, role.as_str(), role).await?;
            for route in webconsole::described() {
                let Some(right) = route.right else {
                    let answer = visitor.get(&path(&route)).await?;
                    assert_ne!(answer.status, StatusCode::FORBIDDEN, "{role:?} {}", route.path);
                    continue;
                };
                if route.path.ends_with("/sign-out") {
                    continue;
                }
                // Without its fields an act is refused by itself: only by whom it is refused is looked at.
                let answer = match route.method {
                    "GET" => visitor.get(&path(&route)).await?,
                    _ => visitor.post(&path(&route), &[]).await?,
                };
                let forbidden = answer.status == StatusCode::FORBIDDEN;
                assert_eq!(forbidden, !may(role, right), "{role:?} {} is {}", route.path, answer.status);
            }
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn every_answer_keeps_to_itself() -> Result<()> {
    on_a_project(async |deployment, api, _| {
        let ada = Visitor::of(deployment, api, "ada", UserRole::Operator).await?;
        let stranger = Visitor::stranger(api)?;
        let mut answers: Vec<Answer> = vec![
            stranger.get("/console/sign-in").await?,
            stranger.get("/console/nowhere").await?,
            ada.get("/console/nowhere").await?,
            ada.get("/console/9/test").await?,
            ada.get("/console/1/neither").await?,
        ];
        for route in routes("GET") {
            answers.push(ada.get(&path(&route)).await?);
        }
        for answer in answers {
            let of = |name| answer.headers.get(name).map(|value| value.to_str().unwrap_or_default());
            let policy = of(header::CONTENT_SECURITY_POLICY).unwrap_or_default();
            assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
            assert!(!policy.contains("unsafe"), "{policy}");
            assert_eq!(of(header::X_CONTENT_TYPE_OPTIONS), Some("nosniff"));
            assert_eq!(of(header::CACHE_CONTROL), Some("no-store"));
            // What a strict policy would stop in silence.
            let inline =
                [" style=", "<style", " onclick=", "hx-on", "hx-vals=\"js:", "javascript:", "<script>"];
            for word in inline {
                assert!(!answer.text.contains(word), "{word} in {}", answer.text);
            }
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn assets_are_kept_for_ever_and_have_new_names_when_they_change() -> Result<()> {
    on_a_project(async |_, api, _| {
        let stranger = Visitor::stranger(api)?;
        let form = stranger.get("/console/sign-in").await?.text;
        let named: Vec<&str> =
            form.split(['"']).filter(|text| text.starts_with("/console/assets/")).collect();
        assert_eq!(named.len(), 6, "{form}");
        for asset in named {
            let answer = stranger.get(asset).await?;
            assert_eq!(answer.status, StatusCode::OK, "{asset}");
            let kept = answer.headers.get(header::CACHE_CONTROL).context("not kept")?;
            assert_eq!(kept, "public, max-age=31536000, immutable");
        }
        let gone = stranger.get("/console/assets/console.0000000000000000.css").await?;
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
        Ok(())
    })
    .await
}
