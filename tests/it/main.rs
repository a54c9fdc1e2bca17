//! The whole way of a line, through real sockets and real clients. One binary, for the sake of link time.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod arguments;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod author;
#[cfg(test)]
mod builtins;
#[cfg(test)]
mod client;
#[cfg(test)]
mod command_limits;
#[cfg(test)]
mod counters;
#[cfg(test)]
mod courtesy;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod embed;
#[cfg(test)]
mod ends;
#[cfg(test)]
mod example;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod fits;
mod fuzz;
#[cfg(test)]
mod gate;
#[cfg(test)]
mod holds;
#[cfg(test)]
mod host;
#[cfg(test)]
mod listen;
#[cfg(test)]
mod lives;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod log;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod priority;
#[cfg(test)]
mod profile;
#[cfg(test)]
mod pty;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod real_clients;
#[cfg(test)]
mod reception;
#[cfg(test)]
mod replies;
#[cfg(test)]
mod resources;
#[cfg(test)]
mod runs;
#[cfg(test)]
#[allow(unsafe_code, reason = "no safe function sets a filter between fork and exec")]
mod seccomp;
#[cfg(test)]
mod shop;
#[cfg(test)]
mod shop_readme;
#[cfg(test)]
mod soak;
#[cfg(test)]
mod stuck;
#[cfg(test)]
mod tasks;
#[cfg(test)]
mod threads;
#[cfg(test)]
mod transcript;
#[cfg(test)]
mod trends;
#[cfg(test)]
mod twice;
#[cfg(test)]
mod vars;
#[cfg(test)]
mod wait;
#[cfg(test)]
mod walk;
#[cfg(test)]
mod wire;
