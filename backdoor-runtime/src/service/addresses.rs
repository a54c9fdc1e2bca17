//! The addresses of a console. There may be more later: an address that another process held is bound when that process ends.

use std::iter;
use std::sync::OnceLock;

use crate::service::Address;

/// The addresses, which can be read as one slice at any time.
#[derive(Default)]
pub(crate) struct Addresses {
    /// One list for each number of addresses. Reading needs no lock, and a list is never moved while it is read.
    stages: Box<[OnceLock<Vec<Address>>]>,
}

impl Addresses {
    /// The addresses at the start; at most `more` can be added.
    pub(crate) fn new(first: Vec<Address>, more: usize) -> Self {
        let empty = iter::repeat_with(OnceLock::new).take(more);
        Self { stages: iter::once(OnceLock::from(first)).chain(empty).collect() }
    }

    pub(crate) fn all(&self) -> &[Address] {
        self.stages.iter().map_while(OnceLock::get).last().map_or(&[], Vec::as_slice)
    }

    /// Adds an address that is not in the list yet.
    pub(crate) fn add(&self, address: Address) {
        let all = self.all();
        if all.contains(&address) {
            return;
        }
        let mut more = [all, &[address]].concat();
        for stage in &self.stages {
            match stage.set(more) {
                Ok(()) => return,
                Err(back) => more = back,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_added() {
        let address = |port: u16| Address::Tcp(([127, 0, 0, 1], port).into());
        assert_eq!(Addresses::default().all(), []);
        let addresses = Addresses::new(vec![address(1)], 2);
        let before = addresses.all();
        addresses.add(address(2));
        addresses.add(address(1));
        addresses.add(address(3));
        assert_eq!((before, addresses.all()), (&[address(1)][..], &[address(1), address(2), address(3)][..]));
    }
}
