//! The webhook endpoint: whether Stripe has one for this project, what it sends, and whether it gets through.

use super::{Finding, Health, count, of_realm};
use domain::ids::Realm;
use stripe::client::EndpointAtStripe;

/// What Stripe says of the project's endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtStripe {
    /// It was not asked, or did not say: why.
    Untold(String),
    /// Those that lead to the project's webhooks.
    Told(Vec<EndpointAtStripe>),
}

/// Whether an address leads to this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The address that was tried.
    pub url: String,
    /// Why it does not.
    pub failure: Option<String>,
}

/// What is wrong with the way from Stripe to here.
#[must_use]
pub fn endpoints(of: Realm, at_stripe: &AtStripe, reached: &[Reached]) -> Vec<Finding> {
    let Realm { project, mode } = of;
    let connect = format!(
        "tributary project connect-stripe {project} --mode {mode} --url https://where-this-is-reached"
    );
    let finding = |health, says: String, mend: Option<String>| of_realm("endpoint", of, health, says, mend);
    let mut found = Vec::new();
    match at_stripe {
        AtStripe::Untold(_) => {}
        AtStripe::Told(endpoints) if endpoints.is_empty() => {
            let says = format!("no endpoint at Stripe leads to /webhooks/stripe/{project}");
            found.push(finding(Health::Warning, says, Some(connect.clone())));
        }
        AtStripe::Told(endpoints) => {
            for endpoint in endpoints {
                let id = &endpoint.id;
                if !endpoint.is_enabled() {
                    let says = format!("Stripe has disabled the endpoint {id}: nothing is sent");
                    found.push(finding(Health::Failure, says, Some(connect.clone())));
                }
                let lacks = endpoint.lacks();
                if !lacks.is_empty() {
                    let types = count(i64::try_from(lacks.len()).unwrap_or(i64::MAX), "type", "types");
                    let says =
                        format!("the endpoint {id} does not send {types} of event: {}", lacks.join(", "));
                    found.push(finding(Health::Warning, says, Some(connect.clone())));
                }
            }
        }
    }
    for Reached { url, failure } in reached {
        if let Some(failure) = failure {
            let says = format!("{url} does not lead here: {failure}");
            let mend = "let the address at Stripe be that of this deployment, and the way to it be open: DNS, firewall, \
                        proxy, certificate";
            found.push(finding(Health::Failure, says, Some(mend.to_owned())));
        }
    }
    if found.is_empty() {
        let says = match (at_stripe, reached) {
            (AtStripe::Untold(why), []) => {
                format!("not looked at: {why}; --url says where this deployment is reached")
            }
            (_, []) => "Stripe sends all that is read".to_owned(),
            (AtStripe::Untold(_), _) => "the address leads here".to_owned(),
            (AtStripe::Told(_), _) => {
                "Stripe sends all that is read, to an address that leads here".to_owned()
            }
        };
        found.push(finding(Health::Ok, says, None));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{Mode, ProjectId};

    const OF: Realm = Realm { project: ProjectId(1), mode: Mode::Live };

    fn endpoint(status: &str, events: &[&str]) -> AtStripe {
        AtStripe::Told(vec![EndpointAtStripe {
            id: "we_1".to_owned(),
            url: "https://refer.example.com/webhooks/stripe/1".to_owned(),
            status: status.to_owned(),
            enabled_events: events.iter().map(|&one| one.to_owned()).collect(),
            api_version: None,
            secret: None,
        }])
    }

    #[test]
    fn what_is_wrong_on_the_way_from_stripe_is_told_apart() {
        let reached = |failure: Option<&str>| {
            vec![Reached { url: "https://r.example".to_owned(), failure: failure.map(str::to_owned) }]
        };
        let cases = [
            (endpoint("enabled", &["*"]), reached(None), Health::Ok, "leads here"),
            (AtStripe::Told(Vec::new()), Vec::new(), Health::Warning, "no endpoint"),
            (endpoint("disabled", &["*"]), Vec::new(), Health::Failure, "disabled"),
            (endpoint("enabled", &["invoice.paid"]), Vec::new(), Health::Warning, "refund.created"),
            (endpoint("enabled", &["*"]), reached(Some("refused")), Health::Failure, "refused"),
            (AtStripe::Untold("no key".to_owned()), Vec::new(), Health::Ok, "not looked at: no key"),
        ];
        for (at_stripe, reached, health, words) in cases {
            let found = endpoints(OF, &at_stripe, &reached);
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!(found[0].health, health, "{found:?}");
            assert!(found[0].says.contains(words), "{}", found[0].says);
            assert_eq!(found[0].mend.is_some(), health != Health::Ok);
        }
    }
}
