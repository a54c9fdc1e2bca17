//! An error together with its sources, as text.

use std::error::Error;

/// The most sources that are read: a chain may be a ring.
const DEEPEST: usize = 16;

/// The texts of an error's sources, the nearest first. A source is left out if the text before it ends with the source's text, as many
/// errors' texts do.
pub(crate) fn causes(own: &str, error: &(impl Error + ?Sized)) -> Vec<String> {
    let mut causes: Vec<String> = Vec::new();
    let mut source = error.source();
    for _ in 0..DEEPEST {
        let Some(error) = source else { break };
        let text = error.to_string();
        if !causes.last().map_or(own, String::as_str).ends_with(&text) {
            causes.push(text);
        }
        source = error.source();
    }
    causes
}

/// An error and its sources, on one line.
pub(crate) fn chain(error: &impl Error) -> String {
    let own = error.to_string();
    let causes = causes(&own, error);
    joined(own, &causes)
}

/// A text followed by its sources.
pub(crate) fn joined(mut text: String, causes: &[String]) -> String {
    for cause in causes {
        text.push_str(": ");
        text.push_str(cause);
    }
    text
}

/// `Debug` that reads as `Display`, because `unwrap` and `main` print errors with `Debug`.
macro_rules! debug_as_display {
    ($($error:ty),*) => {$(
        impl ::std::fmt::Debug for $error {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(self, f)
            }
        }
    )*};
}

pub(crate) use debug_as_display;

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Layer>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|source| source as _)
        }
    }

    #[test]
    fn sources_follow_their_error_once() {
        let check = |texts: &[&'static str], shown: &str| {
            let mut layers = texts.iter().rev();
            let innermost = Layer(layers.next().unwrap(), None);
            let error = layers.fold(innermost, |source, text| Layer(text, Some(Box::new(source))));
            assert_eq!(chain(&error), shown);
        };
        check(&["cannot start"], "cannot start");
        check(&["cannot read", "no such file"], "cannot read: no such file");
        check(&["a", "b", "c"], "a: b: c");
        check(&["cannot read: no such file", "no such file"], "cannot read: no such file");
        check(&["a: b", "b", "c"], "a: b: c");
        check(&["transparent", "transparent", "deeper"], "transparent: deeper");
    }

    #[test]
    fn a_cycle_of_sources_ends() {
        #[derive(Debug)]
        struct Ring;

        impl fmt::Display for Ring {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("again")
            }
        }

        impl Error for Ring {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(&Ring)
            }
        }

        assert_eq!(chain(&Ring), "again");
    }
}
