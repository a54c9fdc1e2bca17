//! The whole way of a line, through real sockets and real clients. One binary, for the sake of link time.

#[cfg(test)]
mod client;
#[cfg(test)]
mod hygiene;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod wire;
