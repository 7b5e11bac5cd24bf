//! A walk over the console: from its first page by every kind of link and every filter.

use super::{
    Wanted,
    html::{self, Field, Form},
    measured::{Asked, Pages},
};
use crate::bench::client::Client;
use chrono::{TimeDelta, Utc};
use domain::ids::Realm;
use indicatif::ProgressBar;
use std::collections::{BTreeMap, HashSet, VecDeque};
use url::form_urlencoded::{Serializer, parse};

/// Pages of one kind that are looked at: a payment is not like the next one.
const OF_A_KIND: usize = 8;

/// What is written into a field: what is nowhere, where it may be anything.
const WRITTEN: [(&str, &str); 4] =
    [("minimum", "1000.00usd"), ("currency", "usd"), ("hours", "1"), ("batch", "1")];
const NOWHERE: &str = "nothing-has-this-name";

/// A kind of page: its route, and how its list is filtered.
type Kind = String;

struct Walk {
    base: String,
    routes: Vec<&'static str>,
    seen: HashSet<String>,
    paths: BTreeMap<Kind, Vec<String>>,
    next: VecDeque<(Kind, String)>,
}

/// Walks, then asks for each kind of page in turns.
pub(super) async fn console(
    client: &mut Client,
    cookie: &str,
    realm: Realm,
    wanted: &Wanted,
    pages: &mut Pages,
    progress: &ProgressBar,
) -> anyhow::Result<()> {
    let base = format!("{}/{}/{}", webconsole::ROOT, realm.project, realm.mode);
    let routes = webconsole::described().into_iter().filter(|route| route.method == "GET");
    let mut walk = Walk {
        base: base.clone(),
        routes: routes.map(|route| route.path).collect(),
        seen: HashSet::new(),
        paths: BTreeMap::new(),
        next: VecDeque::new(),
    };
    walk.link(webconsole::ROOT);
    walk.link(&base);
    while let Some((kind, path)) = walk.next.pop_front() {
        progress.set_message(format!("walking: {kind}"));
        let answer = Asked::of(client, &path, ("cookie", cookie)).await?;
        for Form { action, fields } in answer.forms() {
            walk.filters(&action, &fields);
        }
        html::ways(&answer.text()).links.iter().for_each(|link| walk.link(link));
        pages.first(&kind, &answer);
    }
    let reached: HashSet<&str> =
        walk.paths.keys().map(|kind| kind.split('?').next().unwrap_or_default()).collect();
    for route in &walk.routes {
        if !reached.contains(short(route).as_str()) {
            pages.not_reached(short(route));
        }
    }
    progress.set_length(u64::try_from(walk.paths.len()).unwrap_or_default());
    for (kind, paths) in walk.paths {
        progress.set_message(kind.clone());
        progress.inc(1);
        if wanted.wants(&kind) {
            pages.repeat(client, &kind, &paths, ("cookie", cookie), wanted.requests).await?;
        }
    }
    Ok(())
}

/// A route as it is called in the report.
fn short(route: &str) -> String {
    route.strip_prefix("/console/{project}/{mode}").map_or_else(
        || route.to_owned(),
        |short| if short.is_empty() { "/".to_owned() } else { short.to_owned() },
    )
}

impl Walk {
    /// The route that a path is of, in short.
    fn route(&self, path: &str) -> Option<String> {
        let is_of = |route: &&&str| {
            let (mut parts, mut names) = (path.split('/'), route.split('/'));
            let fits = parts
                .by_ref()
                .zip(names.by_ref())
                .all(|(part, name)| part == name || (name.starts_with('{') && !part.is_empty()));
            fits && path.split('/').count() == route.split('/').count()
        };
        // `/dead-letters/all` is a page of its own, and no letter.
        let exact = self.routes.iter().find(|route| is_of(route) && path.ends_with(last(route)));
        exact.or_else(|| self.routes.iter().find(is_of)).map(|route| short(route))
    }

    /// A link: of what kind it is, the names in its query say.
    fn link(&mut self, to: &str) {
        let (path, query) = to.split_once('?').unwrap_or((to, ""));
        let Some(route) = self.route(path) else { return };
        let names: Vec<String> = parse(query.as_bytes()).map(|(name, _)| format!("{name}=…")).collect();
        self.visit(kind(&route, &names), to);
    }

    /// Every choice of a filter, and something written into each of its fields, one after the other.
    fn filters(&mut self, action: &str, fields: &[Field]) {
        let Some(route) = self.route(action) else { return };
        let hidden: Vec<(String, String)> = fields
            .iter()
            .filter_map(|field| match field {
                Field::Hidden { name, value } => Some((name.clone(), value.clone())),
                _ => None,
            })
            .collect();
        let mut ways: Vec<(String, Vec<(String, String)>)> = Vec::new();
        if !hidden.is_empty() {
            ways.push((
                hidden.iter().map(|(name, _)| format!("{name}=…")).collect::<Vec<_>>().join("&"),
                Vec::new(),
            ));
        }
        for field in fields {
            match field {
                Field::Hidden { .. } => {}
                Field::Choice { name, values } => ways.extend(
                    values
                        .iter()
                        .map(|value| (format!("{name}={value}"), vec![(name.clone(), value.clone())])),
                ),
                Field::Written { name, kind } => {
                    let value = self.written(name, kind);
                    ways.push((format!("{name}={value}"), vec![(name.clone(), value)]));
                }
            }
        }
        for (told, pairs) in ways {
            let query = Serializer::new(String::new()).extend_pairs(hidden.iter().chain(&pairs)).finish();
            self.visit(kind(&route, &[told]), &format!("{action}?{query}"));
        }
    }

    fn written(&self, name: &str, kind: &str) -> String {
        if kind == "date" {
            return (Utc::now() - TimeDelta::days(30)).date_naive().to_string();
        }
        if name == "affiliate" {
            let known = self.paths.get("/affiliates/{id}").and_then(|paths| paths.first());
            return known.and_then(|path| path.rsplit('/').next()).unwrap_or("1").to_owned();
        }
        let found = WRITTEN.iter().find(|(of, _)| *of == name);
        found.map_or(NOWHERE, |(_, value)| value).to_owned()
    }

    fn visit(&mut self, kind: Kind, path: &str) {
        let elsewhere = path.starts_with(&format!("{}/", webconsole::ROOT)) && !path.starts_with(&self.base);
        if elsewhere || !self.seen.insert(path.to_owned()) {
            return;
        }
        let paths = self.paths.entry(kind.clone()).or_default();
        if paths.len() < OF_A_KIND {
            paths.push(path.to_owned());
            self.next.push_back((kind, path.to_owned()));
        }
    }
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

fn kind(route: &str, query: &[String]) -> Kind {
    if query.is_empty() { route.to_owned() } else { format!("{route}?{}", query.join("&")) }
}
