//! What the boxes say, from the payment down to what is owed.

use super::{
    Links, Story,
    canvas::{Canvas, Line, Look, Tone},
};
use crate::texts;
use domain::{
    money::Money,
    settle::{CandidateStory, Evidence, Explanation, RuleStory},
};
use store::overview::Movement;

/// The verdict of a candidate and of a rule that won, as the fold writes it.
const WON: &str = "won";

fn look(verdict: &str) -> Look {
    if verdict.starts_with(WON) { Look::Won } else { Look::Lost }
}

fn explanation<'a>(story: &Story<'a>) -> Option<&'a Explanation> {
    story.payment.explanation.as_ref()
}

/// What was paid, and by whom.
pub(super) fn payment(canvas: &mut Canvas, story: &Story<'_>, links: Option<&Links>) {
    let payment = story.payment;
    let mode = payment.realm.mode;
    let mut said = vec![
        Line::new(Tone::Title, payment.payment.clone()).amount(payment.base),
        Line::new(
            Tone::Quiet,
            format!(
                "{} on {}, {mode} mode, conversion {}",
                payment.kind,
                texts::time(payment.occurred_at),
                payment.id
            ),
        ),
    ];
    said.push(match &payment.customer {
        Some(customer) => {
            let name = customer.email.as_deref().or(customer.code.as_deref()).unwrap_or("without a name");
            Line::new(Tone::Text, format!("Customer {name}"))
                .to(links.map(|links| links.customer(customer.id)))
        }
        None => Line::new(Tone::Text, "Customer: a guest"),
    });
    canvas.boxed(Look::Plain, said);
}

/// Who was considered, who was refused and why.
pub(super) fn candidates(canvas: &mut Canvas, story: &Story<'_>, links: Option<&Links>) {
    let Some(Explanation { candidates, .. }) = explanation(story) else { return };
    let bind = story.payment.bind.as_ref();
    // A bind that was made at another payment has its evidence there.
    let elsewhere =
        bind.filter(|bind| !candidates.iter().any(|candidate| candidate.evidence == bind.evidence));
    if candidates.is_empty() && elsewhere.is_none() {
        return;
    }
    canvas.heading("Who was considered");
    if let Some(bind) = elsewhere {
        let said = vec![
            Line::new(Tone::Title, format!("Bound before, by {}", bind.method.in_words())),
            Line::new(Tone::Text, story.affiliate(bind.affiliate))
                .to(links.map(|links| links.affiliate(bind.affiliate))),
            Line::new(Tone::Quiet, format!("{} on {}", bind.evidence.object, texts::time(bind.bound_at)))
                .to(links.map(|links| links.event(&bind.evidence.event))),
        ];
        canvas.boxed(Look::Won, said);
    }
    for candidate in candidates {
        canvas.boxed(look(&candidate.verdict), of_candidate(candidate, story, links));
    }
}

fn of_candidate(candidate: &CandidateStory, story: &Story<'_>, links: Option<&Links>) -> Vec<Line> {
    let title = sentence(&candidate.in_words());
    let tone = if candidate.verdict.starts_with(WON) { Tone::Good } else { Tone::Bad };
    let mut said = vec![Line::new(Tone::Title, title)];
    if let Some(affiliate) = candidate.affiliate {
        said.push(
            Line::new(Tone::Text, story.affiliate(affiliate))
                .to(links.map(|links| links.affiliate(affiliate))),
        );
    }
    said.push(Line::new(tone, sentence(&candidate.verdict)));
    let (Evidence { event, object }, at) = (&candidate.evidence, texts::time(candidate.at));
    // Addresses that belong to several affiliates have no evidence of one.
    let (read, event) = match object.as_str() {
        "" => (at, None),
        object => (format!("{object} on {at}"), links.map(|links| links.event(event))),
    };
    said.push(Line::new(Tone::Quiet, read).to(event));
    said
}

/// Who earns.
pub(super) fn decision(canvas: &mut Canvas, story: &Story<'_>, links: Option<&Links>) {
    let payment = story.payment;
    canvas.heading("Decision");
    let title = match &payment.affiliate {
        Some(affiliate) => affiliate.email.clone().unwrap_or_else(|| story.affiliate(affiliate.id)),
        None => "Nobody earns".to_owned(),
    };
    let to = payment.affiliate.as_ref().and_then(|named| links.map(|links| links.affiliate(named.id)));
    let mut said = vec![Line::new(Tone::Title, title).amount(&payment.status).to(to)];
    let decision = explanation(story).map(|told| told.decision.as_str()).filter(|told| !told.is_empty());
    said.extend(decision.map(|decision| Line::new(Tone::Text, sentence(decision))));
    // Where nobody earns the decision gives the reason.
    let reason =
        payment.reason.as_deref().filter(|reason| !decision.is_some_and(|told| told.contains(reason)));
    said.extend(reason.map(|reason| Line::new(Tone::Bad, sentence(reason))));
    if decision.is_none() {
        said.push(Line::new(Tone::Quiet, "Not settled yet"));
    }
    canvas.boxed(if payment.affiliate.is_some() { Look::Won } else { Look::Plain }, said);
}

/// By which rule.
pub(super) fn rules(canvas: &mut Canvas, story: &Story<'_>) {
    let (Some(version), Some(Explanation { rules, arithmetic, .. })) =
        (story.payment.rule_version, explanation(story))
    else {
        return;
    };
    let mut applied: Vec<RuleStory> = arithmetic
        .iter()
        .filter_map(|line| line.rule.clone())
        .map(|rule| {
            let (kind, name, commission) = (rule.kind, rule.name, Some(rule.commission));
            RuleStory { kind, name, commission, verdict: WON.to_owned() }
        })
        .collect();
    applied.dedup();
    // Where there was a choice, all of it is told.
    let shown = if rules.is_empty() { &applied } else { rules };
    if shown.is_empty() {
        return;
    }
    canvas.heading(&format!("Rule, by version {version} of the programme"));
    for rule in shown {
        let name = rule.name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
        let title = sentence(&format!("{}{name}", rule.kind.in_words()));
        let mut title = Line::new(Tone::Title, title);
        if let Some(commission) = rule.commission {
            title = title.amount(commission);
        }
        let mut said = vec![title];
        if !rules.is_empty() {
            said.push(Line::new(Tone::Quiet, sentence(&rule.verdict)));
        }
        canvas.boxed(look(&rule.verdict), said);
    }
}

/// How much, line by line.
pub(super) fn arithmetic(canvas: &mut Canvas, story: &Story<'_>) {
    let Some(Explanation { arithmetic, .. }) = explanation(story) else { return };
    if arithmetic.is_empty() {
        return;
    }
    canvas.heading("Arithmetic");
    let currency = story.payment.base.currency;
    let said = arithmetic.iter().flat_map(|line| {
        let amount = Money { minor: line.minor, currency };
        [Line::new(Tone::Title, sentence(&line.what)).amount(amount), Line::new(Tone::Quiet, &line.how)]
    });
    canvas.boxed(Look::Plain, said.collect());
}

/// What was posted.
pub(super) fn ledger(canvas: &mut Canvas, story: &Story<'_>, links: Option<&Links>) {
    if story.movements.is_empty() {
        return;
    }
    canvas.heading("Ledger: refunds, disputes, holds and payouts included");
    let said = story.movements.iter().flat_map(|movement| of_movement(movement, story, links));
    canvas.boxed(Look::Plain, said.collect());
}

fn of_movement(movement: &Movement, story: &Story<'_>, links: Option<&Links>) -> [Line; 2] {
    let what = sentence(&movement.cause.replace('_', " "));
    let title = Line::new(Tone::Title, format!("{what}: {} → {}", movement.from, movement.to));
    let mut told = vec![texts::time(movement.posted_at), story.affiliate(movement.affiliate)];
    let mut to = movement.event.as_ref().and_then(|event| links.map(|links| links.event(event)));
    if let Some(payout) = movement.payout {
        told.push(format!("payout {payout}"));
        to = links.map(|links| links.payout(payout));
    }
    told.extend(movement.event.clone());
    if let Some(actor) = &movement.actor {
        let reason = movement.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        told.push(format!("by {actor}{reason}"));
    }
    [title.amount(movement.amount), Line::new(Tone::Quiet, told.join(", ")).to(to)]
}

/// What comes of it.
pub(super) fn owed(canvas: &mut Canvas, story: &Story<'_>) {
    let payment = story.payment;
    let currency = payment.commission.currency;
    let money = |minor| Money { minor, currency };
    canvas.heading("What is owed");
    let mut said = vec![Line::new(Tone::Text, "Earned").amount(payment.commission)];
    for (what, less) in
        [("Less what was taken back", payment.taken_back), ("Less what is held", payment.held)]
    {
        if less.minor != 0 {
            said.push(Line::new(Tone::Bad, what).amount(money(less.minor.saturating_neg())));
        }
    }
    let paid = story.movements.iter().fold(0_i64, |paid, movement| {
        match (movement.from.as_str(), movement.to.as_str()) {
            (_, "paid") => paid.saturating_add(movement.amount.minor),
            ("paid", _) => paid.saturating_sub(movement.amount.minor),
            _ => paid,
        }
    });
    if paid != 0 {
        said.push(Line::new(Tone::Good, "Less what was paid").amount(money(paid.saturating_neg())));
    }
    let owed = payment
        .commission
        .minor
        .saturating_sub(payment.taken_back.minor)
        .saturating_sub(payment.held.minor)
        .saturating_sub(paid);
    said.push(Line::new(Tone::Title, "Owed now").amount(money(owed)));
    canvas.boxed(Look::Plain, said);
}

/// With a capital at the beginning, unless it begins with a name.
fn sentence(text: &str) -> String {
    if text.split_whitespace().next().is_some_and(|first| first.contains('_')) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
