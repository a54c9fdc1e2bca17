//! A line as others may read it: in the log, in `running` and `who`, and in an error. The parameters of its command say which words are
//! secret. A wrong line has no parameters, so everything after the name is masked if the command takes secrets, or if the name is a
//! misspelling of such a command.

use std::ops::Range;
use std::sync::Arc;

use crate::base::suggest;
use crate::command::registry::{BUILTIN_PREFIX, Entry, Found, Registry, spelled};
use crate::command::secrecy::{Masked, Secrecy, TypedLine, TypedWord};
use crate::line::words::{Word, words};
use crate::line::{self, Asked};

/// The line with dots in place of secrets.
pub(super) fn masked(line: &Arc<str>, asked: &Asked<'_>, commands: &Registry) -> Masked {
    let secrets: Vec<Range<usize>> = match asked {
        Asked::Nothing => return Masked::public(line),
        // Most lines have no words after their name, or belong to an author's command without a secret.
        Asked::Command { arguments, .. } if arguments.slots.is_empty() => return Masked::public(line),
        Asked::Command { entry, arguments, .. } => {
            let secrecy = |parameter: usize| entry.command.parameters[parameter].secrecy;
            let is_public = arguments.slots.iter().all(|slot| secrecy(slot.parameter).is_public());
            if is_public && !entry.command.is_builtin() {
                return Masked::public(line);
            }
            let secrets = arguments.slots.iter().filter(|slot| secrecy(slot.parameter).is_secret());
            secrets.map(|slot| slot.range.clone()).collect()
        }
        Asked::Help(_) | Asked::Wrong { .. } => Vec::new(),
    };
    let is_bound = matches!(asked, Asked::Command { .. });
    // Most lines of the console's own commands end here, because no variable is secret.
    let from = if is_bound && !commands.judges().iter().any(|judge| (judge.any)()) {
        None
    } else {
        let is_unknown = matches!(asked, Asked::Wrong { entry: None, .. });
        Masking { commands, is_bound }.of_line(line, is_unknown)
    };
    Masked::new(line, secrets, from)
}

/// The same for a line that does not run yet.
pub(super) fn masked_text(line: &str, commands: &Registry, limit: usize) -> Arc<str> {
    let line: Arc<str> = line.into();
    masked(&line, &line::read(&line, commands, limit).asked, commands).text().clone()
}

struct Masking<'a> {
    commands: &'a Registry,
    /// A correct line, whose values are known by their parameters.
    is_bound: bool,
}

/// The command that a line names.
struct Meant<'a> {
    entry: Option<&'a Entry>,
    /// The number of words in its name.
    name: usize,
    /// No command has this name; this is the nearest.
    is_unknown: bool,
}

impl<'a> Masking<'a> {
    /// The byte of the line at which the secret begins.
    fn of_line(&self, line: &str, is_unknown: bool) -> Option<usize> {
        let mut all = Vec::new();
        for word in words(line) {
            match word {
                Ok(word) => all.push(word),
                // An open quote contains the rest of the line.
                Err(_) => {
                    let start = all.last().map_or(0, |word: &Word<'_>| word.range.end);
                    let start = start + (line.len() - start - line[start..].trim_start().len());
                    let text = line[start..].into();
                    all.push(Word { text, range: start..line.len(), quoted: true });
                    break;
                }
            }
        }
        let words: Vec<TypedWord<'_>> = all
            .iter()
            .map(|Word { text, range, quoted }| TypedWord { text, range: range.clone(), quoted: *quoted })
            .collect();
        self.of_words(&words, is_unknown)
    }

    fn of_words(&self, words: &[TypedWord<'_>], is_unknown: bool) -> Option<usize> {
        let Meant { entry, name, is_unknown } = self.meant(words, is_unknown);
        let behind = &words[name.min(words.len())..];
        let mut from: Vec<usize> = Vec::new();
        for parameter in entry.iter().flat_map(|entry| entry.command.parameters) {
            match parameter.secrecy {
                Secrecy::Line if !behind.is_empty() => {
                    return Self { is_bound: false, ..*self }.of_words(behind, true);
                }
                Secrecy::Secret if !self.is_bound && !behind.is_empty() => {
                    from.push(words[name - 1].range.end);
                }
                Secrecy::Judged(judge) => {
                    from.extend((judge.from)(&TypedLine { words, name: Some(name), is_unknown }));
                }
                Secrecy::Public | Secrecy::Secret | Secrecy::Line => {}
            }
        }
        let line = TypedLine { words, name: None, is_unknown };
        from.extend(self.commands.judges().iter().filter_map(|judge| (judge.from)(&line)));
        from.into_iter().min()
    }

    fn meant(&self, words: &[TypedWord<'_>], is_unknown: bool) -> Meant<'a> {
        let near =
            |at: usize| words.get(at).map(|word| word.text.trim_matches(|c: char| !c.is_alphanumeric()));
        let member = |group: &str, at: usize| {
            let nearest = suggest::nearest(near(at)?, self.commands.members(group)?.iter().copied())?;
            self.commands.get(&format!("{group} {nearest}"))
        };
        match self.commands.find(&spelled(words.iter().take(self.commands.longest()).map(|word| word.text))) {
            Found::Command { entry, words } => Meant { entry: Some(entry), name: words, is_unknown },
            Found::Group { name, words, .. } => {
                Meant { entry: member(name, words), name: words + 1, is_unknown: true }
            }
            Found::Unknown
                if words.first().is_some_and(|word| word.text.eq_ignore_ascii_case(BUILTIN_PREFIX)) =>
            {
                let nearest = near(1).and_then(|word| self.commands.nearest(word));
                let entry = nearest.and_then(|name| self.commands.get(&format!("{BUILTIN_PREFIX} {name}")));
                Meant { entry, name: 2, is_unknown: true }
            }
            Found::Unknown => {
                let first = near(0).and_then(|word| self.commands.nearest(word));
                let command = first.and_then(|first| self.commands.get(first));
                let of_group = first.and_then(|first| member(first, 1));
                match (of_group, command) {
                    (Some(entry), _) => Meant { entry: Some(entry), name: 2, is_unknown: true },
                    (None, entry) => Meant { entry, name: 1, is_unknown: true },
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{backdoor_command, backdoor_var, line};

    #[backdoor_var(settable, secret, crate = crate)]
    static MASKED_TOKEN: Mutex<String> = Mutex::new(String::new());

    #[backdoor_var(settable, crate = crate)]
    static MASKED_SIZE: Mutex<u32> = Mutex::new(1);

    /// A command whose words are its own
    #[backdoor_command(name = "masked words", crate = crate)]
    fn words_of(words: Vec<String>) {
        drop(words);
    }

    /// A command that takes secrets
    #[backdoor_command(name = "vault login", crate = crate)]
    fn login(
        user: String,
        #[arg(secret)] pin: Option<u32>,
        #[arg(long, short, secret)] key: Vec<String>,
        #[arg(long)] realm: Option<String>,
    ) {
        drop((user, pin, key, realm));
    }

    /// A command whose tail is a secret
    #[backdoor_command(name = "vault note", crate = crate)]
    fn note(topic: String, #[arg(rest, secret)] text: Option<String>) {
        drop((topic, text));
    }

    #[track_caller]
    fn check(typed: &str, expected: &str) {
        let registry = Registry::linked();
        let typed: Arc<str> = typed.into();
        let asked = line::read(&typed, &registry, 64).asked;
        assert_eq!(&**masked(&typed, &asked, &registry).text(), expected);
    }

    #[test]
    fn secret_is_masked_in_every_spelling_of_its_name() {
        for name in [
            "masked-token",
            "masked_token",
            "MASKED_TOKEN",
            "Masked-Token",
            r"masked\-token",
            r"m\asked_token",
            r#"masked""-token"#,
            "'masked-token'",
            r#""masked\x2dtoken""#,
        ] {
            for verb in
                ["set", "sys set", r"s\et", r#"s""et"#, "'set'", "SET", "Set", "sett", "SYS SET", "sys  sett"]
            {
                for line in [
                    format!("{verb} {name} hunter2"),
                    format!("{verb} {name}=hunter2"),
                    format!("{verb} masked-size=1 {name}=hunter2 --for 5m"),
                ] {
                    let registry = Registry::linked();
                    let typed: Arc<str> = line.as_str().into();
                    let asked = line::read(&typed, &registry, 64).asked;
                    let masked = masked(&typed, &asked, &registry);
                    let shown = masked.text();
                    assert!(!shown.contains("hunter2") && shown.ends_with(" ••••"), "{line}: {shown}");
                }
            }
        }
    }

    #[test]
    fn failing_lines_mask_all_words_after_the_name() {
        check("set masked-tokne hunter2", "set ••••");
        check("set hunter2 masked-token", "set ••••");
        check("set masked-size=1 hunter2", "set masked-size=1 ••••");
        check("set masked-size hunter2 masked-token", "set ••••");
        check("set masked-token \"hunter2", "set masked-token ••••");
        check("set masked-token=\"hunter2", "set masked-token ••••");
        check("set \"masked-token hunter2", "set \"masked-token ••••");
        check("set “masked-token” hunter2", "set “masked-token ••••");
        check("set --because why masked-token hunter2", "set --because why masked-token ••••");
        check("set --because masked-token=hunter2 masked-size 1", "set --because masked-token ••••");
        check("get masked-token hunter2", "get masked-token ••••");
        check("get masked-tokne hunter2", "get masked-tokne ••••");
        check("reset masked-size masked-token hunter2", "reset masked-size masked-token ••••");
        check("help set masked-token hunter2", "help set masked-token ••••");
        check("help set masked-tokne hunter2", "help set ••••");
        check("complete set masked-token hun", "complete set masked-token ••••");
        check("set masked-token hunter2 ?", "set masked-token ••••");
        check("masked-token hunter2", "masked-token ••••");
        check("masked-token=hunter2", "masked-token ••••");
        check("please make masked_token hunter2", "please make masked_token ••••");
        check("vars masked-token hunter2", "vars masked-token ••••");
        check(&format!("set masked-token hunter2{}", " x".repeat(70)), "set masked-token ••••");
    }

    #[test]
    fn other_lines_are_unchanged() {
        for line in [
            "",
            "get masked-size",
            "get masked-token",
            "reset masked-token",
            "set masked-size 1",
            "sys set masked_size=1 --because 'a b'",
            "help set",
            "masked words masked-token 5",
            "no such thing",
        ] {
            check(line, line);
        }
    }

    #[test]
    fn values_of_secret_parameters_become_dots() {
        check("vault login bob", "vault login bob");
        check("vault login bob 1234", "vault login bob ••••");
        check("vault login bob '1234' --realm x", "vault login bob •••• --realm x");
        check("vault login --key=hunter2 bob -k hunter2 1234", "vault login --key=•••• bob -k •••• ••••");
        check("vault login -khunter2 bob --json", "vault login -k•••• bob --json");
        check("vault login bob --key \"a b\" --yes", "vault login bob --key •••• --yes");
        check("vault login bob not-a-number", "vault login bob ••••");
        check("vault note home it's 'here", "vault note home ••••");
    }

    #[test]
    fn wrong_lines_mask_everything_after_the_name() {
        for line in [
            "vault login bob 1234 5678",
            "vault login bob --kye hunter2",
            "vault login --key=hunter2",
            "vault login bob 'hunter2",
            "vault login bob hunter2 --help",
            "vault login bob hunter2 ?",
        ] {
            check(line, "vault login ••••");
        }
        check("vault lgoin bob hunter2", "vault lgoin ••••");
        check("vualt login bob hunter2", "vualt login ••••");
        check("VAULT LOGIN bob hunter2", "VAULT LOGIN ••••");
        check("help vault login hunter2", "help vault login ••••");
        check("complete vault login bob hun", "complete vault login ••••");
        check("vault login --help", "vault login ••••");
        check("vault login", "vault login");
    }
}
