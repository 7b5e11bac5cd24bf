//! Somebody who looks at the console as a browser does, without the browser.

use crate::deployment::Deployment;
use anyhow::{Context, Result, ensure};
use app::users::{self, NewUser};
use chrono::Utc;
use reqwest::{
    Client, Method, StatusCode,
    header::{self, HeaderMap},
    redirect::Policy,
};
use std::net::SocketAddr;
use store::users::UserRole;

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery staple";

/// Somebody at the console.
#[derive(Clone)]
pub struct Visitor {
    http: Client,
    api: SocketAddr,
    /// The session's cookie, once there is one.
    pub cookie: Option<String>,
    /// What forms carry.
    pub token: String,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// The page.
    pub text: String,
}

impl Answer {
    /// Where it leads to.
    #[must_use]
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default()
    }

    /// The form token in the page.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        let (_, rest) = self.text.split_once(r#"name="token" value=""#)?;
        rest.split('"').next()
    }

    /// The value of a cookie that it sets.
    fn cookie(&self, name: &str) -> Option<String> {
        let set = self.headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        set.filter_map(|cookie| cookie.split(';').next()?.split_once('='))
            .find(|(of, _)| *of == name)
            .map(|(_, value)| value.to_owned())
    }
}

/// Enters somebody who may sign in.
///
/// # Errors
/// When the database fails.
pub async fn enter(deployment: &Deployment, name: &str, role: UserRole) -> Result<()> {
    let mut transaction = deployment.pool.begin().await?;
    let new = NewUser { name, role, password: Some(PASSWORD) };
    users::create(&mut transaction, new, "test", Utc::now()).await?;
    Ok(transaction.commit().await?)
}

impl Visitor {
    /// Somebody who is not signed in.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn stranger(api: SocketAddr) -> Result<Self> {
        let http = Client::builder().redirect(Policy::none()).build()?;
        Ok(Self { http, api, cookie: None, token: String::new() })
    }

    /// Somebody who was entered just now, signed in.
    ///
    /// # Errors
    /// When that does not work.
    pub async fn of(deployment: &Deployment, api: SocketAddr, name: &str, role: UserRole) -> Result<Self> {
        enter(deployment, name, role).await?;
        let mut visitor = Self::stranger(api)?;
        let answer = visitor.sign_in(name, PASSWORD).await?;
        ensure!(answer.status == StatusCode::SEE_OTHER, "{name} was not let in: {}", answer.status);
        Ok(visitor)
    }

    /// Tries to sign in, through the form.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn sign_in(&mut self, name: &str, password: &str) -> Result<Answer> {
        let form = self.get("/console/sign-in").await?;
        let visit = form.cookie("tributary-visit").context("the form is tied to nothing")?;
        let token = form.token().context("the form has no token")?.to_owned();
        let fields = [("token", token.as_str()), ("name", name), ("password", password)];
        let cookie = format!("tributary-visit={visit}");
        let answer = self.send("/console/sign-in", &fields, Some(&cookie), Some(&self.origin())).await?;
        if let Some(session) = answer.cookie("tributary-session") {
            self.cookie = Some(format!("tributary-session={session}"));
            let page = self.get("/console/1/test").await?;
            page.token().context("a page has no token")?.clone_into(&mut self.token);
        }
        Ok(answer)
    }

    /// The console's own origin.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.api)
    }

    /// A page.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        let request = self.http.get(format!("{}{path}", self.origin()));
        let request = match &self.cookie {
            Some(cookie) => request.header(header::COOKIE, cookie),
            None => request,
        };
        read(request).await
    }

    /// A page that must be there.
    ///
    /// # Errors
    /// When it is not.
    pub async fn page(&self, path: &str) -> Result<String> {
        let answer = self.get(path).await?;
        ensure!(answer.status == StatusCode::OK, "{path} is {}: {}", answer.status, answer.text);
        Ok(answer.text)
    }

    /// Sends a form as a page of this session would.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let fields = [&[("token", self.token.as_str())], fields].concat();
        self.send(path, &fields, self.cookie.as_deref(), Some(&self.origin())).await
    }

    /// Sends a form with any cookie, token and origin.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn send(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        cookie: Option<&str>,
        origin: Option<&str>,
    ) -> Result<Answer> {
        let encode = |text: &str| url_encoded(text);
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let mut request = self
            .http
            .request(Method::POST, format!("{}{path}", self.origin()))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.join("&"));
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        read(request).await
    }
}

async fn read(request: reqwest::RequestBuilder) -> Result<Answer> {
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    Ok(Answer { status, headers, text: response.text().await? })
}

fn url_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
