//! The kernel's buffers of a session that was fast and then stops reading are bounded, like the console's own.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use backdoor_runtime::{Address, PrintError, Session, backdoor_command};
use socket2::{Domain, SockAddr, Socket, Type};

use crate::client::script;
use crate::wait::{PATIENCE, until_rest};
use crate::wire::builder;

const LINE: usize = 8192;

static PRINTED: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];

/// Prints for ever
#[backdoor_command(name = "reception pours", reads, timeout = "none")]
fn pours(session: Session, counter: usize) -> Result<(), PrintError> {
    let line = format!("{}\n", "x".repeat(LINE - 1));
    loop {
        session.blocking_print(&line)?;
        PRINTED[counter].fetch_add(LINE, Ordering::Relaxed);
    }
}

/// How many bytes were in transit to a client that had read much and then stopped.
fn on_its_way(counter: usize, domain: Domain, address: &SockAddr, console: &Address) -> usize {
    // Enough for the kernel to learn that this client is fast.
    const READ: usize = 64 << 20;
    let mut client = Socket::new(domain, Type::STREAM, None).unwrap();
    client.set_recv_buffer_size(32 * 1024).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.connect(address).unwrap();
    client.write_all(format!("reception pours {counter}\n").as_bytes()).unwrap();
    let mut buffer = vec![0; 256 * 1024];
    let mut read = 0;
    while read < READ {
        read += client.read(&mut buffer).unwrap();
    }
    // If the command still prints then, fewer bytes are counted than there will be.
    let printed = || PRINTED[counter].load(Ordering::Relaxed);
    let other = || assert_eq!(script(console, "wire echo a\n"), "a\n");
    until_rest("the printing", printed, other) - read
}

#[test]
fn kernel_buffers_of_a_stopped_reader_are_bounded() {
    // The console's 256 KiB, as much in the kernel, and what the client itself takes.
    const MOST: usize = 1 << 20;
    let path = std::env::temp_dir().join(format!("backdoor-buffers-{}.sock", std::process::id()));
    let console = builder().listen("0").listen(format!("unix:{}", path.display())).start().unwrap();
    let Address::Tcp(tcp) = console.addresses()[0] else { panic!("{console:?}") };
    let tcp = on_its_way(0, Domain::IPV4, &SockAddr::from(tcp), &console.addresses()[0]);
    assert!(tcp <= MOST, "{tcp} bytes");
    let unix = on_its_way(1, Domain::UNIX, &SockAddr::unix(&path).unwrap(), &console.addresses()[0]);
    assert!(unix <= MOST, "{unix} bytes");
}
