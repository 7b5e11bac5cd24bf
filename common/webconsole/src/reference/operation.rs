//! One operation: what it takes, what it answers, and how it is called.

use super::{Operation, Told, curl, method, required_mark, schema, text};
use maud::{Markup, html};
use serde_json::Value;

pub(super) fn article<'a>(told: &Told<'a>, operation: &Operation<'a>) -> Markup {
    let described = operation.described;
    let body = &described["requestBody"];
    html! {
        article id=(operation.id()) {
            h3 {
                (method(operation.method)) " "
                a href={ "#" (operation.id()) } { (operation.path) }
            }
            p { strong { (text::line(described["summary"].as_str().unwrap_or_default())) } }
            (text::paragraphs(described["description"].as_str().unwrap_or_default()))
            @if let Some(parameters) = described["parameters"].as_array() { (self::parameters(operation.id(), parameters)) }
            @if let Some((kind, content)) = first_content(body) {
                h4 { "Body" }
                p { (schema::kind(&content["schema"])) " as " code { (kind) } @if body["required"] == true { " " (required_mark()) } @else { ", which may be left out" } }
            }
            h4 { "Call" }
            pre tabindex="0" { (curl::of(told, operation)) }
            h4 { "Answers" }
            (answers(told, operation))
        }
    }
}

fn parameters(of: &str, parameters: &[Value]) -> Markup {
    html! {
        h4 { "Parameters" }
        div.scroll tabindex="0" role="region" aria-label={ "Parameters of " (of) } { table {
            thead { tr { th scope="col" { "Name" } th scope="col" { "In" } th scope="col" { "Value" } th scope="col" { "About" } } }
            tbody { @for parameter in parameters { tr {
                td { code { (parameter["name"].as_str().unwrap_or_default()) } @if parameter["required"] == true { " " (required_mark()) } }
                td { (parameter["in"].as_str().unwrap_or_default()) }
                td { (schema::kind(&parameter["schema"])) }
                td { (schema::about(parameter)) }
            } } }
        } }
    }
}

fn answers<'a>(told: &Told<'a>, operation: &Operation<'a>) -> Markup {
    let responses = operation.described["responses"].as_object().into_iter().flatten();
    html! {
        div.scroll tabindex="0" role="region" aria-label={ "Answers of " (operation.id()) } { table {
            thead { tr { th scope="col" { "Status" } th scope="col" { "When" } th scope="col" { "Body" } } }
            tbody { @for (status, response) in responses {
                @let response = told.resolve(response);
                tr {
                    td { code { (status) } }
                    td { (text::line(response["description"].as_str().unwrap_or_default())) }
                    td { @for (place, (kind, content)) in contents(response).enumerate() {
                        @if place > 0 { br; }
                        (schema::kind(&content["schema"])) " " span.quiet { (kind) }
                    } }
                }
            } }
        } }
    }
}

fn contents(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value["content"].as_object().into_iter().flatten()
}

fn first_content(value: &Value) -> Option<(&String, &Value)> {
    contents(value).next()
}
