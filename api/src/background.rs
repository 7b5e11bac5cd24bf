//! What goes on beside the requests.

use crate::health::TIDY_INTERVAL;
use crate::idempotency;
use crate::state::AppState;

/// All of it. Never returns.
pub(crate) async fn run(state: &AppState) {
    let lookups = &state.pools.lookups;
    let of_lookups = state.on(lookups);
    tokio::join!(
        state.secrets.refresh(),
        state.refusals.keep_writing(lookups),
        state.completions.run(lookups),
        state.feeds.run(lookups, &state.health),
        state.health.probe(lookups),
        Box::pin(state.limits.share(lookups)),
        watch::keep_drained(),
        idempotency::purge(&of_lookups),
        async {
            let mut every = tokio::time::interval(TIDY_INTERVAL);
            loop {
                every.tick().await;
                state.limits.sweep();
            }
        },
    );
}
