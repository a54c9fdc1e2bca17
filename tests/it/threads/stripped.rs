//! A service without symbols: what can be shown, and what cannot.

use std::env;
use std::io::Write;
use std::process::Command;
use std::sync::Arc;
use std::thread;

use backdoor_runtime::{Address, Backdoor};
use parking_lot::Mutex;

use crate::client::script;
use crate::example::Example;
use crate::wait::until;

/// Set in the service's process.
const SERVICE: &str = "BACKDOOR_TEST_STRIPPED";

const START: &str = "the console is at ";

/// `views/stripped-waits.rs`: three threads wait for a lock of `parking_lot`, and a task computes.
fn service() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let console = Backdoor::builder("stripped")
        .listen("127.0.0.1:0")
        .runtime(runtime.handle().clone())
        .start()
        .unwrap();
    let lock = Arc::new(Mutex::new(0));
    let _held = lock.lock();
    for _ in 0..3 {
        let lock = lock.clone();
        thread::Builder::new().name("waiter".to_owned()).spawn(move || *lock.lock() += 1).unwrap();
    }
    thread::spawn(|| {
        let mut number = 0_u64;
        loop {
            number = std::hint::black_box(number.wrapping_mul(31) + 1);
        }
    });
    let _inside = runtime.enter();
    let _task = backdoor_runtime::spawn_named("sleeper", std::future::pending::<()>());
    println!("\n{START}{}", console.addresses()[0]);
    std::io::stdout().flush().unwrap();
    loop {
        thread::park();
    }
}

#[test]
fn a_stripped_service_names_what_is_missing() {
    if env::var_os(SERVICE).is_some() {
        service();
    }
    let stripped = env::temp_dir().join(format!("backdoor-nameless-{}", std::process::id()));
    let strip = Command::new("strip").arg("-o").arg(&stripped).arg(env::current_exe().unwrap()).status();
    assert!(strip.unwrap().success());
    let mut command = Command::new(&stripped);
    command.args(["--exact", "threads::stripped::a_stripped_service_names_what_is_missing", "--nocapture"]);
    command.env(SERVICE, "1").env_remove("BACKDOOR_LISTEN");
    let mut example = Example::start_command(command);
    let address = loop {
        let line = example.line();
        assert!(example.process.try_wait().unwrap().is_none(), "it has ended");
        if let Some(address) = line.strip_prefix(START) {
            break Address::Tcp(address.parse().unwrap());
        }
    };
    std::fs::remove_file(&stripped).unwrap();
    let why = "3 threads wait at a futex, for a lock or idle: the stacks do not show which";
    until(why, || script(&address, "waits\n").replace('\n', " "), |waits| waits.contains(why));
    // The busy thread is in three functions in this build, and has three rows for any of its samples.
    let profile = script(&address, "profile cpu --for 500ms --json\n");
    let profile: serde_json::Value = serde_json::from_str(profile.lines().last().unwrap()).unwrap();
    let functions = profile["functions"].as_array().unwrap();
    let mut shares: Vec<f64> = functions.iter().map(|row| row["self_percent"].as_f64().unwrap()).collect();
    shares.sort_by(|one, other| other.total_cmp(one));
    assert!(shares.iter().take(3).sum::<f64>() > 50.0, "{functions:?}");
}
