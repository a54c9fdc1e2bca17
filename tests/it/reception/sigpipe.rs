//! A service with the default action for SIGPIPE, such as a command-line tool in a pipe, is not ended by a disconnect.

use std::process::Command;

use crate::client::{Client, script};
use crate::wait::until;
use crate::wire::builder;

/// In a separate process, because the action of a signal belongs to the whole process.
#[test]
fn a_disconnect_during_an_answer_does_not_end_the_service() {
    const CHILD: &str = "BACKDOOR_TEST_SIGPIPE";
    if std::env::var_os(CHILD).is_some() {
        // SAFETY: the default action is no handler, and nothing in this process relies on another one.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        let path = std::env::temp_dir().join(format!("backdoor-sigpipe-{}.sock", std::process::id()));
        let console = builder().listen("0").listen(format!("unix:{}", path.display())).start().unwrap();
        for address in console.addresses() {
            for _ in 0..20 {
                let mut client = Client::connect(address);
                client.send("wire flood 100000\n");
                client.take(64);
            }
            assert_eq!(script(address, "wire echo a\n"), "a\n");
            // Each write after the disconnect failed, which ended the command.
            until("its end", || script(address, "running\n"), |running| !running.contains("wire flood"));
        }
        return;
    }
    let ended = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "reception::sigpipe::a_disconnect_during_an_answer_does_not_end_the_service"])
        .env(CHILD, "")
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&ended.stdout);
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && stdout.contains("1 passed"), "{}: {stdout}{stderr}", ended.status);
}
