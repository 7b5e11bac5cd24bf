//! Where others went wrong with who referred whom.

use anyhow::Result;
use domain::command::Command;
use domain::fact::{CustomerIds, ReferralRegistered, SessionMode, SessionPaymentStatus};
use domain::ids::AffiliateId;
use stripe::sample::Sample;
use tests::oracle::model::{DAY, START, Span};
use tests::story::{Story, annas, day, on, sale, world};

fn paid(sale: &Sample) -> String {
    sale.checkout_session_completed(SessionMode::Payment, SessionPaymentStatus::Paid)
}

async fn registered(story: &Story, id: i64, first: Option<i64>, email: &str, code: &str) -> Result<()> {
    let referral = ReferralRegistered {
        who: CustomerIds { email: Some(email.to_owned()), ..CustomerIds::default() },
        affiliate: None::<AffiliateId>,
        referral_code: Some(code.to_owned()),
        occurred_at: day(0),
        first,
        converted: false,
    };
    story.command(&Command::Referral { id, revision: 0, accepted_at: day(0), referral }).await
}

#[tokio::test]
async fn a_guest_checkout_is_not_lost() -> Result<()> {
    on(world(), async |story| {
        let guest = Sample { customer: None, ..annas(1, 0) };
        story.tell(&[paid(&guest)]).await?;
        let payment = story.payment(&guest.payment_intent).await?;
        assert_eq!((payment.affiliate, payment.earned), (Some(1), 980));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_delayed_payment_method_is_not_lost_and_not_counted_early() -> Result<()> {
    on(world(), async |story| {
        let sale = annas(1, 0);
        let unpaid = sale.checkout_session_completed(SessionMode::Payment, SessionPaymentStatus::Unpaid);
        story.tell(&[unpaid]).await?;
        assert!(story.all().await?.payments.is_empty());
        let later = Sample { at: day(4), ..sale.clone() };
        story.tell(&[later.checkout_session_async_payment_succeeded()]).await?;
        let payment = story.payment(&sale.payment_intent).await?;
        assert_eq!((payment.earned, payment.release), (980, Some(day(4).timestamp())));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_delayed_payment_moves_no_bind() -> Result<()> {
    on(world(), async |story| {
        let annas = annas(1, 0);
        let unpaid = annas.checkout_session_completed(SessionMode::Payment, SessionPaymentStatus::Unpaid);
        // The same customer pays with Ben's code before Anna's checkout is paid.
        let bens = Sample {
            customer: annas.customer.clone(),
            client_reference_id: Some("ben".to_owned()),
            ..sale(2, 2)
        };
        story.tell(&[unpaid, paid(&bens)]).await?;
        let before = story.payment(&bens.payment_intent).await?;
        let later = Sample { at: day(4), ..annas.clone() };
        story.tell(&[later.checkout_session_async_payment_succeeded()]).await?;
        let after = story.payment(&bens.payment_intent).await?;
        assert_eq!((before.affiliate, after.affiliate), (Some(1), Some(1)));
        assert_eq!(story.payment(&annas.payment_intent).await?.affiliate, Some(1));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_promotion_code_that_was_deactivated_before_its_late_invoice_is_not_lost() -> Result<()> {
    let mut world = world();
    world.coupons[0].inactive = Some(Span { from: START + 5 * DAY, until: None });
    on(world, async |story| {
        // Paid on day 1 with the code; told on day 9, when it no longer counts.
        let sale = Sample {
            coupon: Some("TWENTY".to_owned()),
            promotion_code: Some("promo_ANNA20".to_owned()),
            discount: 980,
            ..sale(1, 1)
        };
        let late = tests::story::edited(&sale.invoice_paid(), |event| {
            event["created"] = day(9).timestamp().into();
            let discount = serde_json::json!({
                "id": "di_1", "object": "discount", "promotion_code": "promo_ANNA20",
                "source": {"coupon": "TWENTY", "type": "coupon"},
            });
            event["data"]["object"]["discounts"] = serde_json::json!([discount]);
        })?;
        story.tell(&[late]).await?;
        let payment = story.payment(&sale.invoice).await?;
        assert_eq!((payment.affiliate, payment.base, payment.earned), (Some(1), 3_920, 784));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_email_match_does_not_take_the_first_of_several() -> Result<()> {
    on(world(), async |story| {
        // Two customers with one address, sent by two affiliates; a third one with it is nobody's.
        let email = "dana@buyers.example".to_owned();
        let one = Sample { email: email.clone(), ..annas(1, 0) };
        let other = Sample { client_reference_id: Some("ben".to_owned()), ..sale(2, 1) };
        let other = Sample { email: email.clone(), ..other };
        let third = Sample { email, ..sale(3, 2) };
        story.tell(&[paid(&one), paid(&other), paid(&third)]).await?;
        let verdicts = story.all().await?.payments;
        let affiliates = [&one, &other, &third].map(|sale| verdicts[&sale.payment_intent].affiliate);
        assert_eq!(affiliates, [Some(1), Some(2), None]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_repeated_signup_call_makes_one_referral() -> Result<()> {
    on(world(), async |story| {
        registered(story, 1, None, "dana@buyers.example", "anna").await?;
        registered(story, 1, None, "dana@buyers.example", "anna").await?;
        registered(story, 2, Some(1), " Dana@Buyers.example", "anna").await?;
        let customers = story.all().await?.customers;
        assert_eq!(customers.len(), 1, "{customers:?}");
        assert_eq!(customers["email:dana@buyers.example"].as_ref().map(|bind| bind.affiliate), Some(1));
        Ok(())
    })
    .await
}
