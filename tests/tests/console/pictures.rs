//! One payment explained: the picture, and that it says what `explain` says.

use crate::support::on_settled_history;
use anyhow::{Context, Result};
use chrono::DateTime;
use domain::{
    ids::{AffiliateId, ConversionId, PayoutId},
    money::Money,
};
use reqwest::StatusCode;
use std::collections::BTreeMap;
use store::{
    overview::{self, Movement, Overview},
    users::UserRole,
};
use tests::visitor::Visitor;
use webconsole::picture::{self, Story};

/// The picture as it is in each run: numbers, and how the ledger came to what it says, depend on the order of delivery.
fn alike(payment: &Overview, affiliates: &BTreeMap<AffiliateId, String>, movements: &[Movement]) -> Vec<u8> {
    let payment = Overview { id: ConversionId(1), ..payment.clone() };
    picture::file(&Story { payment: &payment, movements, affiliates }).into_bytes()
}

/// A ledger in which everything happened.
fn eventful(payment: &Overview) -> Option<Vec<Movement>> {
    let affiliate = payment.affiliate.as_ref()?.id;
    let entry = |id, cause: &str, (from, to): (&str, &str), minor| Movement {
        id,
        posted_at: DateTime::UNIX_EPOCH + chrono::TimeDelta::days(id),
        affiliate,
        cause: cause.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        amount: Money { minor, currency: payment.base.currency },
        event: Some(format!("evt_{id}")),
        payout: None,
        actor: None,
        reason: None,
    };
    let held = Movement {
        actor: Some("Ada".to_owned()),
        reason: Some("<script>alert(1)</script> \u{202e}looks stolen".to_owned()),
        ..entry(2, "held", ("payable", "held"), 300)
    };
    let paid =
        Movement { payout: Some(PayoutId(7)), event: None, ..entry(4, "paid", ("payable", "paid"), 500) };
    let earned = entry(1, "earned", ("expense", "payable"), payment.commission.minor);
    let taken_back = entry(5, "clawed_back", ("payable", "clawback"), 100);
    Some(vec![earned, held, entry(3, "released", ("held", "payable"), 300), paid, taken_back])
}

/// What a picture must say of a payment, in the words and figures of `explain --json`.
fn told(payment: &Overview) -> Vec<String> {
    let money = |minor| Money { minor, currency: payment.base.currency }.to_string();
    let mut told = vec![payment.payment.clone(), money(payment.base.minor), money(payment.commission.minor)];
    let explanation = payment.explanation.clone().unwrap_or_default();
    told.extend(explanation.arithmetic.iter().map(|line| money(line.minor)));
    told.extend(explanation.candidates.iter().map(|candidate| format!("{:?}", candidate.value)));
    let owed = payment.commission.minor - payment.taken_back.minor - payment.held.minor;
    told.push(money(owed));
    told
}

/// The texts of a picture.
fn texts(svg: &str) -> String {
    let texts = svg.split("<text").skip(1).filter_map(|rest| rest.split_once('>')?.1.split_once("</text>"));
    let texts: Vec<&str> = texts.map(|(text, _)| text).collect();
    texts.join("\n").replace("&quot;", "\"").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_payment_of_the_demo_is_drawn_with_the_figures_of_its_explanation() -> Result<()> {
    on_settled_history(async |deployment, api, entered| {
        let viewer = Visitor::of(deployment, api, "vera", UserRole::Viewer).await?;
        let mut connection = deployment.pool.acquire().await?;
        let ids = overview::in_realm(&mut connection, entered.realm).await?;
        let payments = overview::of(&mut connection, &ids).await?;
        assert!(payments.len() > 10, "only {} payments", payments.len());
        let affiliates = overview::affiliates(&mut connection, entered.realm).await?;
        for payment in &payments {
            let movements = overview::movements(&mut connection, &[payment.id]).await?;
            let movements = movements.get(&payment.id).cloned().unwrap_or_default();
            let file = picture::file(&Story { payment, movements: &movements, affiliates: &affiliates });
            let said = texts(&file);
            for word in told(payment) {
                assert!(said.contains(&word), "{word} is not in the picture of {}:\n{said}", payment.payment);
            }
            insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
                let name = format!("{}.svg", payment.payment.replace(['/', ':'], "-"));
                insta::assert_binary_snapshot!(&name, alike(payment, &affiliates, &[]));
            });

            let path = format!("/console/1/test/payments/{}", payment.id);
            let page = viewer.page(&path).await?;
            assert!(page.contains("<svg") && !page.contains("Hold the commission"), "{page}");
            let file = viewer.get(&format!("{path}/picture.svg")).await?;
            assert_eq!(file.status, StatusCode::OK);
            assert!(file.text.starts_with("<?xml"));
        }
        let (payment, movements) = payments
            .iter()
            .find_map(|payment| Some((payment, eventful(payment)?)))
            .context("nobody earned anything")?;
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_binary_snapshot!("eventful.svg", alike(payment, &affiliates, &movements));
        });
        // By any id, and by whose it is.
        let first = payments.first().context("no payment")?;
        let customer =
            first.customer.as_ref().and_then(|customer| customer.email.clone()).context("a guest")?;
        for name in [first.payment.clone(), customer.replace('@', "%40")] {
            let found = viewer.page(&format!("/console/1/test/payments?q={name}")).await?;
            assert!(found.contains(&format!("/payments/{}\"", first.id)), "{name}: {found}");
        }
        let other_mode = viewer.get(&format!("/console/1/live/payments/{}", first.id)).await?;
        assert_eq!(other_mode.status, StatusCode::NOT_FOUND);
        Ok(())
    })
    .await
}
