//! Draws a trend with characters: three charts, each with its own axis, as wide as the terminal.

use std::fmt::{self, Write};
use std::time::Duration;

use crate::base::escape::escape_line;
use crate::views::trends::trend::{Change, Point, Shown, Trend};
use crate::{CommandOutput, Page, Value};

/// Lines of one chart above its axis.
const HEIGHT: usize = 5;

/// The middle line, counted from the bottom.
const MIDDLE: usize = HEIGHT / 2;

/// Steps within one character.
const STEPS: usize = 8;

/// More than two columns for each point show nothing more.
const WIDEST: usize = 120;

/// The minimal width of a chart: on a narrower terminal, the lines wrap.
const NARROWEST: usize = 12;

/// The most changes that are marked, the youngest; each has a letter.
const MARKED: usize = 26;

/// The characters to draw with.
struct Pen {
    /// One to eight eighths of a character.
    bars: [char; STEPS],
    /// Fills the space between the mean and the maximum.
    range: char,
    side: char,
    corner: char,
    axis: char,
}

const BLOCKS: Pen =
    Pen {
        bars: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'], range: '░', side: '│', corner: '└', axis: '─'
    };

const ASCII: Pen =
    Pen { bars: ['_', '_', '.', '.', ':', ':', '#', '#'], range: '\'', side: '|', corner: '+', axis: '-' };

/// A trend, and the settings of its drawing.
pub(super) struct Chart<'a> {
    trend: &'a Trend,
    pen: &'static Pen,
    /// The width of the labels at the side.
    side: usize,
    /// The least number of all charts, at which all axes begin, so that the charts can be compared.
    low: f64,
    /// The width of the charts without labels.
    columns: usize,
    /// The changes that are marked, and their letters.
    changes: Vec<(char, &'a Change)>,
}

/// One column of a chart.
#[derive(Clone, Copy)]
struct Column {
    min: f64,
    avg: f64,
    max: f64,
}

impl Trend {
    /// The drawing, for a terminal of this many columns.
    ///
    /// # Errors
    /// The page is full.
    pub(crate) fn draw(&self, page: &mut impl Write, width: usize, ascii: bool) -> fmt::Result {
        Chart::new(self, width, ascii).draw(page)
    }
}

impl CommandOutput for Trend {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        let width = page.width().unwrap_or(80);
        self.draw(page, width, false)
    }

    fn value(&self) -> Value {
        self.record()
    }
}

impl<'a> Chart<'a> {
    pub(super) fn new(trend: &'a Trend, width: usize, ascii: bool) -> Self {
        let all = [&trend.seconds, &trend.minutes, &trend.hours];
        let low = all.iter().filter_map(|points| range(points)).map(|(low, _)| low).reduce(f64::min);
        let ends = all.iter().filter_map(|points| range(points)).flat_map(|(low, high)| [low, high]);
        let side = ends.map(|end| number(end).len()).max().unwrap_or(0);
        let columns = width.saturating_sub(side + 2).clamp(NARROWEST, WIDEST);
        let first = trend.changes.len().saturating_sub(MARKED);
        let changes = ('a'..='z').zip(&trend.changes[first..]).collect();
        let pen = if ascii { &ASCII } else { &BLOCKS };
        Self { trend, pen, side, low: low.unwrap_or(0.0), columns, changes }
    }

    pub(super) fn draw(&self, page: &mut impl Write) -> fmt::Result {
        let Trend { name, unit, shown, now, .. } = self.trend;
        let unit = match (&*escape_line(unit), shown) {
            (unit, Shown::Value) => unit.to_owned(),
            ("", Shown::Rate) => "a second".to_owned(),
            (unit, Shown::Rate) => format!("{unit} a second"),
        };
        let now = match (now, self.trend.missing) {
            (Some(now), _) => format!("{} {unit}", number(*now)),
            (None, Some(missing)) => format!("unknown: {missing}"),
            (None, None) => "not known".to_owned(),
        };
        writeln!(page, "{}: now {}", escape_line(name), now.trim_end())?;
        self.chart(page, &self.trend.seconds, "60 s", Duration::from_secs(1))?;
        self.chart(page, &self.trend.minutes, "60 min", Duration::from_secs(60))?;
        self.chart(page, &self.trend.hours, "24 h", Duration::from_secs(3600))?;
        for (letter, change) in &self.changes {
            let time = Value::Time(change.time).to_text(None);
            writeln!(page, "{letter} {} {}", time.trim_end(), escape_line(&change.text))?;
        }
        Ok(())
    }

    fn chart(&self, page: &mut impl Write, points: &[Point], span: &str, step: Duration) -> fmt::Result {
        let side = self.side;
        writeln!(page)?;
        let Some((least, high)) = range(points) else {
            return writeln!(page, "last {span}: no value was read");
        };
        writeln!(page, "last {span}: min {}, max {}", number(least), number(high))?;
        let low = self.low;
        // A constant number is drawn at half height, and so is its label.
        let top = if low < high { HEIGHT - 1 } else { MIDDLE };
        let columns: Vec<Option<Column>> = (0..self.columns).map(|at| self.column(points, at)).collect();
        for row in (0..HEIGHT).rev() {
            let label = match row {
                _ if row == top => number(high),
                0 if low < high => number(low),
                _ => String::new(),
            };
            let line: String = columns.iter().map(|column| self.cell(*column, row, low, high)).collect();
            writeln!(page, "{label:>side$} {}{}", self.pen.side, line.trim_end())?;
        }
        let axis: String =
            columns.iter().map(|column| if column.is_some() { self.pen.axis } else { ' ' }).collect();
        writeln!(page, "{:side$} {}{}", "", self.pen.corner, axis.trim_end())?;
        let marks = self.marks(points, step);
        if !marks.is_empty() {
            writeln!(page, "{:side$}  {marks}", "")?;
        }
        let ends = self.columns.saturating_sub(span.len() + 1);
        writeln!(page, "{:side$}  -{span}{:>ends$}", "", "now")
    }

    /// The points in a column: several points if there are more points than columns; otherwise one point fills several columns.
    fn column(&self, points: &[Point], at: usize) -> Option<Column> {
        let first = at * points.len() / self.columns;
        let end = ((at + 1) * points.len() / self.columns).max(first + 1);
        let known = points[first..end]
            .iter()
            .filter_map(|point| Some(Column { min: point.min?, avg: point.avg?, max: point.max? }));
        let known: Vec<Column> = known.collect();
        let first = known.first()?;
        let mean = known.iter().map(|column| column.avg / known.len() as f64).sum();
        Some(known.iter().fold(Column { avg: mean, ..*first }, |all, column| Column {
            min: all.min.min(column.min),
            max: all.max.max(column.max),
            ..all
        }))
    }

    fn cell(&self, column: Option<Column>, row: usize, low: f64, high: f64) -> char {
        let Some(column) = column else { return ' ' };
        let (avg, max) = (level(column.avg, low, high), level(column.max, low, high));
        match avg.saturating_sub(row * STEPS) {
            0 if max > row * STEPS => self.pen.range,
            0 => ' ',
            steps => self.pen.bars[steps.min(STEPS) - 1],
        }
    }

    /// The letters of the changes below their columns; of two changes in one column, the later one.
    fn marks(&self, points: &[Point], step: Duration) -> String {
        let mut marks = vec![' '; self.columns];
        let start = points.first().and_then(|point| self.trend.time.duration_since(point.time).ok());
        let Some(start) = start else { return String::new() };
        for (letter, change) in &self.changes {
            let Some(column) = self.column_of(change.ago, start, step, points.len()) else { continue };
            marks[column] = *letter;
        }
        marks.into_iter().collect::<String>().trim_end().to_owned()
    }

    /// The column of a time `ago`, within the columns of its point. The first point begins at `start`.
    fn column_of(&self, ago: Duration, start: Duration, step: Duration, count: usize) -> Option<usize> {
        let points = start.checked_sub(ago)?.as_secs_f64() / step.as_secs_f64();
        // A change since the last point is drawn below the last point.
        let point = (points as usize).min(count - 1);
        let last = ((point + 1) * self.columns).div_ceil(count) - 1;
        let first = (point * self.columns).div_ceil(count).min(last);
        Some(((points * self.columns as f64 / count as f64) as usize).clamp(first, last))
    }
}

/// The minimum and maximum of all points; none without any measured value.
fn range(points: &[Point]) -> Option<(f64, f64)> {
    let known = points.iter().filter_map(|point| Some((point.min?, point.max?)));
    known.reduce(|(low, high), (min, max)| (low.min(min), high.max(max)))
}

/// The height of a number in steps: from 1, so that the minimum is visible, to the top of the chart. A constant number is at half height.
fn level(number: f64, low: f64, high: f64) -> usize {
    const TOP: usize = HEIGHT * STEPS;
    if low >= high {
        return (MIDDLE + 1) * STEPS;
    }
    // Halves, because the difference of two huge numbers may be infinite.
    let part = (number / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
    1 + (part.clamp(0.0, 1.0) * (TOP - 1) as f64).round() as usize
}

/// At most eleven characters: a whole number unchanged, a large or small one with a power of ten, any other with four digits.
fn number(number: f64) -> String {
    let size = number.abs();
    match size {
        _ if number == 0.0 => "0".to_owned(),
        1e7.. => format!("{number:.3e}"),
        _ if number.fract() == 0.0 => format!("{number:.0}"),
        1000.0.. => format!("{number:.0}"),
        1e-3.. => {
            let digits = 3 - size.log10().floor().min(3.0) as i32;
            let text = format!("{number:.*}", digits.clamp(0, 6) as usize);
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => format!("{number:.3e}"),
    }
}

#[cfg(test)]
mod tests;
