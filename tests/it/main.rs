//! The whole way of a line, through real sockets and real clients. One binary, for the sake of link time.

#[cfg(test)]
mod client;
#[cfg(test)]
mod listen;
#[cfg(test)]
mod log;
#[cfg(test)]
mod pty;
#[cfg(test)]
mod real_clients;
#[cfg(test)]
mod wire;
