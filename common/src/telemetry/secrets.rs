//! What is never logged, whatever `RUST_LOG` asks for.

/// Crates that write every frame of AMQP at their most talkative, the password of RabbitMQ among them.
const FRAMES: [&str; 2] = ["lapin", "amq"];

/// A filter in which these crates say no more than `debug`.
pub(super) fn without(filter: &str) -> String {
    let capped = filter.split(',').map(|directive| {
        let directive = directive.trim();
        if !FRAMES.iter().any(|name| directive.starts_with(name)) {
            return directive.to_owned();
        }
        match directive.rsplit_once('=') {
            Some((_, level)) if !is_everything(level) => directive.to_owned(),
            Some((target, _)) => format!("{target}=debug"),
            // A name alone asks for everything.
            None => format!("{directive}=debug"),
        }
    });
    capped.collect::<Vec<_>>().join(",")
}

fn is_everything(level: &str) -> bool {
    let level = level.trim();
    level.eq_ignore_ascii_case("trace") || level == "5"
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn frames_are_never_asked_for() {
        assert_eq!(without("info,lapin=trace"), "info,lapin=debug");
        assert_eq!(without("lapin::io_loop=TRACE, amq_protocol"), "lapin::io_loop=debug,amq_protocol=debug");
        assert_eq!(without("trace,lapin=warn,lapin::channel=5"), "trace,lapin=warn,lapin::channel=debug");
    }
}
