//! The whole way of a line, through real sockets and real clients. One binary, for the sake of link time.

#[cfg(test)]
mod arguments;
#[cfg(test)]
mod client;
#[cfg(test)]
mod ends;
#[cfg(test)]
mod gate;
#[cfg(test)]
mod hygiene;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod shop;
#[cfg(test)]
mod stuck;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod wire;
