//! Where a console listens, which may become more: an address that another process held is bound when that has ended.

use std::iter;
use std::sync::OnceLock;

use crate::service::Address;

/// The addresses, which can be read as one slice at any time.
#[derive(Default)]
pub(crate) struct Addresses {
    /// One for each time that there were more. Reading needs no lock, and nothing is moved while somebody reads it.
    stages: Box<[OnceLock<Vec<Address>>]>,
}

impl Addresses {
    /// Those of the start, to which so many may be added.
    pub(crate) fn new(first: Vec<Address>, more: usize) -> Self {
        let empty = iter::repeat_with(OnceLock::new).take(more);
        Self { stages: iter::once(OnceLock::from(first)).chain(empty).collect() }
    }

    pub(crate) fn all(&self) -> &[Address] {
        self.stages.iter().map_while(OnceLock::get).last().map_or(&[], Vec::as_slice)
    }

    /// Adds one that is not among them.
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
