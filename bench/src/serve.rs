//! What the child processes run: the console, and the bare servers it is compared with.

use std::hint::black_box;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{env, process, thread};

use anyhow::{Context, bail, ensure};
use backdoor_runtime::{Address, Backdoor};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::runtime::{self, Handle, Runtime};
use tokio::sync::oneshot;

use crate::commands::{self, BIG};
use crate::heap;

/// Serves until the standard input ends. It says its addresses in one line, then answers questions line by line.
///
/// # Errors
/// The kind is unknown, or nothing can be listened on.
pub fn serve(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let kind = arguments.next().context("what to serve is missing")?;
    let service = service()?;
    let _entered = service.enter();
    let _backdoor;
    match kind.as_str() {
        "console" => _backdoor = console(true)?,
        "console-without-trends" => _backdoor = console(false)?,
        "echo" => bare(Work::None, 0)?,
        "echo-behind" => bare(Work::None, 13)?,
        "spawn" => bare(Work::Spawn(service.handle().clone()), 0)?,
        "thread" => bare(Work::Thread(worker()), 0)?,
        "big" => bare(Work::Big, 0)?,
        "100-threads" => crowd(100)?,
        "500-threads" => crowd(500)?,
        "idle" => announce("127.0.0.1:0".parse()?, PathBuf::new())?,
        _ => bail!("there is no server `{kind}`"),
    }
    for question in io::stdin().lock().lines() {
        answer(&question?)?;
    }
    Ok(())
}

/// A service's own runtime, as small as one that has several workers can be.
fn service() -> io::Result<Runtime> {
    runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

fn builder() -> backdoor_runtime::Builder {
    let hour = Duration::from_secs(3600);
    Backdoor::builder("bench")
        .max_sessions(5_000)
        .script_idle(hour)
        .listen("0")
        .listen(format!("unix:{}", socket().display()).as_str())
}

fn console(builtin_trends: bool) -> anyhow::Result<Backdoor> {
    let backdoor = builder().builtin_trends(builtin_trends).start()?;
    let (mut tcp, mut unix) = (None, None);
    for address in backdoor.addresses() {
        match address {
            Address::Tcp(address) => tcp = Some(*address),
            Address::Unix(path) => unix = Some(path.clone()),
        }
    }
    announce(tcp.context("no TCP address")?, unix.context("no unix address")?)?;
    Ok(backdoor)
}

fn socket() -> PathBuf {
    env::temp_dir().join(format!("backdoor-bench-{}.sock", process::id()))
}

fn announce(tcp: std::net::SocketAddr, unix: PathBuf) -> anyhow::Result<()> {
    println!("{tcp} {}", unix.display());
    Ok(io::stdout().flush()?)
}

fn answer(question: &str) -> anyhow::Result<()> {
    match question {
        "heap" => {
            let count = heap::count();
            println!("{} {} {}", count.live, count.peak, count.allocations);
            heap::reset_peak();
        }
        // The table is built, and every command in it checked.
        "check" => {
            let builder = builder();
            let begin = Instant::now();
            builder.check()?;
            println!("{}", begin.elapsed().as_nanos());
        }
        // A line of three arguments, read and called: nanoseconds and allocations, one each of many.
        "call" => {
            const CALLS: u32 = 100_000;
            let (call, line) = (Backdoor::testing().bare_call(), "three net::tcp 7 --by 8".into());
            for _ in 0..CALLS / 10 {
                ensure!(call(&line), "it did not go well");
            }
            let (begin, before) = (Instant::now(), heap::count().allocations);
            for _ in 0..CALLS {
                black_box(call(&line));
            }
            let allocations = (heap::count().allocations - before) as f64 / f64::from(CALLS);
            println!("{} {allocations}", begin.elapsed().as_nanos() as f64 / f64::from(CALLS));
        }
        // How long it took, functions included.
        "stacks" => {
            let begin = Instant::now();
            black_box(backdoor_runtime::threads::stacks()?);
            println!("{}", begin.elapsed().as_nanos());
        }
        // How long each of two threads was held up that compute meanwhile; those that sleep are not.
        "held" => {
            let goes_on = AtomicBool::new(true);
            let stacks = thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        while goes_on.load(Ordering::Relaxed) {
                            black_box(0);
                        }
                    });
                }
                let stacks = backdoor_runtime::threads::stacks();
                goes_on.store(false, Ordering::Relaxed);
                stacks
            })?;
            let held = stacks.threads.iter().filter_map(|thread| thread.held);
            println!("{}", held.map(|held| held.as_nanos().to_string()).collect::<Vec<_>>().join(" "));
        }
        _ => bail!("there is no answer to `{question}`"),
    }
    Ok(io::stdout().flush()?)
}

/// Threads that wait until the process ends.
fn crowd(threads: usize) -> anyhow::Result<()> {
    for _ in 0..threads {
        thread::Builder::new().spawn(thread::park)?;
    }
    announce("127.0.0.1:0".parse()?, PathBuf::new())
}

/// What a bare server does with each line before it sends it back.
#[derive(Clone)]
enum Work {
    None,
    /// A task on another runtime, awaited.
    Spawn(Handle),
    /// A hop to a thread and back.
    Thread(mpsc::Sender<Errand>),
    /// Sends ten megabytes instead.
    Big,
}

type Errand = (Vec<u8>, oneshot::Sender<Vec<u8>>);

fn worker() -> mpsc::Sender<Errand> {
    let (errands, queue) = mpsc::channel::<Errand>();
    thread::spawn(move || {
        for (line, back) in queue {
            // The receiver may be gone with its connection.
            let _ = back.send(line);
        }
    });
    errands
}

/// A bare server has what the console has: a thread and a current-thread runtime of its own. It goes behind others by so many steps of
/// `nice`.
fn bare(work: Work, nice: i32) -> anyhow::Result<()> {
    let own = runtime::Builder::new_current_thread().enable_all().build()?;
    let (tcp, unix) = own.block_on(async {
        let tcp = TcpListener::bind("127.0.0.1:0").await?;
        io::Result::Ok((tcp, UnixListener::bind(socket())?))
    })?;
    announce(tcp.local_addr()?, socket())?;
    thread::Builder::new().name("bare".to_owned()).spawn(move || {
        let _ = rustix::process::nice(nice);
        own.block_on(async {
            loop {
                tokio::select! {
                    Ok((stream, _)) = tcp.accept() => {
                        let _ = stream.set_nodelay(true);
                        tokio::spawn(echo(stream, work.clone()));
                    }
                    Ok((stream, _)) = unix.accept() => {
                        tokio::spawn(echo(stream, work.clone()));
                    }
                }
            }
        });
    })?;
    Ok(())
}

async fn echo(mut stream: impl AsyncRead + AsyncWrite + Unpin, work: Work) -> Option<()> {
    let mut buffer = [0; 8 * 1024];
    let big = matches!(work, Work::Big).then(|| commands::text(BIG));
    loop {
        let count = stream.read(&mut buffer).await.ok()?;
        if count == 0 {
            return None;
        }
        let line = &buffer[..count];
        match &work {
            Work::None => stream.write_all(line).await.ok()?,
            Work::Spawn(service) => {
                let line = line.to_vec();
                let line = service.spawn(async move { line }).await.ok()?;
                stream.write_all(&line).await.ok()?;
            }
            Work::Thread(worker) => {
                let (sender, receiver) = oneshot::channel();
                worker.send((line.to_vec(), sender)).ok()?;
                stream.write_all(&receiver.await.ok()?).await.ok()?;
            }
            Work::Big if line == b"uptime\n" => stream.write_all(line).await.ok()?,
            Work::Big => stream.write_all(big.as_ref()?.as_bytes()).await.ok()?,
        }
    }
}
