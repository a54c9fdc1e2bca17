//! The constant table that one `#[backdoor_command]` puts into the program: the data of a command for help, usage, completion, parsing and
//! checks, and the function that runs it.

use std::time::Duration;

use crate::command::arguments::Callee;
use crate::command::effect::Effect;
use crate::command::parameter::Parameter;
use crate::command::reply_kind::runner;

/// One command, as declared.
pub struct Command {
    /// Words in kebab-case, separated by single spaces: `log level`.
    pub name: &'static str,
    /// Other names, of the same form.
    pub aliases: &'static [&'static str],
    /// The doc comment. Its first paragraph is the line in `help`.
    pub help: &'static str,
    /// Whether the lists of `help` omit it.
    pub hidden: bool,
    /// Its declared effect.
    pub effect: Effect,
    /// Where it runs.
    pub place: Place,
    /// How long it may run.
    pub timeout: Timeout,
    /// In the order of the function's signature, with the supplied ones.
    pub parameters: &'static [Parameter],
    /// Whether it is the author's or built in.
    pub origin: Origin,
    /// Its place in the source.
    pub declared: Declared,
    /// Extracts the arguments and calls the function.
    pub run: Run,
}

/// Where a command runs; see "Where things run" in ARCHITECTURE.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// An `async fn` on the service's runtime, an `fn` on a command thread.
    Service,
    /// On the console's own thread: it must neither block nor lock.
    Console,
    /// On the helper thread, which is for views that compute.
    Helper,
}

/// How long a command may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeout {
    /// The console's limit (30 s by default).
    Default,
    /// This limit.
    After(Duration),
    /// Until it is done or cancelled.
    Never,
}

impl Timeout {
    /// A limit in milliseconds.
    pub const fn after_millis(limit: u64) -> Self {
        Self::After(Duration::from_millis(limit))
    }
}

/// Whether a command is the author's or built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The author of the service, or of a library in it.
    Author,
    /// The console. A built-in command may have a reserved name. If an author's command has the same name, the built-in one is typed as
    /// `sys NAME`.
    Builtin {
        /// The topic of `help` that lists it: `threads`.
        topic: &'static str,
    },
}

/// The place of a command in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The path as the compiler got it, usually relative to the workspace.
    pub file: &'static str,
    /// The line of the attribute, from 1.
    pub line: u32,
    /// The module path, whose first segment is the crate.
    pub module: &'static str,
}

/// The function of a command, with the same signature for all commands.
#[derive(Clone, Copy)]
pub enum Run {
    /// An `fn`: runs to its end.
    Sync(&'static dyn runner::Run),
    /// An `async fn`: extracts its arguments and returns the future to poll.
    Async(&'static dyn runner::RunAsync),
}

impl Declared {
    /// The crate, as `use` names it.
    pub(crate) fn krate(&self) -> &'static str {
        self.module.split("::").next().unwrap_or_default()
    }
}

impl Command {
    /// The facts about it that a call needs.
    pub(crate) fn callee(&self) -> Callee {
        Callee { name: self.name, effect: self.effect, parameters: self.parameters }
    }

    /// Whether it is a command of the console.
    pub(crate) fn is_builtin(&self) -> bool {
        matches!(self.origin, Origin::Builtin { .. })
    }

    /// The topic of `help` that lists it, if it is a command of the console.
    pub(crate) fn topic(&self) -> Option<&'static str> {
        match self.origin {
            Origin::Author => None,
            Origin::Builtin { topic } => Some(topic),
        }
    }

    /// Its name and its aliases.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// The first paragraph of the help, on one line.
    pub fn summary(&self) -> String {
        let mut line = String::new();
        for part in self.help.lines().map(str::trim).skip_while(|line| line.is_empty()) {
            if part.is_empty() {
                break;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(part);
        }
        line
    }

    /// The text after the first paragraph, without surrounding blank lines.
    pub(crate) fn details(&self) -> &'static str {
        let mut begun = false;
        let mut at = 0;
        for line in self.help.split_inclusive('\n') {
            let blank = line.trim().is_empty();
            if begun && blank {
                return without_blank_lines(&self.help[at..]);
            }
            begun |= !blank;
            at += line.len();
        }
        ""
    }
}

/// The text from its first line with content to its end. The indentation of that line stays.
fn without_blank_lines(text: &str) -> &str {
    let text = text.trim_end();
    let start = text.len() - text.trim_start().len();
    match text[..start].rfind('\n') {
        Some(line) => &text[line + 1..],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::failure::Failure;
    use crate::call::reply::Reply;
    use crate::command::arguments::Call;

    struct NotRun;

    impl runner::Run for NotRun {
        fn run(&self, _call: &mut Call<'_>) -> Result<Reply, Failure> {
            unreachable!("it is not run")
        }
    }

    fn command(help: &'static str, origin: Origin, module: &'static str) -> Command {
        Command {
            name: "test",
            aliases: &[],
            help,
            hidden: false,
            effect: Effect::Reads,
            place: Place::Service,
            timeout: Timeout::Default,
            parameters: &[],
            origin,
            declared: Declared { file: "", line: 1, module },
            run: Run::Sync(&NotRun),
        }
    }

    #[test]
    fn topic_does_not_depend_on_the_module() {
        for module in ["backdoor_runtime::builtins::threads", "backdoor_runtime::views", "another_crate"] {
            let author = command("", Origin::Author, module);
            assert_eq!((author.is_builtin(), author.topic()), (false, None), "{module}");
            let builtin = command("", Origin::Builtin { topic: "tasks" }, module);
            assert_eq!((builtin.is_builtin(), builtin.topic()), (true, Some("tasks")), "{module}");
        }
    }

    #[test]
    fn help_is_a_line_and_details() {
        let check = |help, summary: &str, details: &str| {
            let command = command(help, Origin::Author, "");
            assert_eq!((command.summary().as_str(), command.details()), (summary, details), "{help:?}");
        };
        check("", "", "");
        check("One", "One", "");
        check("One\ntwo\n", "One two", "");
        check("\n\nOne\n\ntwo\n\nthree\n", "One", "two\n\nthree");
        check("One\n\n\n    code\ntext", "One", "    code\ntext");
        check("One\r\n\r\ntwo\r\n", "One", "two");
        check("One\n  \ntwo", "One", "two");
    }
}
