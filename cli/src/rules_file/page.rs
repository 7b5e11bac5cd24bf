//! The worked examples of docs/RULES.md, computed. To write them anew:
//! `UPDATE_RULES_PAGE=1 ./dev test -p cli rules_file::page`.

use super::parse;
use chrono::{DateTime, Utc};
use domain::{
    code::FoldedCode,
    directory::{Affiliate, CodeOwner, Directory},
    fact::{
        Fact, FactBody, InvoiceLine, InvoicePaid, Keep, RefundSeen, RefundStatus, Touch, TouchMethod,
        TouchedObject,
    },
    ids::{AffiliateId, RuleId},
    key::Key,
    money::{Currency, Money},
    rules::{RuleVersion, Rules},
    settle::{KnownFact, settle},
};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/RULES.md");

/// The affiliate who brought the customer of every example.
const AFFILIATE: AffiliateId = AffiliateId(7);

/// Invoices of one customer.
struct Example {
    /// As the page names it.
    name: &'static str,
    invoices: Vec<Invoice>,
}

/// An invoice in USD. Sums are minor units.
struct Invoice {
    day: &'static str,
    paid: i64,
    total: i64,
    without_tax: i64,
    shipping: i64,
    /// Product, price, units, amount.
    lines: Vec<(&'static str, &'static str, i64, i64)>,
    refunded: i64,
}

fn invoice(day: &'static str, paid: i64) -> Invoice {
    Invoice { day, paid, total: paid, without_tax: paid, shipping: 0, lines: Vec::new(), refunded: 0 }
}

fn sold(day: &'static str, lines: Vec<(&'static str, &'static str, i64, i64)>) -> Invoice {
    let paid = lines.iter().map(|line| line.3).sum();
    Invoice { lines, ..invoice(day, paid) }
}

fn examples() -> Vec<Example> {
    let example = |name, invoices| Example { name, invoices };
    vec![
        example(
            "base",
            vec![
                Invoice { without_tax: 11_000, shipping: 1_000, ..invoice("2026-01-05", 12_800) },
                Invoice {
                    total: 12_800,
                    without_tax: 11_000,
                    shipping: 1_000,
                    ..invoice("2026-02-05", 7_800)
                },
            ],
        ),
        example(
            "limits",
            ["2026-01-31", "2026-02-28", "2026-03-30", "2026-03-31"].map(|day| invoice(day, 4_900)).into(),
        ),
        example(
            "lines",
            vec![
                sold(
                    "2026-01-05",
                    vec![
                        ("prod_handbook", "price_book", 2, 6_000),
                        ("prod_team", "price_seat_monthly", 3, 2_700),
                        ("prod_pen", "price_pen", 1, 1_000),
                    ],
                ),
                sold(
                    "2026-02-05",
                    vec![("prod_basic", "price_basic", 1, -1_500), ("prod_atlas", "price_atlas", 1, 3_000)],
                ),
            ],
        ),
        example("choice", vec![invoice("2026-01-05", 10_000)]),
        example("most", vec![Invoice { refunded: 20_000, ..invoice("2026-01-05", 80_000) }]),
    ]
}

fn time(day: &str) -> DateTime<Utc> {
    format!("{day}T12:00:00Z").parse().unwrap()
}

fn known(natural_key: String, at: DateTime<Utc>, identities: Vec<Key>, body: FactBody) -> KnownFact {
    let event = format!("evt_{natural_key}");
    KnownFact::new(Fact { natural_key, keep: Keep::Latest, rank: 0, at, event, identities, body }, at)
}

fn facts(example: &Example) -> Vec<KnownFact> {
    let customer = Key::stored("cus_1".to_owned());
    let touch = Touch {
        on: TouchedObject::Customer,
        object: customer.clone(),
        method: TouchMethod::Metadata,
        value: "launch".to_owned(),
        place: 0,
    };
    let mut facts =
        vec![known("touch".to_owned(), time("2026-01-01"), vec![customer.clone()], FactBody::Touch(touch))];
    for one in &example.invoices {
        let (at, id) = (time(one.day), Key::stored(format!("in_{}", one.day)));
        let line = |&(product, price, quantity, amount): &(&str, &str, i64, i64)| InvoiceLine {
            id: format!("il_{product}"),
            amount,
            quantity,
            product: Some(product.to_owned()),
            price: Some(price.to_owned()),
            proration: amount < 0,
        };
        let paid = InvoicePaid {
            invoice: id.clone(),
            customer: Some(customer.clone()),
            email: None,
            subscription: None,
            payment_intent: None,
            charge: None,
            currency: "usd".to_owned(),
            amount_paid: one.paid,
            amount_overpaid: 0,
            total: one.total,
            total_excluding_tax: one.without_tax,
            shipping: one.shipping,
            paid_at: at,
            billing_reason: None,
            no_commission: false,
            lines: one.lines.iter().map(line).collect(),
            lines_complete: true,
        };
        let links = vec![id.clone(), customer.clone(), Key::stored(format!("pi_{}", one.day))];
        facts.push(known(format!("invoice:{id}"), at, links, FactBody::Invoice(paid)));
        let refund = RefundSeen {
            refund: format!("re_{}", one.day),
            charge: None,
            payment_intent: Some(Key::stored(format!("pi_{}", one.day))),
            amount: one.refunded,
            currency: "usd".to_owned(),
            status: RefundStatus::Succeeded,
            created: at,
        };
        let links = refund.payment_intent.iter().cloned().collect();
        facts.push(known(format!("refund:{id}"), at, links, FactBody::Refund(refund)));
    }
    facts
}

fn directory() -> Directory {
    let created_at = time("2025-01-01");
    let owner =
        CodeOwner { affiliate: AFFILIATE, code: "LAUNCH".to_owned(), created_at, inactive: Vec::new() };
    let affiliate = Affiliate {
        id: AFFILIATE,
        referral_code: "LAUNCH".to_owned(),
        created_at,
        inactive: Vec::new(),
        email: "anna@studio.example".to_owned(),
        codes: Vec::new(),
        addresses: Vec::new(),
        commissions: Vec::new(),
    };
    Directory {
        referral_codes: [(FoldedCode::new("launch").unwrap(), owner)].into(),
        affiliates: [(AFFILIATE, affiliate)].into(),
        ..Directory::default()
    }
}

/// A table of all arithmetic, as `explain` tells it.
fn table(example: &Example, rules: Rules) -> String {
    let rules = vec![RuleVersion { id: RuleId(1), valid_from: None, rules }];
    let mut settled = settle(&facts(example), &rules, &directory()).unwrap().conversions;
    settled.sort_by_key(|conversion| conversion.occurred_at);
    let mut rows = vec!["| paid on | what | amount | how |".to_owned(), "|---|---|---:|---|".to_owned()];
    for conversion in settled {
        let day = conversion.occurred_at.format("%-d %B").to_string();
        let money = |minor| Money { minor, currency: Currency::USD };
        for line in conversion.explanation.arithmetic {
            rows.push(format!("| {day} | {} | {} | {} |", line.what, money(line.minor), line.how));
        }
        if let Some(reason) = conversion.reason {
            rows.push(format!("| {day} | commission | {} | {reason} |", money(conversion.commission)));
        }
    }
    rows.join("\n")
}

#[test]
fn the_examples_of_the_page_are_what_the_rules_make_of_them() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let mut written = page.clone();
    for example in examples() {
        let begin = format!("<!-- {} -->\n", example.name);
        let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("{} is missing", example.name));
        let (_, rules) = before.rsplit_once("```toml\n").unwrap();
        let (rules, _) = rules.split_once("```").unwrap();
        let (shown, _) = rest.split_once("\n<!-- end -->").unwrap();
        let table = table(&example, parse(rules).unwrap());
        written = written
            .replace(&format!("{begin}{shown}\n<!-- end -->"), &format!("{begin}{table}\n<!-- end -->"));
    }
    if std::env::var_os("UPDATE_RULES_PAGE").is_some() {
        std::fs::write(PAGE, &written).unwrap();
        return;
    }
    assert!(page == written, "docs/RULES.md is out of step: see this test's comment");
    assert!(page.contains(include_str!("../../tests/data/rules.toml")), "the page shows every field");
}
