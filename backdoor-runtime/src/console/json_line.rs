//! The answer to `--json`: one line for a strict parser, whatever the command printed and however it ended.
//!
//! A reply alone is its JSON. Printed text comes first, as `{"printed":"..","value":..}`; between the items of a reply in pieces it is an
//! item of its own, `{"printed":".."}`. An error is `{"error":{..}}`, or the last item.

use crate::call::failure::Failure;
use crate::reply::json;

/// The state of one line of JSON.
#[derive(Default)]
pub(crate) struct JsonLine {
    /// `{"printed":"` was written.
    printed: bool,
    /// A part of the reply was written.
    begun: bool,
    /// Printed text that cannot be inserted here.
    held: String,
    /// Bytes of it that were dropped because there was no room.
    lost: usize,
    boundary: bool,
}

/// The most printed text that waits for the end of an item.
const HELD: usize = 64 * 1024;

impl JsonLine {
    /// Text that the command printed.
    pub(crate) fn printed(&mut self, text: &str) -> String {
        let mut out = String::new();
        if self.begun {
            if self.held.len() + text.len() <= HELD {
                self.held.push_str(text);
            } else {
                self.lost += text.len();
            }
            if self.boundary {
                self.release(&mut out);
            }
            return out;
        }
        if !self.printed {
            out.push_str("{\"printed\":\"");
            self.printed = true;
        }
        let mut quoted = String::new();
        json::write_text(text, &mut quoted);
        out.push_str(&quoted[1..quoted.len() - 1]);
        out
    }

    /// Text of the reply. At a boundary an item has ended.
    pub(crate) fn reply(&mut self, text: &str, boundary: bool) -> String {
        let mut out = String::new();
        if text.is_empty() {
            return out;
        }
        if !self.begun && self.printed {
            out.push_str("\",\"value\":");
        }
        self.begun = true;
        out.push_str(text);
        self.boundary = boundary && text != "]";
        if self.boundary {
            self.release(&mut out);
        }
        out
    }

    /// The printed text that could not be inserted, and the number of dropped bytes.
    pub(crate) fn take_rest(&mut self) -> (String, usize) {
        (std::mem::take(&mut self.held), std::mem::take(&mut self.lost))
    }

    /// The end of the line.
    pub(crate) fn end(mut self, failure: Option<&Failure>) -> String {
        let mut out = String::new();
        let error = failure.map(|failure| {
            let mut error = String::from("{\"error\":");
            json::write(&failure.to_value(), &mut error);
            error.push('}');
            error
        });
        match (error, self.begun) {
            (Some(error), true) if self.boundary => {
                out.push(',');
                out.push_str(&error);
                out.push(']');
            }
            // The reply was cut inside a token, and cannot be completed.
            (Some(error), true) => {
                out.push('\n');
                out.push_str(&error);
                self.printed = false;
            }
            (Some(error), false) if self.printed => {
                out.push_str("\",");
                out.push_str(&error[1..error.len() - 1]);
            }
            (Some(error), false) => out.push_str(&error),
            (None, false) if self.printed => out.push_str("\",\"value\":null"),
            (None, _) => {}
        }
        if self.printed {
            out.push('}');
        }
        out.push('\n');
        out
    }

    fn release(&mut self, out: &mut String) {
        if !self.held.is_empty() {
            out.push_str(",{\"printed\":");
            json::write_text(&std::mem::take(&mut self.held), out);
            out.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(steps: &[(&str, &str)], failure: Option<&str>, expected: &str) {
        let mut line = JsonLine::default();
        let mut out = String::new();
        for (kind, text) in steps {
            out.push_str(&match *kind {
                "print" => line.printed(text),
                "item" => line.reply(text, true),
                _ => line.reply(text, false),
            });
        }
        let failure = failure.map(|message| Failure::failed(message.to_owned()));
        out.push_str(&line.end(failure.as_ref()));
        assert_eq!(out, format!("{expected}\n"));
        serde_json::from_str::<serde_json::Value>(&out).unwrap();
    }

    #[test]
    fn every_answer_is_one_line_of_json() {
        check(&[("reply", "123")], None, "123");
        check(&[("print", "abc\n"), ("reply", "123")], None, r#"{"printed":"abc\n","value":123}"#);
        check(&[("print", "a\""), ("print", "b")], None, r#"{"printed":"a\"b","value":null}"#);
        check(&[("item", "[1"), ("item", ",2"), ("item", "]")], None, "[1,2]");
        check(&[("item", "[1"), ("print", "x"), ("item", "]")], None, r#"[1,{"printed":"x"}]"#);
        check(
            &[("reply", "[\"a"), ("print", "x"), ("item", "b\""), ("item", "]")],
            None,
            r#"["ab",{"printed":"x"}]"#,
        );
        let error = r#"{"status":"failed","message":"no"}"#;
        check(&[], Some("no"), &format!(r#"{{"error":{error}}}"#));
        check(&[("print", "x")], Some("no"), &format!(r#"{{"printed":"x","error":{error}}}"#));
        check(&[("item", "[1")], Some("no"), &format!(r#"[1,{{"error":{error}}}]"#));
        check(
            &[("print", "x"), ("item", "[1")],
            Some("no"),
            &format!(r#"{{"printed":"x","value":[1,{{"error":{error}}}]}}"#),
        );
    }
}
