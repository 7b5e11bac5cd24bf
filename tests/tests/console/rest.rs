//! Whatever the console can do, REST can, and its document says so.

use serde_json::Value;
use std::collections::BTreeSet;
use webconsole::Described;

/// What stands for a page or an act in REST.
enum Rest {
    /// These operations, as `METHOD /path` below `/api/v1`.
    By(&'static [&'static str]),
    /// None, since it is the console's own: why.
    Own(&'static str),
}

use Rest::{By, Own};

/// Of each page and act, below `/console/{project}/{mode}` where it begins with none of its own.
const REST: &[(&str, &str, Rest)] = &[
    ("GET", "/console", Own("a key names its project and mode")),
    ("POST", "/console/sign-out", Own("keys do not sign in")),
    ("GET", "", By(&["GET /statistics", "GET /received-events", "GET /queues"])),
    ("GET", "/now", By(&["GET /received-events", "GET /queues"])),
    ("GET", "/payments", By(&["GET /conversions", "GET /payments/{payment_key}/explanation"])),
    (
        "GET",
        "/payments/{id}",
        By(&["GET /conversions/{id}", "GET /conversions/{id}/explanation", "GET /decisions"]),
    ),
    ("GET", "/payments/{id}/picture.svg", By(&["GET /conversions/{id}/explanation"])),
    (
        "POST",
        "/payments/{id}/decide",
        By(&[
            "POST /conversions/{id}/hold",
            "POST /conversions/{id}/release",
            "POST /conversions/{id}/reject",
        ]),
    ),
    ("GET", "/affiliates", By(&["GET /affiliates"])),
    (
        "GET",
        "/affiliates/{id}",
        By(&["GET /affiliates/{email}", "GET /affiliates/{email}/statement", "GET /coupons"]),
    ),
    ("GET", "/affiliates/{id}/statement.csv", By(&["GET /affiliates/{email}/statement"])),
    ("GET", "/customers", By(&["GET /referrals"])),
    ("GET", "/customers/{id}", By(&["GET /referrals/{email}", "GET /conversions", "GET /decisions"])),
    ("POST", "/customers/{id}/lock", By(&["POST /referrals/{email}/lock", "POST /referrals/{email}/unlock"])),
    ("GET", "/payouts", By(&["GET /payouts", "GET /payout-batches/{id}"])),
    ("POST", "/payouts", By(&["POST /payouts"])),
    ("GET", "/payouts/plan", By(&["GET /payouts/due"])),
    ("GET", "/payouts/{id}", By(&["GET /payouts/{id}"])),
    ("POST", "/payouts/{id}/mark-paid", By(&["POST /payouts/{id}/mark-paid"])),
    ("POST", "/payouts/{id}/cancel", By(&["POST /payouts/{id}/cancel"])),
    ("GET", "/batches/{id}/export", By(&["GET /payout-batches/{id}/export"])),
    ("POST", "/batches/{id}/mark-paid", By(&["POST /payout-batches/{id}/mark-paid"])),
    ("GET", "/decisions", By(&["GET /decisions", "GET /acts"])),
    ("GET", "/events", By(&["GET /received-events"])),
    ("GET", "/events/{id}", By(&["GET /received-events/{id}"])),
    ("GET", "/queues", By(&["GET /queues"])),
    ("GET", "/queues/now", By(&["GET /queues"])),
    ("GET", "/doctor", By(&["GET /doctor"])),
    ("GET", "/dead-letters", By(&["GET /dead-letters"])),
    // All that fit: those that the list with the same filter names, each by its number.
    ("GET", "/dead-letters/all", By(&["GET /dead-letters"])),
    ("POST", "/dead-letters/all", By(&["POST /dead-letters/{id}/retry", "POST /dead-letters/{id}/discard"])),
    ("GET", "/dead-letters/{id}", By(&["GET /dead-letters/{id}"])),
    ("POST", "/dead-letters/{id}", By(&["POST /dead-letters/{id}/retry", "POST /dead-letters/{id}/discard"])),
    ("GET", "/rules", By(&["GET /program"])),
    ("POST", "/rules", By(&["POST /program/rules"])),
    ("POST", "/rules/simulate", By(&["POST /program/simulate"])),
    ("GET", "/proof", By(&["GET /proof", "GET /acts"])),
    ("POST", "/proof", By(&["GET /proof"])),
    ("GET", "/notifications", By(&["GET /webhook-endpoints"])),
    ("POST", "/notifications", By(&["POST /webhook-endpoints"])),
    (
        "GET",
        "/notifications/{id}",
        By(&["GET /webhook-endpoints/{id}", "GET /webhook-endpoints/{id}/deliveries"]),
    ),
    (
        "POST",
        "/notifications/{id}",
        By(&[
            "PUT /webhook-endpoints/{id}",
            "DELETE /webhook-endpoints/{id}",
            "POST /webhook-endpoints/{id}/test",
            "POST /webhook-endpoints/{id}/enable",
            "POST /webhook-endpoints/{id}/redeliver",
            "POST /webhook-endpoints/{id}/rotate-secret",
        ]),
    ),
    ("GET", "/keys", By(&["GET /keys"])),
    ("POST", "/keys", By(&["POST /keys"])),
    ("POST", "/keys/{id}/revoke", By(&["DELETE /keys/{id}"])),
];

/// The operations of the document, as `METHOD /path` below `/api/v1`.
fn documented() -> BTreeSet<String> {
    let document = api::openapi().to_json().unwrap_or_default();
    let document: Value = serde_json::from_str(&document).unwrap_or_default();
    let paths = document["paths"].as_object().cloned().unwrap_or_default();
    let operations = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, _)| {
            format!("{} {}", method.to_uppercase(), path.trim_start_matches("/api/v1"))
        })
    });
    operations.collect()
}

#[test]
fn every_page_and_act_of_the_console_has_its_like_in_rest() {
    let documented = documented();
    assert!(documented.len() > 50, "{documented:?}");
    let mut named = BTreeSet::new();
    for Described { method, path, .. } in webconsole::described() {
        let short = path.strip_prefix("/console/{project}/{mode}").unwrap_or(path);
        let found = REST.iter().find(|(of, at, _)| (*of, *at) == (method, short));
        let Some((_, _, rest)) = found else { panic!("{method} {path}: name what stands for it in REST") };
        match rest {
            Own(why) => assert!(!why.is_empty()),
            By(operations) => {
                assert!(!operations.is_empty(), "{method} {path}");
                for operation in *operations {
                    assert!(documented.contains(*operation), "{method} {path}: REST has no {operation}");
                }
            }
        }
        assert!(named.insert((method, short)), "{method} {path} is named twice");
    }
    assert_eq!(named.len(), REST.len(), "REST names what the console no longer has");
}
