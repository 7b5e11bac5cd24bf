//! What is paid: choice, lines, limits and amounts (SEMANTICS 6–10, 15), one rule a test.

use super::history::*;
use crate::directory::OwnCommission;
use crate::fact::{FactBody, InvoiceLine, InvoiceLines, Keep, RefundStatus, TouchMethod, TouchedObject};
use crate::ids::RuleId;
use crate::money::BasisPoints;
use crate::rules::{Commission, RuleVersion, Rules};
use crate::settle::{Conversion, RuleKind};
use serde_json::{Value, json};

/// Rules that pay 20 %, with some changes in their stored form.
fn rules(change: Value) -> Rules {
    let mut rules = json!({"commission": share(2_000)});
    let Value::Object(change) = change else { panic!("{change}") };
    rules.as_object_mut().unwrap().extend(change);
    let rules: Rules = serde_json::from_value(rules).unwrap();
    assert_eq!(rules.check(), Ok(()));
    rules
}

fn share(basis_points: u32) -> Value {
    json!({"kind": "percent", "basis_points": basis_points})
}

fn fixed(minor: i64, currency: &str) -> Value {
    json!({"kind": "flat", "minor": minor, "currency": currency})
}

fn books(commission: &Value) -> Value {
    json!({"name": "Books", "products": ["prod_book"], "commission": commission})
}

fn line(product: &str, quantity: i64, amount: i64) -> InvoiceLine {
    InvoiceLine {
        id: format!("il_{product}_{amount}"),
        amount,
        quantity,
        product: Some(format!("prod_{product}")),
        price: Some(format!("price_{product}")),
        proration: false,
    }
}

/// An invoice that Alice brought, with lines that sum to what was paid.
fn sold(rules: Rules, lines: &[InvoiceLine]) -> Conversion {
    let paid = lines.iter().map(|line| line.amount).sum();
    let history = History::new()
        .with_rules(rules)
        .touch(0, TouchedObject::Customer, "cus_1", TouchMethod::Metadata, "alice")
        .invoice_with(0, "in_1", "cus_1", paid, |invoice| invoice.lines = lines.to_vec());
    history.payment("in_1")
}

/// Payments of one customer of Alice's, by day.
fn paid(rules: Rules, payments: &[(i64, &str, i64)]) -> History {
    let history = History::new().with_rules(rules).touch(
        -40,
        TouchedObject::Customer,
        "cus_1",
        TouchMethod::Metadata,
        "alice",
    );
    payments
        .iter()
        .fold(history, |history, (day, invoice, amount)| history.invoice(*day, invoice, "cus_1", *amount))
}

fn commissions<const N: usize>(history: &History, payments: [&str; N]) -> [i64; N] {
    payments.map(|payment| history.payment(payment).commission)
}

fn how(payment: &Conversion) -> Vec<String> {
    let lines = payment.explanation.arithmetic.iter();
    lines.map(|line| format!("{} {}: {}", line.what, line.minor, line.how)).collect()
}

fn verdicts(payment: &Conversion) -> Vec<String> {
    payment.explanation.rules.iter().map(ToString::to_string).collect()
}

#[test]
fn the_first_rule_that_fits_wins_from_the_affiliates_own_to_the_programmes() {
    let all = json!({
        "codes": {"Alice": share(4_000)},
        "products": [books(&share(3_500))],
        "groups": [{"name": "Partners", "affiliates": [1], "commission": share(3_000)}],
        "tiers": [{"name": "Gold", "affiliates": [1, 2], "commission": share(2_500)}],
        "first_commission": share(2_200),
    });
    let with = |names: &[&str]| {
        let Value::Object(all) = all.clone() else { panic!() };
        rules(Value::Object(all.into_iter().filter(|(name, _)| names.contains(&name.as_str())).collect()))
    };
    let earned = |names: &[&str]| sold(with(names), &[line("book", 1, 10_000)]).commission;
    assert_eq!(earned(&["codes", "products", "groups", "tiers", "first_commission"]), 4_000);
    assert_eq!(earned(&["products", "groups", "tiers", "first_commission"]), 3_500);
    assert_eq!(earned(&["groups", "tiers", "first_commission"]), 3_000);
    assert_eq!(earned(&["tiers", "first_commission"]), 2_500);
    assert_eq!(earned(&["first_commission"]), 2_200);
    assert_eq!(earned(&[]), 2_000);

    let mut history = paid(with(&["codes", "products"]), &[(0, "in_1", 10_000)]);
    let own = Some(Commission::Percent { basis_points: BasisPoints(100) });
    history.directory.affiliates.get_mut(&ALICE).unwrap().commissions.push(OwnCommission {
        version: 1,
        valid_from: None,
        commission: own,
    });
    let payment = history.payment("in_1");
    assert_eq!(payment.commission, 100);
    assert_eq!(
        verdicts(&payment),
        [
            "the affiliate's own, 1%: won",
            "code alice, 40%: lost: a rule above goes before it",
            "category: what was sold does not matter: a rule above goes before",
            "programme, 20%: lost: a rule above goes before it",
        ]
    );
}

#[test]
fn a_coupon_that_bound_goes_before_the_affiliates_referral_code() {
    let rates = rules(json!({"codes": {"ALICE20": share(1_000), "alice": share(4_000)}}));
    let history = History::new().with_rules(rates).invoice(0, "in_1", "cus_1", 10_000).touch(
        0,
        TouchedObject::Invoice,
        "in_1",
        TouchMethod::PromotionCodeText,
        "alice20",
    );
    assert_eq!(history.payment("in_1").commission, 1_000);
    let unnamed = history.with_rules(rules(json!({"codes": {"alice": share(4_000)}}))).payment("in_1");
    assert_eq!(unnamed.commission, 2_000, "the referral code did not bind");
    assert_eq!(verdicts(&unnamed)[0], "code ALICE20: the programme has no commission for this code");
}

#[test]
fn each_line_is_rated_by_what_it_sold() {
    let rates = rules(json!({
        "products": [books(&share(3_000)), {"name": "Support", "prices": ["price_help"], "commission": share(500)}]
    }));
    let payment = sold(rates, &[line("book", 2, 6_000), line("help", 1, 3_000), line("pen", 1, 1_000)]);
    assert_eq!(payment.commission, 1_800 + 150 + 200);
    assert_eq!(
        how(&payment),
        [
            "base 10000: what was collected",
            "line 1 1800: 2 × prod_book, 60.00 USD; category Books: 30% of 60.00 USD, half to even",
            "line 2 150: prod_help, 30.00 USD; category Support: 5% of 30.00 USD, half to even",
            "line 3 200: prod_pen, 10.00 USD; 20% of 10.00 USD, half to even",
            "commission 2150: the sum of the lines",
        ]
    );
    let first = &payment.explanation.arithmetic[1];
    assert_eq!(first.rule.as_ref().unwrap().kind, RuleKind::Product);
    assert_eq!(first.line.as_ref().unwrap().product.as_deref(), Some("prod_book"));
    assert_eq!(
        verdicts(&payment),
        [
            "category Books, 30%: won 1 of 3 lines",
            "category Support, 5%: won 1 of 3 lines",
            "programme, 20%: won 1 of 3 lines",
        ]
    );
}

#[test]
fn what_was_collected_is_split_over_the_lines_and_no_cent_is_lost() {
    let rates = rules(json!({"products": [books(&share(10_000))]}));
    // 30.00 invoiced, 10.00 collected: thirds of a cent, of which the first line gets the odd one.
    let history = paid(rates, &[]).invoice_with(0, "in_1", "cus_1", 1_000, |invoice| {
        (invoice.total, invoice.total_excluding_tax) = (3_000, 3_000);
        invoice.lines = ["book", "pen", "cup"].map(|product| line(product, 1, 1_000)).to_vec();
    });
    let payment = history.payment("in_1");
    let bases: Vec<i64> =
        payment.explanation.arithmetic.iter().filter_map(|line| Some(line.line.as_ref()?.base)).collect();
    assert_eq!(bases, [334, 333, 333]);
    assert_eq!(payment.commission, 334 + 67 + 67);
    assert!(
        how(&payment)[1].contains("10.00 USD of 30.00 USD invoiced, which is 3.34 USD of the base"),
        "{:?}",
        how(&payment)
    );
}

#[test]
fn an_upgrade_pays_the_new_plan_less_what_the_old_one_gives_back() {
    let rates = rules(json!({
        "products": [{"name": "Basic", "products": ["prod_basic"], "commission": share(1_000)},
                     {"name": "Team", "products": ["prod_team"], "commission": share(3_000)}]
    }));
    let lines = [
        InvoiceLine { proration: true, ..line("basic", 1, -1_500) },
        InvoiceLine { proration: true, ..line("team", 1, 3_000) },
    ];
    let payment = sold(rates, &lines);
    assert_eq!((payment.base, payment.commission), (1_500, 900 - 150));
    assert_eq!(
        how(&payment)[1],
        "line 1 -150: prod_basic (proration), -15.00 USD; category Basic: 10% of -15.00 USD, half to even"
    );
}

#[test]
fn lines_that_earn_less_than_nothing_in_sum_earn_nothing() {
    let rates = rules(json!({"products": [books(&share(9_000))], "commission": share(100)}));
    let payment = sold(rates, &[line("book", 1, -2_000), line("pen", 1, 3_000)]);
    assert_eq!((payment.base, payment.commission), (1_000, 0));
    assert_eq!(how(&payment)[3], "commission 0: the lines sum to -17.70 USD, which counts as nothing");
    assert_eq!(payment.reason.as_deref(), Some("the invoice's lines earn less than nothing in sum"));
}

#[test]
fn lines_that_do_not_sum_to_a_positive_amount_are_one_line() {
    let rates = rules(json!({"products": [books(&share(9_000))]}));
    let history = paid(rates, &[]).invoice_with(0, "in_1", "cus_1", 1_000, |invoice| {
        invoice.lines = vec![line("book", 1, 500), line("pen", 1, -500)];
    });
    let payment = history.payment("in_1");
    assert_eq!(payment.commission, 200);
    assert!(verdicts(&payment)[0].ends_with("so the payment counts as one"), "{:?}", verdicts(&payment));
}

#[test]
fn a_fixed_amount_is_paid_for_each_unit_of_a_line_and_once_for_a_payment() {
    let lines =
        [line("book", 3, 3_000), line("pen", 5, 1_000), InvoiceLine { quantity: 2, ..line("book", 2, -500) }];
    let by_line = rules(json!({"products": [books(&fixed(500, "usd"))], "commission": share(0)}));
    let payment = sold(by_line, &lines);
    assert_eq!(payment.commission, 1_500, "nothing for the line that gives back");
    assert_eq!(
        how(&payment)[1],
        "line 1 1500: 3 × prod_book, 30.00 USD; category Books: a fixed 5.00 USD for each of 3"
    );
    let once = sold(rules(json!({"commission": fixed(500, "usd")})), &lines);
    assert_eq!(once.commission, 500);
    let capped = json!({"kind": "flat", "minor": 1_200, "currency": "usd", "capped_at_base": true});
    let capped = sold(rules(json!({"products": [books(&capped)], "commission": share(0)})), &lines);
    assert_eq!(capped.commission, 3_000, "3 × 12.00, at most the line's 30.00");
}

#[test]
fn a_change_of_quantity_earns_for_the_units_that_were_added() {
    let rates = rules(json!({"products": [books(&fixed(500, "usd"))]}));
    // From two seats to five in the middle of the month.
    let lines = [
        InvoiceLine { proration: true, ..line("book", 2, -1_000) },
        InvoiceLine { proration: true, ..line("book", 5, 2_500) },
    ];
    assert_eq!(sold(rates, &lines).commission, 2_500);
    assert_eq!(sold(percent(2_000), &lines).commission, 300, "a share of what was collected");
}

#[test]
fn a_fixed_amount_and_a_share_are_never_compared() {
    // A group's 1.00 goes before the programme's 90 %, though it is less.
    let rates = rules(json!({
        "commission": share(9_000),
        "groups": [{"name": "Partners", "affiliates": [1], "commission": fixed(100, "usd")}]
    }));
    assert_eq!(sold(rates, &[line("book", 1, 10_000)]).commission, 100);
}

#[test]
fn a_line_whose_rule_pays_another_currency_earns_nothing_and_the_others_do() {
    let rates = rules(json!({"products": [books(&fixed(500, "eur"))]}));
    let payment = sold(rates.clone(), &[line("book", 1, 1_000), line("pen", 1, 1_000)]);
    assert_eq!((payment.commission, payment.reason.clone()), (200, None));
    assert!(
        how(&payment)[1]
            .ends_with("category Books pays eur, the payment is in usd, and nothing is converted")
    );
    let alone = sold(rates, &[line("book", 1, 1_000)]);
    assert_eq!(alone.commission, 0);
    assert!(alone.reason.unwrap().contains("nothing is converted"));
}

#[test]
fn the_first_payment_has_its_own_rate_and_an_older_one_that_comes_late_takes_it() {
    let rates = rules(json!({"first_commission": share(5_000)}));
    let history = paid(rates, &[(10, "in_2", 1_000), (40, "in_3", 1_000)]);
    assert_eq!(commissions(&history, ["in_2", "in_3"]), [500, 200]);
    assert_eq!(
        how(&history.payment("in_2"))[1],
        "commission 500: for the first payment, 50% of 10.00 USD, half to even"
    );
    let late = history.invoice(5, "in_1", "cus_1", 1_000);
    assert_eq!(commissions(&late, ["in_1", "in_2", "in_3"]), [500, 200, 200]);
    assert_eq!(verdicts(&late.payment("in_2"))[0], "first payment: this is payment 2 of the customer");
}

#[test]
fn both_limits_hold_at_once() {
    let rates = rules(json!({"recurring": {"months": 2}, "max_payments": 2}));
    let history = paid(rates, &[(0, "in_1", 1_000), (10, "in_2", 1_000), (20, "in_3", 1_000)]);
    assert_eq!(commissions(&history, ["in_1", "in_2", "in_3"]), [200, 200, 0]);
    let third = history.payment("in_3").reason.unwrap();
    assert_eq!(third, "payment 3 of the customer: only the first 2 earn");
    let slow =
        paid(rules(json!({"max_months": 2, "max_payments": 2})), &[(0, "in_1", 1_000), (70, "in_2", 1_000)]);
    assert_eq!(commissions(&slow, ["in_1", "in_2"]), [200, 0]);
}

#[test]
fn a_trial_and_a_coupon_of_100_percent_use_up_no_payment_and_start_no_clock() {
    let rates =
        rules(json!({"recurring": {"months": 1}, "max_payments": 1, "first_commission": share(5_000)}));
    let history = paid(rates, &[(0, "in_trial", 0)]).invoice_with(30, "in_free", "cus_1", 0, |invoice| {
        invoice.lines = vec![InvoiceLine { amount: 0, ..line("book", 1, 0) }];
    });
    assert!(history.settle().conversions.is_empty());
    let paid = history.invoice(60, "in_1", "cus_1", 1_000);
    assert_eq!(paid.payment("in_1").commission, 500);
}

#[test]
fn a_payment_that_earns_less_after_a_refund_frees_no_place() {
    let history = paid(rules(json!({"max_payments": 1})), &[(0, "in_1", 1_000), (30, "in_2", 1_000)])
        .alias(0, "in_1", "pi_1")
        .refund(1, "re_1", "ch_1", "pi_1", 1_000, RefundStatus::Succeeded);
    assert_eq!(history.payment("in_1").clawed_back, 200);
    assert_eq!(history.payment("in_2").commission, 0);
}

#[test]
fn several_subscriptions_of_one_customer_share_the_count() {
    let history = paid(rules(json!({"max_payments": 2})), &[])
        .invoice_with(0, "in_a", "cus_1", 1_000, |invoice| invoice.subscription = Some(key("sub_a")))
        .invoice_with(1, "in_b", "cus_1", 2_000, |invoice| invoice.subscription = Some(key("sub_b")))
        .invoice_with(30, "in_c", "cus_1", 1_000, |invoice| invoice.subscription = Some(key("sub_a")));
    assert_eq!(commissions(&history, ["in_a", "in_b", "in_c"]), [200, 400, 0]);
}

#[test]
fn tax_shipping_and_credit_are_no_base_and_a_part_paid_invoice_counts_its_part() {
    let invoice = |total: i64, without_tax: i64, shipping: i64, paid_amount: i64| {
        let history = paid(percent(2_000), &[]).invoice_with(0, "in_1", "cus_1", paid_amount, |invoice| {
            (invoice.total, invoice.total_excluding_tax, invoice.shipping) = (total, without_tax, shipping);
        });
        let payment = history.payment("in_1");
        (payment.base, payment.commission)
    };
    assert_eq!(invoice(12_800, 11_000, 1_000, 12_800), (10_000, 2_000), "18.00 of tax, 10.00 of shipping");
    // 50.00 of the customer's balance was used: 78.00 collected.
    assert_eq!(invoice(12_800, 11_000, 1_000, 7_800), (6_093, 1_219));
    assert_eq!(invoice(10_000, 10_000, 0, 3_333), (3_333, 667));
    assert_eq!(invoice(1_000, 900, 900, 1_000), (0, 0), "nothing but shipping and tax");
}

#[test]
fn currencies_without_decimals_and_with_three_are_counted_in_their_own_unit() {
    let pay = |currency: &str, amount: i64, rates: Rules| {
        let history = paid(rates, &[]).invoice_with(0, "in_1", "cus_1", amount, |invoice| {
            invoice.currency = currency.to_owned();
            invoice.lines = vec![line("book", 1, amount)];
        });
        history.payment("in_1")
    };
    let yen = pay("jpy", 4_999, percent(1_000));
    assert_eq!(yen.commission, 500);
    assert_eq!(how(&yen)[1], "commission 500: 10% of 4999 JPY, half to even");
    let dinar = pay("kwd", 12_345, percent(1_000));
    assert_eq!(dinar.commission, 1_234);
    assert_eq!(how(&dinar)[1], "commission 1234: 10% of 12.345 KWD, half to even");
    assert_eq!(pay("jpy", 4_999, rules(json!({"commission": fixed(750, "jpy")}))).commission, 750);
}

#[test]
fn a_payment_earns_no_more_than_the_programmes_most_in_its_own_currency() {
    let most = |currency: &str| rules(json!({"max_commission": {"minor": 1_500, "currency": currency}}));
    let payment = sold(most("usd"), &[line("book", 1, 10_000)]);
    assert_eq!(payment.commission, 1_500);
    assert_eq!(
        how(&payment)[2],
        "capped 1500: a payment earns at most 15.00 USD; it would have been 20.00 USD"
    );
    assert_eq!(sold(most("eur"), &[line("book", 1, 10_000)]).commission, 2_000);
    // Half refunded: half of what was paid after the cap, not of what would have been.
    let history = paid(most("usd"), &[(0, "in_1", 10_000)]).alias(0, "in_1", "pi_1").refund(
        1,
        "re_1",
        "ch_1",
        "pi_1",
        5_000,
        RefundStatus::Succeeded,
    );
    assert_eq!(history.payment("in_1").clawed_back, 750);
}

#[test]
fn rules_that_change_later_leave_what_was_judged_by_the_old_ones() {
    let mut history = paid(percent(2_000), &[(0, "in_1", 10_000), (40, "in_2", 10_000)]);
    history.rules.push(RuleVersion {
        id: RuleId(2),
        valid_from: Some(day(30)),
        rules: rules(
            json!({"commission": share(5_000), "max_commission": {"minor": 100, "currency": "usd"}}),
        ),
    });
    assert_eq!(commissions(&history, ["in_1", "in_2"]), [2_000, 100]);
    // A refund that comes after the change, and an edit, go by the rules of the payment's own time.
    let refunded =
        history.alias(0, "in_1", "pi_1").refund(50, "re_1", "ch_1", "pi_1", 5_000, RefundStatus::Succeeded);
    let payment = refunded.payment("in_1");
    assert_eq!((payment.rule, payment.commission, payment.clawed_back), (RuleId(1), 2_000, 1_000));
}

#[test]
fn a_conversion_that_is_edited_is_rated_by_the_rules_of_its_time() {
    let mut history = History::new().posted(0, 7, 5_000, |posted| posted.affiliate = Some(ALICE));
    history.rules.push(RuleVersion { id: RuleId(2), valid_from: Some(day(30)), rules: percent(9_000) });
    assert_eq!(history.payment("conversion:7").commission, 1_000);
    let mut edited = history.posted(0, 7, 6_000, |posted| posted.affiliate = Some(ALICE));
    let last = edited.facts.last_mut().unwrap();
    (last.fact.rank, last.fact.at) = (1, day(60));
    let payment = edited.payment("conversion:7");
    assert_eq!((payment.rule, payment.base, payment.commission), (RuleId(1), 6_000, 1_200));
}

#[test]
fn a_commission_that_the_caller_names_is_neither_rated_nor_capped() {
    let history = History::new()
        .with_rules(rules(json!({"max_commission": {"minor": 100, "currency": "usd"}})))
        .posted(0, 7, 5_000, |posted| (posted.affiliate, posted.value) = (Some(ALICE), Some(2_500)));
    assert_eq!(history.payment("conversion:7").commission, 2_500);
}

#[test]
fn an_invoice_whose_lines_stripe_did_not_send_in_full_says_so_only_where_they_matter() {
    let pay = |rates: Rules| {
        let history = paid(rates, &[]).invoice_with(0, "in_1", "cus_1", 10_000, |invoice| {
            (invoice.lines, invoice.lines_complete) = (vec![line("book", 1, 4_000)], false);
        });
        history.payment("in_1")
    };
    let by_line = pay(rules(json!({"products": [books(&share(3_000))]})));
    assert_eq!(by_line.commission, 3_000);
    assert!(
        how(&by_line)[1].starts_with("lines 4000: Stripe sent only the first lines"),
        "{:?}",
        how(&by_line)
    );
    assert_eq!(how(&pay(percent(2_000))).len(), 2);
}

#[test]
fn lines_that_were_fetched_stand_in_for_the_first_ones() {
    let first = vec![line("book", 1, 4_000)];
    let mut history = paid(rules(json!({"products": [books(&share(3_000))]})), &[]).invoice_with(
        0,
        "in_1",
        "cus_1",
        10_000,
        |invoice| (invoice.lines, invoice.lines_complete) = (first.clone(), false),
    );
    let lines = [first, vec![line("seat", 1, 6_000)]].concat();
    let body = FactBody::InvoiceLines(InvoiceLines { invoice: key("in_1"), lines, complete: true });
    history.add("invoice_lines:in_1", Keep::Latest, 0, day(1), &["in_1"], body);
    let payment = history.payment("in_1");
    assert_eq!(payment.commission, 1_200 + 1_200, "30 % of the book, 20 % of the seat");
    assert!(!how(&payment)[1].contains("first lines"), "{:?}", how(&payment));
}

#[test]
fn where_a_programme_has_but_one_rule_the_story_names_no_others() {
    let payment = paid(percent(2_000), &[(0, "in_1", 1_000)]).payment("in_1");
    assert!(payment.explanation.rules.is_empty());
    let grouped = json!({"groups": [{"name": "Partners", "affiliates": [BOB], "commission": share(3_000)}]});
    let payment = paid(rules(grouped), &[(0, "in_1", 1_000)]).payment("in_1");
    assert_eq!(verdicts(&payment), ["group: the affiliate is in no group", "programme, 20%: won"]);
}
