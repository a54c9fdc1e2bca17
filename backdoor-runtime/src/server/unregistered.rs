//! The crates that the program names with `commands_of!`, and the crates that have commands.

use crate::base::sort;
use crate::command::registry::{Registered, Registry};
use crate::views::vars;

/// The item that `commands_of!` adds to the program.
pub struct Expected {
    /// The crate, as it calls itself.
    pub krate: &'static str,
    /// The file of the macro.
    pub file: &'static str,
    /// The line.
    pub line: u32,
}

inventory::collect!(Expected);

/// The named crates without any linked command or variable.
pub(crate) fn missing() -> impl Iterator<Item = &'static Expected> {
    inventory::iter::<Expected>.into_iter().filter(|expected| {
        let krate = expected.krate.replace('-', "_");
        let mut linked = inventory::iter::<Registered>.into_iter();
        !linked.any(|registered| registered.0.declared.krate() == krate)
            && !vars::declared::has_declared_in(&krate)
    })
}

/// The crates with commands in the table, by name, with the number of their commands, without the console's own crate.
pub(crate) fn crates(registry: &Registry) -> Vec<(&'static str, usize)> {
    let mut crates: Vec<(&'static str, usize)> = Vec::new();
    for entry in registry.entries().filter(|entry| !entry.command.is_builtin()) {
        let name = entry.command.declared.krate();
        match crates.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => crates.push((name, 1)),
        }
    }
    sort::sort(&mut crates);
    crates
}
