//! A counter or a histogram in one cell of a table; `get` and `--json` show all fields.

use crate::Value;
use crate::reply::figures::amount;
use crate::reply::scalar::scalar;

/// `1.2M  3.7k/s`, and for a histogram `1.2M  3.7k/s  p50 20us p99 96us`; nothing if the names of the first fields show that the value is
/// no reading of a counter or histogram.
pub(crate) fn brief(value: &Value) -> Option<String> {
    let Value::Record(fields) = value else { return None };
    let mut names = fields.iter().map(|(name, _)| name.as_ref());
    if ["count", "rate", "window"].iter().any(|name| names.next() != Some(name)) {
        return None;
    }
    let mut text = amount(value["count"].as_f64()?);
    if let Some(rate) = value["rate"].as_f64() {
        text.push_str(&format!("  {}/s", amount(rate)));
    }
    let mut gap = "  ";
    for name in ["p50", "p99"] {
        let shown = match &value[name] {
            Value::Null => continue,
            Value::Integer(number) => amount(*number as f64),
            other => scalar(other),
        };
        text.push_str(&format!("{gap}{name} {shown}"));
        gap = " ";
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn newcomer_3_3_3_a_counter_is_a_count_and_a_rate() {
        let start = |rate: Option<f64>| {
            vec![("count", 1_227_648.into()), ("rate", rate.into()), ("window", Value::Null)]
        };
        assert_eq!(brief(&Value::record(start(Some(3_710.4)))).unwrap(), "1.2M  3.7k/s");
        assert_eq!(brief(&Value::record(start(None))).unwrap(), "1.2M");
        let mut histogram = start(Some(3_710.4));
        histogram.push(("p50", Duration::from_nanos(20_479).into()));
        histogram.push(("p99", Duration::from_nanos(96_255).into()));
        assert_eq!(brief(&Value::record(histogram)).unwrap(), "1.2M  3.7k/s  p50 20.5us p99 96.3us");
        assert_eq!(brief(&Value::record([("count", 1.into())])), None);
        assert_eq!(brief(&1.into()), None);
    }
}
