//! Text for types of the standard library that a person should be able to read although they have no `Display`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::reply::{Value, text};

/// Our text for types of the standard library without their own.
pub trait Familiar {
    /// The text for a person.
    fn familiar(&self) -> String;
}

impl Familiar for Duration {
    fn familiar(&self) -> String {
        text::duration(self)
    }
}

impl Familiar for SystemTime {
    fn familiar(&self) -> String {
        text::render(&Value::Time(*self), None).trim_end().to_owned()
    }
}

impl Familiar for Instant {
    fn familiar(&self) -> String {
        format!("{} ago", text::duration(&Duration::from_millis(self.elapsed().as_millis() as u64)))
    }
}

macro_rules! lossy {
    ($($type:ty),*) => {
        $(impl Familiar for $type {
            fn familiar(&self) -> String {
                AsRef::<OsStr>::as_ref(self).to_string_lossy().into_owned()
            }
        })*
    };
}

lossy!(PathBuf, &Path, OsString, &OsStr);
