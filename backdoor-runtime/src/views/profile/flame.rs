//! Stacks as folded text and as a flame graph.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use crate::views::profile::shares::percent;
use crate::views::profile::stack::Stack;

/// The picture's width, the height of a box, and how wide a letter of its font is, in pixels.
const WIDTH: f64 = 1200.0;
const HEIGHT: usize = 17;
const LETTER: f64 = 7.0;

/// Narrower boxes are left out.
const NARROWEST: f64 = WIDTH / 2000.0;

/// The most boxes above each other. Deeper frames count for the last box.
const DEPTH: usize = 400;

/// The script for clicks: it stretches all boxes until the clicked one is as wide as the picture.
const ZOOM: &str = include_str!("flame.js");

/// One line for each stack, sorted by text.
pub(super) fn folded(stacks: &[Stack], tasks: bool) -> String {
    let mut lines: BTreeMap<String, u64> = BTreeMap::new();
    for stack in stacks {
        let names: Vec<String> =
            names(stack, tasks).map(|(name, _)| name.replace([';', '\n', '\r'], "_")).collect();
        *lines.entry(names.join(";")).or_default() += stack.samples;
    }
    let mut text = String::new();
    for (stack, samples) in lines {
        text += &format!("{stack} {samples}\n");
    }
    text
}

/// The picture.
pub(super) fn graph(stacks: &[Stack], tasks: bool, title: &str) -> String {
    let mut all = Box::default();
    for stack in stacks {
        all.samples += stack.samples;
        let mut at = &mut all;
        for (name, is_inner) in names(stack, tasks).take(DEPTH) {
            at = at.inside.entry(name).or_default();
            at.is_inner = is_inner;
            at.samples += stack.samples;
        }
    }
    let levels = all.levels(scale(&all));
    let height = (levels + 2) * HEIGHT;
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut text, &all, title, height);
    text
}

/// A function, as called from the boxes below it.
#[derive(Default)]
struct Box {
    samples: u64,
    is_inner: bool,
    inside: BTreeMap<String, Box>,
}

impl Box {
    fn levels(&self, scale: f64) -> usize {
        let shown = self.inside.values().filter(|inner| inner.samples as f64 * scale >= NARROWEST);
        1 + shown.map(|inner| inner.levels(scale)).max().unwrap_or_default()
    }
}

/// Pixels for each sample.
fn scale(all: &Box) -> f64 {
    WIDTH / all.samples.max(1) as f64
}

/// A stack from the outermost function inwards, and whether each function belongs to std, tokio or the console.
fn names(stack: &Stack, tasks: bool) -> impl Iterator<Item = (String, bool)> {
    let task = tasks.then(|| (stack.task.as_deref().unwrap_or("(no task)").to_owned(), false));
    let frames = stack.frames().rev().map(|frame| (frame.name().to_owned(), frame.is_inner()));
    task.into_iter().chain(frames)
}

fn write(text: &mut String, all: &Box, title: &str, height: usize) -> fmt::Result {
    writeln!(
        text,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"monospace\" font-size=\"12\">"
    )?;
    writeln!(text, "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>")?;
    writeln!(text, "<text x=\"3\" y=\"13\">{}</text>", Escaped(title))?;
    let mut picture = Picture { text, scale: scale(all), samples: all.samples, height };
    picture.draw("all", all, 0.0, 1)?;
    writeln!(text, "<script><![CDATA[\n{ZOOM}]]></script>\n</svg>")
}

struct Picture<'a> {
    text: &'a mut String,
    scale: f64,
    samples: u64,
    height: usize,
}

impl Picture<'_> {
    fn draw(&mut self, name: &str, of: &Box, x: f64, level: usize) -> fmt::Result {
        let width = of.samples as f64 * self.scale;
        if width < NARROWEST {
            return Ok(());
        }
        let y = self.height - level * HEIGHT;
        let (samples, part) = (of.samples, percent(of.samples, self.samples));
        let (shown, name_text) = (shortened(name, width), Escaped(name));
        writeln!(self.text, "<g><title>{name_text} ({samples} samples, {part} %)</title>")?;
        writeln!(
            self.text,
            "<rect x=\"{x:.2}\" y=\"{y}\" width=\"{width:.2}\" height=\"{}\" fill=\"{}\" data-name=\"{name_text}\"/>",
            HEIGHT - 1,
            colour(name, of.is_inner)
        )?;
        writeln!(self.text, "<text x=\"{:.2}\" y=\"{}\">{}</text></g>", x + 3.0, y + 12, Escaped(&shown))?;
        let mut x = x;
        for (name, inner) in &of.inside {
            self.draw(name, inner, x, level + 1)?;
            x += inner.samples as f64 * self.scale;
        }
        Ok(())
    }
}

/// The part of a name that fits.
fn shortened(name: &str, width: f64) -> String {
    let room = ((width - 4.0) / LETTER).max(0.0) as usize;
    match name.chars().count() {
        _ if room < 3 => String::new(),
        length if length <= room => name.to_owned(),
        _ => name.chars().take(room - 2).chain("..".chars()).collect(),
    }
}

/// Warm colours for the author's functions, one for each; pale ones for the functions that they call.
fn colour(name: &str, is_inner: bool) -> String {
    let hash = name.bytes().fold(5381_u32, |hash, byte| hash.wrapping_mul(33) ^ u32::from(byte));
    match is_inner {
        true => format!("hsl({},25%,85%)", 200 + hash % 30),
        false => format!("hsl({},80%,70%)", 15 + hash % 35),
    }
}

/// Text inside an SVG. Characters that XML does not allow are replaced.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}')?,
                c if c.is_control() => f.write_char('\u{fffd}')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_stacks() {
        let stacks = [
            Stack::of(Some("refresh"), 2, &["shop::parse<[u8; 4]>", "main"]),
            Stack::of(None, 1, &["shop::parse<[u8; 4]>", "main"]),
        ];
        assert_eq!(folded(&stacks, false), "main;shop::parse<[u8_ 4]> 3\n");
        assert_eq!(
            folded(&stacks, true),
            "(no task);main;shop::parse<[u8_ 4]> 1\nrefresh;main;shop::parse<[u8_ 4]> 2\n"
        );
        assert_eq!(folded(&[], true), "");
    }

    #[test]
    fn a_picture() {
        let stacks = [
            Stack::of(None, 3, &["<shop::A & 'B' as \"C\">\u{1}::d", "shop::serve"]),
            Stack::of(None, 1, &["shop::serve"]),
        ];
        let svg = graph(&stacks, false, "4 samples");
        assert!(
            svg.contains(
                "<title>all (4 samples, 100 %)</title>\n<rect x=\"0.00\" y=\"68\" width=\"1200.00\""
            ),
            "{svg}"
        );
        assert!(
            svg.contains("<title>&lt;shop::A &amp; 'B' as &quot;C&quot;&gt;\u{fffd}::d (3 samples, 75 %)"),
            "{svg}"
        );
        assert!(svg.contains("<rect x=\"0.00\" y=\"34\" width=\"900.00\""), "{svg}");
        assert_eq!(svg.matches("<g>").count(), 3);
    }

    #[test]
    fn narrow_boxes_are_left_out() {
        let stacks = [Stack::of(None, 1_000_000, &["shop::a"]), Stack::of(None, 1, &["shop::c", "shop::b"])];
        assert_eq!(graph(&stacks, false, "").matches("<g>").count(), 2);
        assert_eq!(graph(&[], false, "").matches("<g>").count(), 0);
    }

    #[test]
    fn names_are_shortened_by_letters() {
        assert_eq!(shortened("größter", 40.0), "grö..");
        assert_eq!(shortened("größter", 200.0), "größter");
        assert_eq!(shortened("größter", 10.0), "");
    }
}
