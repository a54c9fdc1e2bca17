//! A program with more rights than the user who starts it takes no addresses from its environment.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::Command;

use crate::left_out::left_out;
use crate::listen::Directory;
use crate::listen::environment::Service;
use crate::pty::is_there;

/// A user other than root and than the user of the tests.
const STRANGER: u32 = 65_533;

/// Whether the kernel reports that this process has more rights.
pub(super) fn has_more() -> bool {
    // SAFETY: the call reads a value from the kernel.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// The service, started by another user from a copy that runs as its owner.
fn start(directory: &Directory, listen: Option<&str>) -> Option<Service> {
    let copy = directory.0.join("service");
    let stranger = STRANGER.to_string();
    let setpriv = ["setpriv", "--reuid", &stranger, "--clear-groups"];
    if !copy.exists() {
        fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
        let may = is_there("setpriv")
            && chown(&copy, Some(0), Some(0)).is_ok()
            && Command::new(setpriv[0])
                .args(&setpriv[1..])
                .arg("true")
                .status()
                .is_ok_and(|status| status.success());
        if !may {
            left_out("rights of other users: this user may start no program as another one");
            return None;
        }
        fs::set_permissions(&copy, Permissions::from_mode(0o4755)).unwrap();
    }
    let program = [&setpriv[..], &[copy.to_str().unwrap()]].concat();
    let service = Service::start_program(&program, "start", listen);
    if service.all("rights") != ["true"] {
        left_out(&format!("a mode of a directory: the kernel takes no notice of it: {:?}", service.said));
        return None;
    }
    Some(service)
}

#[test]
fn under_at_secure_the_environment_only_switches_off() {
    let directory = Directory::new("secure");
    let wanted = directory.0.join("wanted.sock");
    let Some(service) = start(&directory, Some(&format!("unix:{}", wanted.display()))) else { return };
    let address = service.all("address");
    assert!(matches!(address[..], [address] if address.starts_with("127.0.0.1:")), "{:?}", service.said);
    assert!(!wanted.exists());
    let log = service.all("log");
    assert!(
        log.iter().any(|line| line.starts_with("WARN") && line.contains("BACKDOOR_LISTEN is ignored")),
        "{log:?}"
    );
    drop(service);

    // An invalid value does not stop the start either.
    let Some(service) = start(&directory, Some("nonsense")) else { return };
    assert_eq!(service.all("error"), [""; 0]);
    assert_eq!(service.all("address").len(), 1);
    drop(service);

    let Some(service) = start(&directory, Some("off")) else { return };
    assert_eq!(service.all("address"), [""; 0]);
    assert!(service.all("log")[0].ends_with("is off: BACKDOOR_LISTEN switches it off"));
    drop(service);

    let Some(service) = start(&directory, None) else { return };
    assert!(!service.all("log").iter().any(|line| line.contains("BACKDOOR_LISTEN")));
}
