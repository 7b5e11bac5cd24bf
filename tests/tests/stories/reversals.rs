//! Where others went wrong with refunds and disputes.

use anyhow::Result;
use domain::fact::{SessionMode, SessionPaymentStatus};
use stripe::sample::Sample;
use tests::story::{Story, annas, day, on, world};

/// A sale of 49.00 that earned 9.80.
async fn sold(story: &Story) -> Result<Sample> {
    let sale = annas(1, 0);
    let session = sale.checkout_session_completed(SessionMode::Payment, SessionPaymentStatus::Paid);
    story.tell(&[session, sale.charge_succeeded()]).await?;
    assert_eq!(story.sums(&sale.payment_intent).await?, (980, 0, 0));
    Ok(sale)
}

fn refund(sale: &Sample, id: &str, amount: i64, in_all: i64) -> Sample {
    Sample {
        refund: id.to_owned(),
        refund_amount: amount,
        amount_refunded: in_all,
        at: day(3),
        ..sale.clone()
    }
}

#[tokio::test]
async fn any_refund_takes_back_only_its_share() -> Result<()> {
    on(world(), async |story| {
        let sale = sold(story).await?;
        // 1 % of it.
        story.tell(&[refund(&sale, "re_1", 49, 49).refund_created("succeeded")]).await?;
        let payment = story.payment(&sale.payment_intent).await?;
        assert_eq!((payment.earned, payment.taken_back, payment.status), (980, 10, "attributed"));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn two_partial_refunds_take_back_shares_of_the_original_commission() -> Result<()> {
    on(world(), async |story| {
        let sale = sold(story).await?;
        let half = refund(&sale, "re_1", 2_450, 2_450);
        let quarter = refund(&sale, "re_2", 1_225, 3_675);
        story.tell(&[half.refund_created("succeeded"), half.charge_refunded()]).await?;
        assert_eq!(story.sums(&sale.payment_intent).await?, (980, 490, 0));
        // A quarter of 9.80, not of the 4.90 that were left.
        story.tell(&[quarter.charge_refunded(), quarter.refund_created("succeeded")]).await?;
        assert_eq!(story.sums(&sale.payment_intent).await?, (980, 735, 0));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_refund_on_top_of_a_lost_dispute_is_not_taken_back_twice() -> Result<()> {
    on(world(), async |story| {
        let sale = sold(story).await?;
        let disputed = Sample { at: day(5), created: day(5), ..sale.clone() };
        story.tell(&[disputed.dispute_created("needs_response")]).await?;
        assert_eq!(story.sums(&sale.payment_intent).await?, (980, 0, 980));
        story.tell(&[disputed.dispute_closed("lost")]).await?;
        assert_eq!(story.sums(&sale.payment_intent).await?, (980, 980, 0));
        story.tell(&[refund(&sale, "re_1", 4_900, 4_900).refund_created("succeeded")]).await?;
        let payment = story.payment(&sale.payment_intent).await?;
        assert_eq!((payment.taken_back, payment.status), (980, "reversed"));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_refund_that_comes_before_its_payment_is_not_dropped() -> Result<()> {
    on(world(), async |story| {
        let sale = annas(1, 0);
        story.tell(&[refund(&sale, "re_1", 2_450, 2_450).refund_created("succeeded")]).await?;
        assert!(story.all().await?.payments.is_empty());
        let session = sale.checkout_session_completed(SessionMode::Subscription, SessionPaymentStatus::Paid);
        story.tell(&[session, sale.invoice_paid()]).await?;
        assert_eq!(story.sums(&sale.invoice).await?, (980, 0, 0), "nothing joins the refund yet");
        story.tell(&[sale.invoice_payment_paid()]).await?;
        assert_eq!(story.sums(&sale.invoice).await?, (980, 490, 0));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_refund_that_fails_gives_the_commission_back() -> Result<()> {
    on(world(), async |story| {
        let sale = sold(story).await?;
        let all = refund(&sale, "re_1", 4_900, 4_900);
        story.tell(&[all.refund_created("succeeded"), all.charge_refunded()]).await?;
        assert_eq!(story.payment(&sale.payment_intent).await?.status, "reversed");
        story.tell(&[Sample { at: day(9), ..all }.refund_failed()]).await?;
        assert_eq!(story.sums(&sale.payment_intent).await?, (980, 0, 0));
        Ok(())
    })
    .await
}
