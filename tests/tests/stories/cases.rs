//! Trials, upgrades, proration, quantity changes, coupons of 100 %, credit notes, partial payments, several
//! subscriptions of one customer, guest checkouts, customers deleted and made again, two customers with
//! one e-mail (SEMANTICS).

use anyhow::Result;
use domain::fact::{SessionMode, SessionPaymentStatus};
use serde_json::{Value, json};
use stripe::sample::Sample;
use tests::oracle::model::Limit;
use tests::story::{annas, day, edited, on, sale, world};

fn subscribed(sale: &Sample, status: SessionPaymentStatus) -> String {
    sale.checkout_session_completed(SessionMode::Subscription, status)
}

/// Another invoice of the same subscription.
fn renewal(sale: &Sample, invoice: &str, on: i64) -> Sample {
    let own = |prefix: &str| format!("{prefix}_{invoice}");
    Sample {
        at: day(on),
        invoice: format!("in_{invoice}"),
        payment_intent: own("pi"),
        charge: own("ch"),
        client_reference_id: None,
        billing_reason: "subscription_cycle".to_owned(),
        ..sale.clone()
    }
}

fn line(id: &str, amount: i64, quantity: i64, proration: bool) -> Value {
    json!({
        "id": id, "object": "line_item", "amount": amount, "quantity": quantity, "metadata": {},
        "parent": {"type": "invoice_item_details", "invoice_item_details": {"proration": proration}},
        "pricing": {"type": "price_details", "price_details": {"price": "price_1", "product": "prod_team"}},
    })
}

#[tokio::test]
async fn a_trial_earns_nothing_takes_no_ordinal_and_starts_no_clock() -> Result<()> {
    let mut world = world();
    world.programmes[0].limit = Limit::First;
    on(world, async |story| {
        let trial = Sample { subtotal: 0, subscription_status: "trialing".to_owned(), ..annas(1, 0) };
        story
            .tell(&[
                subscribed(&trial, SessionPaymentStatus::NoPaymentRequired),
                trial.subscription_created(),
                trial.invoice_paid(),
            ])
            .await?;
        assert!(story.all().await?.payments.is_empty());
        let first = Sample { subtotal: 4_900, ..renewal(&trial, "first", 14) };
        let second = Sample { subtotal: 4_900, ..renewal(&trial, "second", 44) };
        story.tell(&[second.invoice_paid(), first.invoice_paid()]).await?;
        assert_eq!(story.sums("in_first").await?, (980, 0, 0));
        assert_eq!(story.sums("in_second").await?, (0, 0, 0), "only the first earns");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_upgrade_earns_on_what_it_cost_after_proration() -> Result<()> {
    on(world(), async |story| {
        let sale = annas(1, 0);
        story.tell(&[subscribed(&sale, SessionPaymentStatus::Paid), sale.invoice_paid()]).await?;
        // 99.00 for the new plan, 30.00 back for the rest of the old one.
        let upgrade = Sample { subtotal: 6_900, ..renewal(&sale, "upgrade", 12) };
        let body = edited(&upgrade.invoice_paid(), |event| {
            event["data"]["object"]["lines"]["data"] =
                json!([line("il_1", -3_000, 1, true), line("il_2", 9_900, 1, false)]);
        })?;
        story.tell(&[body]).await?;
        assert_eq!(story.sums("in_upgrade").await?, (1_380, 0, 0));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_proration_that_gives_more_back_than_it_costs_is_no_payment() -> Result<()> {
    on(world(), async |story| {
        let sale = annas(1, 0);
        story.tell(&[subscribed(&sale, SessionPaymentStatus::Paid), sale.invoice_paid()]).await?;
        let downgrade = Sample { subtotal: -2_000, amount_paid: Some(0), ..renewal(&sale, "down", 12) };
        story.tell(&[downgrade.invoice_paid()]).await?;
        assert_eq!(story.all().await?.payments.len(), 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn proration_lines_keep_their_sign_where_lines_are_rated() -> Result<()> {
    let mut world = world();
    world.programmes[0].products = vec![(vec!["prod_team"], tests::oracle::model::Earns::Percent(5_000))];
    on(world, async |story| {
        let sale = Sample { subtotal: 6_900, ..annas(1, 0) };
        let body = edited(&sale.invoice_paid(), |event| {
            let mut other = line("il_2", 9_900, 1, false);
            other["pricing"]["price_details"]["product"] = json!("prod_other");
            event["data"]["object"]["lines"]["data"] = json!([line("il_1", -3_000, 1, true), other]);
        })?;
        story.tell(&[subscribed(&sale, SessionPaymentStatus::Paid), body]).await?;
        // 20 % of 99.00 less 50 % of 30.00.
        assert_eq!(story.sums(&sale.invoice).await?, (480, 0, 0));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn more_seats_earn_a_fixed_amount_each_where_a_product_says_so() -> Result<()> {
    let mut world = world();
    let each = tests::oracle::model::Earns::Flat { minor: 100, currency: "usd", capped: false };
    world.programmes[0].products = vec![(vec!["prod_team"], each)];
    on(world, async |story| {
        let sale = annas(1, 0);
        let seats = |sale: &Sample, seats| {
            edited(&sale.invoice_paid(), |event| {
                event["data"]["object"]["lines"]["data"] = json!([line("il_1", sale.subtotal, seats, false)]);
            })
        };
        story.tell(&[subscribed(&sale, SessionPaymentStatus::Paid), seats(&sale, 1)?]).await?;
        story.tell(&[seats(&renewal(&sale, "more", 30), 5)?]).await?;
        assert_eq!(story.payment(&sale.invoice).await?.earned, 100);
        assert_eq!(story.payment("in_more").await?.earned, 500);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_coupon_of_100_percent_is_no_payment_but_binds() -> Result<()> {
    on(world(), async |story| {
        let free = Sample { discount: 4_900, coupon: Some("FREE".to_owned()), ..annas(1, 0) };
        story
            .tell(&[subscribed(&free, SessionPaymentStatus::NoPaymentRequired), free.invoice_paid()])
            .await?;
        assert!(story.all().await?.payments.is_empty());
        let paid = Sample { discount: 0, coupon: None, ..renewal(&free, "paid", 30) };
        story.tell(&[paid.invoice_paid()]).await?;
        let payment = story.payment("in_paid").await?;
        assert_eq!((payment.affiliate, payment.earned), (Some(1), 980));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_credit_note_takes_back_its_share_and_gives_it_again_when_it_is_void() -> Result<()> {
    on(world(), async |story| {
        let sale = annas(1, 0);
        story.tell(&[subscribed(&sale, SessionPaymentStatus::Paid), sale.invoice_paid()]).await?;
        let note = |event_type: &str, status: &str, at: i64| {
            json!({
                "id": format!("evt_{status}"), "object": "event", "api_version": "2026-03-25.dahlia",
                "created": day(at).timestamp(), "livemode": false, "type": event_type,
                "data": {"object": {
                    "id": "cn_1", "object": "credit_note", "invoice": sale.invoice, "currency": "usd",
                    "amount": 1_225, "post_payment_amount": 1_225, "type": "post_payment", "refunds": [],
                    "status": status, "created": day(5).timestamp(),
                }},
            })
            .to_string()
        };
        story.tell(&[note("credit_note.created", "issued", 5)]).await?;
        assert_eq!(story.sums(&sale.invoice).await?, (980, 245, 0));
        story.tell(&[note("credit_note.voided", "void", 6)]).await?;
        assert_eq!(story.sums(&sale.invoice).await?, (980, 0, 0));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_partial_payment_earns_on_its_part() -> Result<()> {
    on(world(), async |story| {
        let sale = Sample { amount_paid: Some(2_450), ..annas(1, 0) };
        story.tell(&[subscribed(&sale, SessionPaymentStatus::Paid), sale.invoice_paid()]).await?;
        let payment = story.payment(&sale.invoice).await?;
        assert_eq!((payment.base, payment.earned), (2_450, 490));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn several_subscriptions_of_one_customer_share_bind_and_ordinals() -> Result<()> {
    let mut world = world();
    world.programmes[0].limit = Limit::Payments(2);
    on(world, async |story| {
        let one = annas(1, 0);
        let other = Sample { subscription: "sub_other".to_owned(), ..renewal(&one, "other", 3) };
        let third = renewal(&one, "third", 30);
        story.tell(&[subscribed(&one, SessionPaymentStatus::Paid), one.invoice_paid()]).await?;
        story.tell(&[third.invoice_paid()]).await?;
        assert_eq!(story.payment("in_third").await?.earned, 980);
        // The one between them comes late, and the third is third now.
        story.tell(&[other.invoice_paid()]).await?;
        assert_eq!(story.payment("in_other").await?.earned, 980);
        assert_eq!(story.payment("in_third").await?.earned, 0);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_guest_who_comes_back_as_the_only_customer_of_that_address_is_one_customer() -> Result<()> {
    on(world(), async |story| {
        let guest = Sample { customer: None, email: "dana@buyers.example".to_owned(), ..annas(1, 0) };
        let back = Sample { email: "Dana@Buyers.example".to_owned(), ..sale(2, 20) };
        story
            .tell(&[guest.checkout_session_completed(SessionMode::Payment, SessionPaymentStatus::Paid)])
            .await?;
        story.tell(&[back.customer_created(), back.invoice_paid()]).await?;
        let all = story.all().await?;
        assert_eq!(all.customers.len(), 1, "{:?}", all.customers);
        assert_eq!(all.payments[&back.invoice].affiliate, Some(1));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_customer_who_is_deleted_and_made_again_stays_with_the_affiliate() -> Result<()> {
    on(world(), async |story| {
        let email = "dana@buyers.example".to_owned();
        let before = Sample { email: email.clone(), ..annas(1, 0) };
        let after = Sample { email, ..sale(2, 40) };
        let deleted = Sample { at: day(20), ..before.clone() };
        story
            .tell(&[
                before.customer_created(),
                subscribed(&before, SessionPaymentStatus::Paid),
                before.invoice_paid(),
            ])
            .await?;
        story.tell(&[deleted.customer_deleted(), after.customer_created(), after.invoice_paid()]).await?;
        assert_eq!(story.sums(&before.invoice).await?, (980, 0, 0), "history stays");
        let payment = story.payment(&after.invoice).await?;
        assert_eq!((payment.affiliate, payment.earned), (Some(1), 980));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn two_customers_with_one_email_stay_two() -> Result<()> {
    on(world(), async |story| {
        let email = "team@buyers.example".to_owned();
        let one = Sample { email: email.clone(), ..annas(1, 0) };
        let other = Sample { client_reference_id: Some("ben".to_owned()), email, ..sale(2, 0) };
        for sale in [&one, &other] {
            story
                .tell(&[
                    sale.customer_created(),
                    subscribed(sale, SessionPaymentStatus::Paid),
                    sale.invoice_paid(),
                ])
                .await?;
        }
        let all = story.all().await?;
        assert_eq!(all.customers.len(), 2);
        assert_eq!(all.payments[&one.invoice].affiliate, Some(1));
        assert_eq!(all.payments[&other.invoice].affiliate, Some(2));
        Ok(())
    })
    .await
}
