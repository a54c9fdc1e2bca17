//! A `range` that accepts nothing, and a `default` outside its `range`, where whole numbers are written out. Other ends are known only
//! when the service runs.

use syn::{Expr, ExprLit, ExprRange, ExprUnary, Lit, RangeLimits, UnOp};

use crate::mistakes::Mistakes;

/// Judges a range, and the default beside it.
pub(crate) fn check(range: &Expr, default: Option<&Expr>, mistakes: &Mistakes) {
    let Expr::Range(ExprRange { start, limits, end, .. }) = range else { return };
    let low = start.as_deref().and_then(whole);
    let high = end.as_deref().and_then(whole).map(|end| match limits {
        RangeLimits::Closed(_) => end,
        RangeLimits::HalfOpen(_) => end.saturating_sub(1),
    });
    if let (Some(low), Some(high)) = (low, high)
        && low > high
    {
        return mistakes.add(
            range,
            "no value lies in this `range`",
            "write the smaller end first, as in `range = 1..=5`",
        );
    }
    if let Some(default) = default
        && let Some(value) = whole(default)
        && (low.is_some_and(|low| value < low) || high.is_some_and(|high| value > high))
    {
        mistakes.add(
            default,
            format_args!("`default` is {value}, which is not in the parameter's `range`"),
            "choose a value that an operator may type, or widen the `range`",
        );
    }
}

/// The whole number that a literal says.
fn whole(value: &Expr) -> Option<i128> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse().ok(),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => whole(expr)?.checked_neg(),
        Expr::Group(group) => whole(&group.expr),
        Expr::Paren(group) => whole(&group.expr),
        _ => None,
    }
}
