//! The places that created the objects of one shard, and the live objects of each.

use std::panic::Location;

/// How many places each shard tells apart; all further places are counted together.
pub(super) const MOST: usize = 64;

/// The number that stands for all further places.
const OTHERS: u16 = u16::MAX;

#[derive(Clone, Copy, Default)]
pub(super) struct Site {
    /// `None` for all further places together.
    pub(super) location: Option<&'static Location<'static>>,
    pub(super) live: u64,
    pub(super) made: u64,
}

pub(super) struct Sites {
    sites: Vec<Site>,
    others: Site,
    /// The place of the last creation: the next one is usually the same.
    last: u16,
}

impl Sites {
    pub(super) const fn new() -> Self {
        Self { sites: Vec::new(), others: Site { location: None, live: 0, made: 0 }, last: 0 }
    }

    /// Counts an object, and returns the number of its place.
    #[inline]
    pub(super) fn made(&mut self, location: &'static Location<'static>) -> u16 {
        let is_it = |site: &Site| site.location.is_some_and(|known| std::ptr::eq(known, location));
        let number = match self.sites.get(usize::from(self.last)) {
            Some(site) if is_it(site) => self.last,
            _ => match self.sites.iter().position(is_it) {
                Some(at) => at as u16,
                None => self.add(location),
            },
        };
        let site = self.at(number);
        site.live += 1;
        site.made += 1;
        self.last = number;
        number
    }

    #[inline]
    pub(super) fn dropped(&mut self, number: u16) {
        let site = self.at(number);
        site.live = site.live.saturating_sub(1);
    }

    /// The place of this number; `None` if it is one of the further places.
    pub(super) fn location(&self, number: u16) -> Option<&'static Location<'static>> {
        self.sites.get(usize::from(number))?.location
    }

    /// All places; the sum of the further ones comes last.
    pub(super) fn all(&self) -> impl Iterator<Item = &Site> {
        self.sites.iter().chain([&self.others]).filter(|site| site.made > 0)
    }

    #[cold]
    fn add(&mut self, location: &'static Location<'static>) -> u16 {
        if self.sites.len() == MOST {
            return OTHERS;
        }
        self.sites.push(Site { location: Some(location), live: 0, made: 0 });
        (self.sites.len() - 1) as u16
    }

    fn at(&mut self, number: u16) -> &mut Site {
        self.sites.get_mut(usize::from(number)).unwrap_or(&mut self.others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_places_are_counted_together() {
        let locations: Vec<&'static Location<'static>> =
            (0..100).map(|_| &*Box::leak(Box::new(*Location::caller()))).collect();
        let mut sites = Sites::new();
        let numbers: Vec<u16> = locations.iter().map(|location| sites.made(location)).collect();
        assert_eq!(sites.all().count(), MOST + 1);
        assert_eq!(sites.all().map(|site| site.live).sum::<u64>(), 100);
        assert_eq!(sites.all().last().map(|site| (site.location.is_none(), site.live)), Some((true, 36)));
        assert!(sites.location(numbers[0]).is_some() && sites.location(numbers[99]).is_none());
        numbers.into_iter().for_each(|number| sites.dropped(number));
        assert_eq!(sites.all().map(|site| site.live).sum::<u64>(), 0);
    }
}
