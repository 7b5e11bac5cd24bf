//! The REST API's document as a page to read: made of the OpenAPI document alone, on the server, without script.
//!
//! Each operation and each schema has a place of its own (`#create_affiliate`, `#schema-Affiliate`) that a link may lead to.

mod curl;
mod operation;
mod schema;
mod text;

use maud::{DOCTYPE, Markup, html};
use serde_json::Value;

/// The style of [`page`], which it asks for at [`STYLE_PATH`].
pub const STYLE: &str = include_str!("../assets/reference.css");

/// Where the page's style is looked for.
pub const STYLE_PATH: &str = "/docs/style.css";

/// The page of an OpenAPI 3.1 document that is served at `document_path`.
#[must_use]
pub fn page(document: &Value, document_path: &str) -> String {
    let told = Told { document };
    let info = &document["info"];
    let title = format!("{} API", info["title"].as_str().unwrap_or_default());
    let groups: Vec<(&str, &str, Vec<Operation<'_>>)> = told.groups();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="stylesheet" href=(STYLE_PATH);
            }
            body {
                a.skip href="#main" { "To the content" }
                header {
                    h1 { (title) " " small { (info["version"].as_str().unwrap_or_default()) } }
                    (text::paragraphs(info["description"].as_str().unwrap_or_default()))
                    p { "Made of " a href=(document_path) { "openapi.json" } " (OpenAPI 3.1). A field with " (required_mark()) " has to be sent, or is always there." }
                }
                nav aria-label="Operations" {
                    @for (tag, _, operations) in &groups {
                        h2 { a href={ "#" (slug(tag)) } { (tag) } }
                        ul { @for operation in operations { li {
                            a href={ "#" (operation.id()) } { (method(operation.method)) " " code { (operation.path) } }
                        } } }
                    }
                    h2 { a href="#schemas" { "Schemas" } }
                }
                main #main tabindex="-1" {
                    @for (tag, about, operations) in &groups {
                        section id=(slug(tag)) {
                            h2 { (tag) }
                            (text::paragraphs(about))
                            @for operation in operations { (operation::article(&told, operation)) }
                        }
                    }
                    section #schemas {
                        h2 { "Schemas" }
                        @for (name, schema) in told.schemas() { (schema::article(name, schema)) }
                    }
                }
            }
        }
    };
    page.into_string()
}

/// A document, and what is looked up in it.
struct Told<'a> {
    document: &'a Value,
}

/// One method of one path.
struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    described: &'a Value,
}

impl<'a> Operation<'a> {
    fn id(&self) -> &'a str {
        self.described["operationId"].as_str().unwrap_or_default()
    }
}

impl<'a> Told<'a> {
    /// The operations by their tags, in the document's order of tags, with what a tag is about.
    fn groups(&self) -> Vec<(&'a str, &'a str, Vec<Operation<'a>>)> {
        let tags = self.document["tags"].as_array().into_iter().flatten();
        let of = |tag: &str| -> Vec<Operation<'a>> {
            self.operations()
                .filter(|operation| operation.described["tags"][0].as_str() == Some(tag))
                .collect()
        };
        tags.map(|tag| {
            let name = tag["name"].as_str().unwrap_or_default();
            (name, tag["description"].as_str().unwrap_or_default(), of(name))
        })
        .filter(|(_, _, operations)| !operations.is_empty())
        .collect()
    }

    fn operations(&self) -> impl Iterator<Item = Operation<'a>> + use<'a> {
        let paths = self.document["paths"].as_object().into_iter().flatten();
        paths.flat_map(|(path, methods)| {
            let methods = methods.as_object().into_iter().flatten();
            methods.map(move |(method, described)| Operation { method, path, described })
        })
    }

    fn schemas(&self) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
        let schemas = self.document["components"]["schemas"].as_object().into_iter().flatten();
        schemas.map(|(name, schema)| (name.as_str(), schema))
    }

    /// What a reference leads to; anything else is itself.
    fn resolve(&self, value: &'a Value) -> &'a Value {
        let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
        pointer.and_then(|pointer| self.document.pointer(pointer)).unwrap_or(value)
    }

    /// Where calls go to, as the document's example has it.
    fn server(&self) -> &'a str {
        self.document["servers"][0]["url"].as_str().unwrap_or_default()
    }
}

/// The name of a tag as a place in the page.
fn slug(tag: &str) -> String {
    format!("tag-{}", tag.to_lowercase().replace(' ', "-"))
}

fn method(method: &str) -> Markup {
    html! { span class={ "method " (method) } { (method.to_uppercase()) } }
}

fn required_mark() -> Markup {
    html! { span.required { "required" } }
}
