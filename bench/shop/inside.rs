//! What a console would cost if it lived in the service's runtime: a task for each session there, which runs each line where it is.
//! The harness that measures the console must see the harm of this one.

use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::http::Shop;

pub(crate) async fn start(shop: Shop) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(session(stream, shop.clone()));
        }
    });
    Ok(address)
}

/// One line of answer for each line, sent when no further line is there yet.
async fn session(stream: TcpStream, shop: Shop) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let (mut line, mut answers) = (String::new(), Vec::new());
    while reader.read_line(&mut line).await? > 0 {
        if line.starts_with("drill block") {
            thread::sleep(Duration::from_secs(1));
        }
        answers.extend(serde_json::to_vec(&shop.orders.stages())?);
        answers.push(b'\n');
        line.clear();
        if reader.buffer().is_empty() {
            writer.write_all(&answers).await?;
            answers.clear();
        }
    }
    Ok(())
}
