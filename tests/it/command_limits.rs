//! Limits of commands, each tested twice: with the limit there is no harm, and without it there is.

use std::time::{Duration, Instant};

use backdoor_runtime::{Builder, backdoor_command};

use crate::gate::{OpensOnDrop, gate};
use crate::operator::{Operator, console};
use crate::twice::harms_only_without;
use crate::wait::Waited;

/// Never ends by itself
#[backdoor_command(name = "command-limits endless")]
async fn endless() {
    std::future::pending::<()>().await;
}

/// Takes a thread until the test lets it go
#[backdoor_command(name = "command-limits takes")]
fn takes(gate_name: String) {
    gate(&gate_name).block();
}

fn as_it_is(builder: Builder) -> Builder {
    builder
}

/// Whether this text arrives, which a healthy run sends soon.
fn is_told(operator: &mut Operator, wanted: &str, within: Duration) -> bool {
    let until = Instant::now() + within;
    let mut seen = Vec::new();
    while Instant::now() < until {
        seen.extend(operator.0.read_for(Duration::from_millis(20)));
        if String::from_utf8_lossy(&seen).contains(wanted) {
            return true;
        }
    }
    false
}

#[test]
fn an_endless_command_is_cancelled() {
    harms_only_without(
        |builder| builder.command_timeout(Duration::from_millis(100)),
        |builder| builder.command_timeout(Duration::MAX),
        console,
        |backdoor, limit| {
            let mut operator = Operator::new(backdoor);
            operator.types("command-limits endless");
            let said = "`command-limits endless` did not end within 100ms and was cancelled\r\n";
            !is_told(&mut operator, said, limit.patience())
        },
    );
}

/// The default is four; without the limit, many commands take as many threads as they need.
#[test]
fn four_synchronous_commands_run_at_once() {
    harms_only_without(
        as_it_is,
        |builder| builder.command_threads(usize::MAX),
        console,
        |backdoor, _| {
            let name = format!("command-limits {}", backdoor.addresses()[0]);
            let _opened = OpensOnDrop(gate(&name));
            let mut operators: Vec<Operator> = (0..5).map(|_| Operator::new(backdoor)).collect();
            let (fifth, others) = operators.split_last_mut().unwrap();
            for (at, other) in others.iter_mut().enumerate() {
                other.types(&format!("command-limits takes '{name}'"));
                gate(&name).wait_for_visitors(at + 1);
            }
            fifth.types(&format!("command-limits takes '{name}'"));
            let waited = Waited::begin("that it runs or waits");
            loop {
                if is_told(fifth, "waits for a thread; all are occupied by", Duration::from_millis(100)) {
                    return false;
                }
                if gate(&name).visitors() == 5 {
                    return true;
                }
                waited.goes_on(&gate(&name).visitors());
            }
        },
    );
}
