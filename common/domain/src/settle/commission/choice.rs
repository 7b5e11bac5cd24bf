//! Which of several commissions is paid (SEMANTICS 8).

use super::ordinal::Ordinal;
use crate::code::FoldedCode;
use crate::fact::InvoiceLine;
use crate::rules::{Category, Commission, Membership, Rules};
use crate::settle::outcome::{AppliedRule, Bind, RuleKind, RuleStory};

/// The rules that fit a payment, by precedence: the affiliate's own, the code's, the category's of a
/// line, the group's, the tier's, the programme's.
pub(super) struct Choice<'a> {
    rules: &'a Rules,
    bind: &'a Bind,
    n: u32,
    /// The affiliate's own, else the code's: they rate the payment whatever was sold.
    before: Option<AppliedRule>,
    /// The group's, else the tier's, else the programme's: what is of no category.
    after: AppliedRule,
    own: Option<Commission>,
}

impl<'a> Choice<'a> {
    pub(super) fn new(rules: &'a Rules, bind: &'a Bind, own: Option<Commission>, ordinal: &Ordinal) -> Self {
        let own_rule = own.map(|own| applied(RuleKind::Affiliate, None, own));
        let before = own_rule.or_else(|| by_code(rules, bind));
        let after = member(&rules.groups, RuleKind::Group, bind)
            .or_else(|| member(&rules.tiers, RuleKind::Tier, bind))
            .or_else(|| first(rules, ordinal.n))
            .unwrap_or_else(|| applied(RuleKind::Default, None, rules.commission));
        Self { rules, bind, n: ordinal.n, before, after, own }
    }

    /// Whether what was sold may matter.
    pub(super) fn is_by_line(&self) -> bool {
        self.before.is_none() && !self.rules.products.is_empty()
    }

    /// The rule for a payment as a whole.
    pub(super) fn of_payment(&self) -> AppliedRule {
        self.before.as_ref().unwrap_or(&self.after).clone()
    }

    /// The rule for one line, when nothing goes before the categories.
    pub(super) fn of_line(&self, line: &InvoiceLine) -> AppliedRule {
        category(self.rules, line).unwrap_or_else(|| self.after.clone())
    }

    /// Which rules there were and what became of each; nothing where there is but one. `rated` are those
    /// that rated the payment or its lines, `undivided` is why it was not rated by lines.
    pub(super) fn stories(&self, rated: &[AppliedRule], undivided: Option<&str>) -> Vec<RuleStory> {
        let mut told = Stories { rated, stories: Vec::new() };
        if let Some(own) = self.own {
            told.fits(applied(RuleKind::Affiliate, None, own));
        }
        if !self.rules.codes.is_empty() {
            if let Some(rule) = by_code(self.rules, self.bind) {
                told.fits(rule);
            } else {
                let code = used(self.bind).map(ToOwned::to_owned);
                told.nothing(RuleKind::Code, code, "the programme has no commission for this code");
            }
        }
        if !self.rules.products.is_empty() {
            self.tell_categories(&mut told, undivided);
        }
        for (kind, list, none) in [
            (RuleKind::Group, &self.rules.groups, "the affiliate is in no group"),
            (RuleKind::Tier, &self.rules.tiers, "the affiliate is in no tier"),
        ] {
            match member(list, kind, self.bind) {
                Some(rule) => told.fits(rule),
                None if list.is_empty() => {}
                None => told.nothing(kind, None, none),
            }
        }
        match (first(self.rules, self.n), self.rules.first_commission) {
            (Some(rule), _) => told.fits(rule),
            (None, Some(_)) => {
                let which = format!("this is payment {} of the customer", self.n);
                told.nothing(RuleKind::First, None, &which);
            }
            (None, None) => {}
        }
        told.fits(applied(RuleKind::Default, None, self.rules.commission));
        if told.stories.len() > 1 { told.stories } else { Vec::new() }
    }

    fn tell_categories(&self, told: &mut Stories<'_>, undivided: Option<&str>) {
        let sold: Vec<AppliedRule> = self.rules.products.iter().map(of_category).collect();
        let sold: Vec<AppliedRule> = sold.into_iter().filter(|rule| told.rated.contains(rule)).collect();
        if self.before.is_some() {
            told.nothing(RuleKind::Product, None, "what was sold does not matter: a rule above goes before");
        } else if sold.is_empty() {
            let why = undivided.unwrap_or("nothing of any category was sold");
            told.nothing(RuleKind::Product, None, why);
        }
        for rule in sold {
            told.fits(rule);
        }
    }
}

/// The stories so far.
struct Stories<'a> {
    rated: &'a [AppliedRule],
    stories: Vec<RuleStory>,
}

impl Stories<'_> {
    /// A rule that fits the payment; it pays unless one that goes before it does.
    fn fits(&mut self, rule: AppliedRule) {
        let times = self.rated.iter().filter(|one| **one == rule).count();
        let verdict = match (times, self.rated.len()) {
            (0, 0) => "not asked".to_owned(),
            (0, _) => "lost: a rule above goes before it".to_owned(),
            (1, 1) => "won".to_owned(),
            (times, all) if times == all => format!("won all {all} lines"),
            (times, all) => format!("won {times} of {all} lines"),
        };
        let AppliedRule { kind, name, commission } = rule;
        self.stories.push(RuleStory { kind, name, commission: Some(commission), verdict });
    }

    fn nothing(&mut self, kind: RuleKind, name: Option<String>, verdict: &str) {
        self.stories.push(RuleStory { kind, name, commission: None, verdict: verdict.to_owned() });
    }
}

/// The code that bound: the coupon, else the referral code; where none did, the affiliate's at that time.
fn used(bind: &Bind) -> Option<&str> {
    bind.coupon_code.as_deref().or(bind.rated_as.as_deref()).or(bind.referral_code.as_deref())
}

fn by_code(rules: &Rules, bind: &Bind) -> Option<AppliedRule> {
    let code = used(bind)?;
    let commission = rules.codes.get(&FoldedCode::new(code)?)?;
    Some(applied(RuleKind::Code, Some(code), *commission))
}

fn category(rules: &Rules, line: &InvoiceLine) -> Option<AppliedRule> {
    rules.products.iter().find(|category| category.has(line)).map(of_category)
}

fn of_category(category: &Category) -> AppliedRule {
    applied(RuleKind::Product, Some(&category.name), category.commission)
}

fn member(list: &[Membership], kind: RuleKind, bind: &Bind) -> Option<AppliedRule> {
    let found = list.iter().find(|one| one.affiliates.contains(&bind.affiliate))?;
    Some(applied(kind, Some(&found.name), found.commission))
}

/// The programme's commission for a first payment (SEMANTICS 10).
fn first(rules: &Rules, n: u32) -> Option<AppliedRule> {
    rules.first_commission.filter(|_| n == 1).map(|rate| applied(RuleKind::First, None, rate))
}

fn applied(kind: RuleKind, name: Option<&str>, commission: Commission) -> AppliedRule {
    AppliedRule { kind, name: name.map(ToOwned::to_owned), commission }
}
