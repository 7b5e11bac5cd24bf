//! The files that providers take.

use crate::{Error, spreadsheet};
use domain::{
    ids::{AffiliateId, PayoutId},
    money::{Currency, Money},
};
use serde::Serialize;

/// `PayPal` takes so many rows in a file
/// (<https://developer.paypal.com/payouts/use-payouts/send-money/use-web-ui>).
const PAYPAL_ROWS: usize = 5_000;
/// Wise takes so many (<https://wise.com/us/blog/everything-about-batch-payments>).
const WISE_ROWS: usize = 1_000;

/// Whom a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `PayPal`'s Payouts Web: one currency in a file.
    Paypal,
    /// Wise's batch payments by e-mail.
    Wise,
    /// A spreadsheet, with a header.
    Csv,
}

/// A payout as it is exported.
#[derive(Debug, Serialize)]
pub struct Row {
    /// The payout.
    pub payout_id: PayoutId,
    /// Who is paid.
    pub affiliate_id: AffiliateId,
    /// The recipient's name, when one is known.
    pub name: Option<String>,
    /// Where the recipient is reached.
    pub email: String,
    /// An exact decimal.
    pub amount: String,
    /// Of the amount.
    pub currency: Currency,
    /// What the payment is called at the provider.
    pub reference: String,
    /// How many conversions it is for.
    pub conversions: i64,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Paypal, Self::Wise, Self::Csv];

    /// As options and queries write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Paypal => "paypal",
            Self::Wise => "wise",
            Self::Csv => "csv",
        }
    }

    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }

    /// The provider's name in payout preferences.
    pub(super) fn provider(self) -> Option<&'static str> {
        match self {
            Self::Paypal => Some("paypal"),
            Self::Wise => Some("wise"),
            Self::Csv => None,
        }
    }

    /// The amount as the provider reads it: exact, never rounded. `None` when it has a fraction that the
    /// provider does not take: payouts made before whole units were paid may have one.
    pub(super) fn amount(self, money: Money) -> Option<String> {
        match self {
            Self::Paypal | Self::Wise => money.to_payable(),
            Self::Csv => Some(money.to_decimal()),
        }
    }

    /// The file.
    pub(super) fn write(self, rows: &[Row]) -> Result<String, Error> {
        if self != Self::Csv {
            for row in rows {
                // Another spelling would be another recipient, so such a cell is not written at all.
                let is_address = row.email.contains('@') && !row.email.contains(char::is_whitespace);
                if !is_address || spreadsheet::is_formula(&row.email) {
                    return Err(Error::Conflict(format!(
                        "payout {} has no address to pay to: {:?}; set payout_preferences of affiliate {}",
                        row.payout_id, row.email, row.affiliate_id
                    )));
                }
            }
        }
        match self {
            Self::Paypal => paypal(rows),
            Self::Wise => wise(rows),
            Self::Csv => Ok(plain(rows)),
        }
    }
}

/// Recipient, amount, currency, reference of at most 30 characters, note, wallet; no header.
fn paypal(rows: &[Row]) -> Result<String, Error> {
    let mut currencies: Vec<&str> = rows.iter().map(|row| row.currency.as_str()).collect();
    currencies.sort_unstable();
    currencies.dedup();
    if currencies.len() > 1 {
        let names = currencies.join(", ");
        let message = format!("PayPal takes one currency in a file: choose one, of {names}");
        return Err(Error::invalid("currency", message));
    }
    at_most("PayPal", PAYPAL_ROWS, rows)?;
    Ok(spreadsheet::csv(rows.iter().map(|row| {
        let note = format!("Affiliate commission, payout {}", row.payout_id);
        [row.email.clone(), row.amount.clone(), code(row), row.reference.clone(), note, "PAYPAL".to_owned()]
    })))
}

fn at_most(provider: &str, most: usize, rows: &[Row]) -> Result<(), Error> {
    if rows.len() <= most {
        return Ok(());
    }
    let payouts = rows.len();
    Err(Error::Conflict(format!("{provider} takes at most {most} payouts in a file, these are {payouts}")))
}

/// The recipient gets exactly the amount: it is named in the target's currency, and paid from a balance
/// in the same one.
fn wise(rows: &[Row]) -> Result<String, Error> {
    at_most("Wise", WISE_ROWS, rows)?;
    let header = [
        "name",
        "recipientEmail",
        "paymentReference",
        "receiverType",
        "amountCurrency",
        "amount",
        "sourceCurrency",
        "targetCurrency",
        "type",
    ];
    let lines = rows.iter().map(|row| {
        let name = spreadsheet::text(row.name.as_deref().unwrap_or(&row.email));
        [
            name,
            row.email.clone(),
            row.reference.clone(),
            "PERSON".to_owned(),
            "target".to_owned(),
            row.amount.clone(),
            code(row),
            code(row),
            "EMAIL".to_owned(),
        ]
    });
    Ok(spreadsheet::csv(std::iter::once(header.map(ToOwned::to_owned)).chain(lines)))
}

fn plain(rows: &[Row]) -> String {
    let header =
        ["payout_id", "affiliate_id", "name", "email", "amount", "currency", "reference", "conversions"];
    let lines = rows.iter().map(|row| {
        [
            row.payout_id.to_string(),
            row.affiliate_id.to_string(),
            spreadsheet::text(row.name.as_deref().unwrap_or_default()),
            spreadsheet::text(&row.email),
            row.amount.clone(),
            code(row),
            row.reference.clone(),
            row.conversions.to_string(),
        ]
    });
    spreadsheet::csv(std::iter::once(header.map(ToOwned::to_owned)).chain(lines))
}

fn code(row: &Row) -> String {
    row.currency.as_str().to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, email: &str, minor: i64, currency: &str, format: Format) -> Row {
        let currency = Currency::parse(currency).unwrap();
        Row {
            payout_id: PayoutId(id),
            affiliate_id: AffiliateId(id),
            name: Some("=cmd|' /C calc'!A0".to_owned()),
            email: email.to_owned(),
            amount: format.amount(Money { minor, currency }).unwrap(),
            currency,
            reference: format!("tributary-{id}"),
            conversions: 2,
        }
    }

    #[test]
    fn paypal_gets_its_columns_in_one_currency() {
        let rows = [
            row(1, "anna@example.org", 123_456, "usd", Format::Paypal),
            row(2, "ben@example.org", 5, "usd", Format::Paypal),
        ];
        insta::assert_snapshot!(Format::Paypal.write(&rows).unwrap().replace("\r\n", "\n"), @r#"
        anna@example.org,1234.56,USD,tributary-1,"Affiliate commission, payout 1",PAYPAL
        ben@example.org,0.05,USD,tributary-2,"Affiliate commission, payout 2",PAYPAL
        "#);
        let mixed = [
            row(1, "a@b.example", 1, "usd", Format::Paypal),
            row(2, "a@b.example", 1, "eur", Format::Paypal),
        ];
        let refused = Format::Paypal.write(&mixed).unwrap_err().to_string();
        assert!(refused.contains("choose one, of eur, usd"), "{refused}");
    }

    #[test]
    fn wise_gets_the_amount_that_arrives() {
        let rows = [
            row(1, "anna@example.org", 2_400, "jpy", Format::Wise),
            row(2, "ben@example.org", 1_250, "kwd", Format::Wise),
        ];
        insta::assert_snapshot!(Format::Wise.write(&rows).unwrap().replace("\r\n", "\n"), @r"
        name,recipientEmail,paymentReference,receiverType,amountCurrency,amount,sourceCurrency,targetCurrency,type
        '=cmd|' /C calc'!A0,anna@example.org,tributary-1,PERSON,target,2400,JPY,JPY,EMAIL
        '=cmd|' /C calc'!A0,ben@example.org,tributary-2,PERSON,target,1.250,KWD,KWD,EMAIL
        ");
    }

    #[test]
    fn a_spreadsheet_gets_no_formula() {
        let rows = [row(1, "+anna@example.org", 2_400, "usd", Format::Csv)];
        insta::assert_snapshot!(Format::Csv.write(&rows).unwrap().replace("\r\n", "\n"), @r"
        payout_id,affiliate_id,name,email,amount,currency,reference,conversions
        1,1,'=cmd|' /C calc'!A0,'+anna@example.org,24.00,USD,tributary-1,2
        ");
    }

    #[test]
    fn an_address_that_is_none_is_refused_not_respelled() {
        for email in ["", "anna", "=anna@example.org", "+anna@example.org", "an na@example.org"] {
            for format in [Format::Paypal, Format::Wise] {
                let refused = format.write(&[row(7, email, 1, "usd", format)]).unwrap_err().to_string();
                assert!(refused.contains("payout 7 has no address"), "{refused}");
            }
        }
    }

    #[test]
    fn providers_take_whole_units_where_stripe_counts_hundredths() {
        let amount = |format: Format, minor, currency: &str| {
            format.amount(Money { minor, currency: Currency::parse(currency).unwrap() })
        };
        for format in [Format::Paypal, Format::Wise] {
            assert_eq!(amount(format, 120_000, "huf").as_deref(), Some("1200"));
            assert_eq!(amount(format, 120_050, "huf"), None);
            assert_eq!(amount(format, 120_000, "twd").as_deref(), Some("1200"));
            assert_eq!(amount(format, 100_000, "ugx").as_deref(), Some("1000"));
            assert_eq!(amount(format, 100_000, "isk").as_deref(), Some("1000"));
            assert_eq!(amount(format, 1_000, "jpy").as_deref(), Some("1000"));
            assert_eq!(amount(format, 1_000, "usd").as_deref(), Some("10.00"));
        }
        assert_eq!(amount(Format::Csv, 120_050, "huf").as_deref(), Some("1200.50"));
        assert_eq!(amount(Format::Csv, 100_000, "ugx").as_deref(), Some("1000"));
    }
}
