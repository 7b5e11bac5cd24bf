//! The lists, each with its filters.

use super::pages::id;
use serde_json::Value;

/// A query, and the rows that it lets through.
pub(crate) type Filter = (&'static str, fn(&Value) -> bool);

pub(crate) struct List {
    pub(crate) path: &'static str,
    /// As docs/API.md says (Conventions, Pages).
    pub(super) default_limit: i64,
    pub(super) max_limit: i64,
    /// Whether it knows cursors.
    pub(crate) cursors: bool,
    /// Each filter.
    pub(crate) filters: &'static [Filter],
}

pub(crate) const LISTS: [List; 13] = [
    List {
        path: "/api/v1/payouts",
        default_limit: 50,
        max_limit: 500,
        cursors: true,
        filters: &[
            ("status=open", |row| row["status"] == "open"),
            ("affiliate=2%40example.com", |row| row["affiliate_id"] == 2),
            ("currency=EUR", |row| row["currency"] == "eur"),
            ("from=2026-03-10", |row| row["created_at"].as_str().unwrap() >= "2026-03-10"),
            ("to=2026-03-10", |row| row["created_at"].as_str().unwrap() < "2026-03-11"),
        ],
    },
    List {
        path: "/api/v1/dead-letters",
        default_limit: 50,
        max_limit: 500,
        cursors: true,
        filters: &[
            ("reason=NO+customer", |row| row["reason"].as_str().unwrap().contains("no customer")),
            ("source=stripe", |row| row["source"] == "stripe"),
            ("to=2026-03-10", |row| row["created_at"].as_str().unwrap() < "2026-03-11"),
        ],
    },
    List {
        path: "/api/v1/received-events",
        default_limit: 50,
        max_limit: 500,
        cursors: true,
        filters: &[
            ("event_id=evt_7", |row| row["event_id"] == "evt_7"),
            ("type=invoice.paid", |row| row["type"] == "invoice.paid"),
            ("source=api", |row| row["source"] == "api"),
            ("outcome=settled", |row| row["ignored"].is_null()),
            ("outcome=ignored&type=invoice.paid", |row| {
                row["outcome"] == "ignored" && row["type"] == "invoice.paid"
            }),
        ],
    },
    List {
        path: "/api/v1/decisions",
        default_limit: 50,
        max_limit: 500,
        cursors: true,
        filters: &[("subject=in_2", |row| row["subject"] == "in_2")],
    },
    List { path: "/api/v1/acts", default_limit: 50, max_limit: 500, cursors: true, filters: &[] },
    List { path: "/api/v1/keys", default_limit: 50, max_limit: 500, cursors: true, filters: &[] },
    List {
        path: "/api/v1/affiliates",
        default_limit: 20,
        max_limit: 500,
        cursors: true,
        filters: &[
            ("status=active", |row| row["status"] == "active"),
            ("status=inactive", |row| row["status"] == "inactive"),
        ],
    },
    List {
        path: "/api/v1/referrals",
        default_limit: 20,
        max_limit: 500,
        cursors: true,
        filters: &[
            ("affiliate_id=1", |row| row["affiliate_id"] == 1),
            ("status=pending", |row| row["conversion_status"] == "pending"),
            ("status=direct_signup", |row| row["conversion_status"] == "direct_signup"),
        ],
    },
    List {
        path: "/api/v1/coupons",
        default_limit: 50,
        max_limit: 500,
        cursors: true,
        filters: &[
            ("affiliate_id=2", |row| row["affiliate_id"] == 2),
            ("status=inactive", |row| row["status"] == "inactive"),
            ("coupon_code=sAVE_1", |row| row["coupon_code"].as_str().unwrap().contains("SAVE_1")),
        ],
    },
    List {
        path: "/api/v1/conversions",
        default_limit: 50,
        max_limit: 500,
        cursors: true,
        filters: &[
            ("affiliate_id=1", |row| row["affiliate_id"] == 1),
            ("type=signup", |row| row["type"] == "signup"),
            ("paid=true", |row| row["paid"] == true),
            ("paid=false", |row| row["paid"] == false),
            ("status=reversed", |row| row["status"] == "reversed"),
            ("from=2026-03-10", |row| row["created_at"].as_str().unwrap() >= "2026-03-10"),
            ("to=2026-03-10", |row| row["created_at"].as_str().unwrap() < "2026-03-11"),
            ("from=2026-03-05T01:00:00%2B01:00&to=2026-03-07T00:00:00Z", |row| {
                ("2026-03-05".."2026-03-07T00:00:00.001Z").contains(&row["created_at"].as_str().unwrap())
            }),
        ],
    },
    List {
        path: "/api/v1/webhook-endpoints",
        default_limit: 50,
        max_limit: 500,
        cursors: true,
        filters: &[],
    },
    List {
        path: "/api/v1/webhook-endpoints/1/deliveries",
        default_limit: 50,
        max_limit: 500,
        cursors: true,
        filters: &[
            ("status=parked", |row| row["status"] == "parked"),
            ("event=payout_paid", |row| row["event"] == "payout_paid"),
            ("from=2026-03-10", |row| row["created_at"].as_str().unwrap() >= "2026-03-10"),
            ("to=2026-03-10", |row| row["created_at"].as_str().unwrap() < "2026-03-11"),
        ],
    },
    List {
        path: "/api/v1/statistics",
        default_limit: 20,
        max_limit: 100,
        cursors: false,
        filters: &[
            ("affiliate_id=3", |row| row["affiliate_id"] == 3),
            ("from=2026-03-10", |row| has_within(row, 9..20)),
            ("to=2026-03-10", |row| has_within(row, 0..10)),
            ("interval=week", |_| true),
        ],
    },
];

/// Whether an affiliate has a click on one of these days of March, or a referral: those two have them on all.
fn has_within(row: &Value, days: std::ops::Range<i64>) -> bool {
    let id = id(row);
    id <= 2 || days.contains(&((id - 1) % 20))
}
