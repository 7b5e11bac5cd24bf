//! Where others went wrong with sums and rates.

use anyhow::{Result, bail};
use domain::command::Command;
use domain::fact::{ConversionKind, CustomerIds, PostedConversion, SessionMode, SessionPaymentStatus};
use domain::ids::ConversionId;
use domain::key::Key;
use domain::money::{Currency, Money};
use domain::rules::Commission;
use stripe::sample::Sample;
use tests::oracle::model::{DAY, Earns, START};
use tests::story::{annas, day, on, programme, world};

fn session(sale: &Sample) -> String {
    sale.checkout_session_completed(SessionMode::Subscription, SessionPaymentStatus::Paid)
}

#[tokio::test]
async fn tax_shipping_and_credit_are_not_left_in_the_base() -> Result<()> {
    on(world(), async |story| {
        // 49.00 and 5.00 shipping and 9.31 tax; 13.31 of it came from the customer's balance.
        let sale = Sample { tax: 931, shipping: 500, amount_paid: Some(5_000), ..annas(1, 0) };
        story.tell(&[session(&sale), sale.invoice_paid()]).await?;
        let payment = story.payment(&sale.invoice).await?;
        // 5,000 × 4,900 ÷ 6,331, rounded down; 20 % of it.
        assert_eq!((payment.base, payment.earned), (3_869, 774));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn currencies_are_not_all_divided_by_100() -> Result<()> {
    on(world(), async |story| {
        for (n, currency) in (1u64..).zip(["usd", "jpy", "kwd"]) {
            let sale = Sample { currency: currency.to_owned(), ..annas(n, 0) };
            story.tell(&[session(&sale), sale.invoice_paid()]).await?;
            let payment = story.payment(&sale.invoice).await?;
            // In the minor unit, whatever that is: 9.80 dollars, 980 yen, 0.980 dinars.
            assert_eq!((payment.earned, payment.currency.as_str()), (980, currency));
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn sums_that_no_float_can_hold_are_exact() -> Result<()> {
    let mut world = world();
    world.programmes[0].earns = Earns::Percent(100);
    on(world, async |story| {
        // One more than 2^53.
        let sale = Sample { subtotal: 9_007_199_254_740_993, ..annas(1, 0) };
        story.tell(&[session(&sale), sale.invoice_paid()]).await?;
        let payment = story.payment(&sale.invoice).await?;
        assert_eq!((payment.base, payment.earned), (9_007_199_254_740_993, 90_071_992_547_410));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_flat_500_is_not_compared_with_90_percent_as_plain_numbers() -> Result<()> {
    let mut world = world();
    world.programmes[0].earns = Earns::Percent(9_000);
    // Anna's own terms hold because they are hers, not because 500 is more or less than 90.
    world.affiliates[0].own =
        Some((START - 50 * DAY, Earns::Flat { minor: 500, currency: "usd", capped: false }));
    on(world, async |story| {
        let annas = annas(1, 0);
        let bens = Sample { client_reference_id: Some("ben".to_owned()), ..tests::story::sale(2, 0) };
        story.tell(&[session(&annas), annas.invoice_paid(), session(&bens), bens.invoice_paid()]).await?;
        assert_eq!(story.payment(&annas.invoice).await?.earned, 500);
        assert_eq!(story.payment(&bens.invoice).await?.earned, 4_410);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_amendment_does_not_read_newer_rules_and_does_not_forget_what_the_sale_was() -> Result<()> {
    let mut world = world();
    world.programmes.push(tests::oracle::model::Programme {
        from: Some(START + 10 * DAY),
        ..programme(Earns::Percent(5_000))
    });
    on(world, async |story| {
        let sale = annas(1, 0);
        story.tell(&[session(&sale), sale.invoice_paid(), sale.invoice_payment_paid()]).await?;
        assert_eq!(story.sums(&sale.invoice).await?, (980, 0, 0));
        // The refund comes under the new rules; the sale was made under the old ones.
        let refund = Sample { at: day(20), refund_amount: 2_450, ..sale.clone() };
        story.tell(&[refund.refund_created("succeeded")]).await?;
        assert_eq!(story.sums(&sale.invoice).await?, (980, 490, 0));
        let later = Sample { at: day(20), invoice: "in_later".to_owned(), ..annas(1, 0) };
        story.tell(&[later.invoice_paid()]).await?;
        assert_eq!(story.sums("in_later").await?, (2_450, 0, 0));
        Ok(())
    })
    .await
}

/// 33 kronur and 12,345, of which a fixed 500 is earned: all of it, or at most the sale.
#[tokio::test]
async fn a_fixed_commission_in_kronur_is_earned_on_kronur_posted_over_rest() -> Result<()> {
    for (capped, earned) in [(false, [50_000, 50_000]), (true, [3_300, 50_000])] {
        let mut world = world();
        let Commission::Flat { minor, .. } = "500isk".parse()? else { bail!("500isk is not fixed") };
        world.programmes[0].earns = Earns::Flat { minor, currency: "isk", capped };
        on(world, async |story| {
            for (n, (written, earned)) in (1..).zip(["33.00", "12345"].into_iter().zip(earned)) {
                let base = Money::parse(written, Currency::parse("ISK")?)?.minor;
                story.command(&posted(n, base, "isk")).await?;
                assert_eq!(story.sums(&format!("external:order-{n}")).await?, (earned, 0, 0), "{written}");
            }
            Ok(())
        })
        .await?;
    }
    Ok(())
}

/// A sale posted by its reference, Anna's by her code.
fn posted(n: i64, base: i64, currency: &str) -> Command {
    let conversion = PostedConversion {
        conversion: ConversionId(900_000 + n),
        payment: Key::reference(&format!("order-{n}")),
        kind: ConversionKind::Purchase,
        value: None,
        base: Some(base),
        currency: currency.to_owned(),
        affiliate: None,
        referral_code: Some("anna".to_owned()),
        coupon_code: None,
        who: CustomerIds { email: Some("dana@buyers.example".to_owned()), ..CustomerIds::default() },
        occurred_at: day(n),
        paid: false,
        deleted: false,
    };
    Command::Conversion { revision: 0, accepted_at: day(n), conversion, change: None }
}
