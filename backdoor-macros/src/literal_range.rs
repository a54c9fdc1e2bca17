//! Errors for a `range` that accepts nothing, and for a `default` outside its `range`, if the numbers are literals. Other bounds are known
//! only at run time.

use std::cmp::Ordering;
use std::fmt;

use syn::{Expr, ExprLit, ExprRange, ExprUnary, Lit, RangeLimits, UnOp};

use crate::errors::Errors;

/// Checks a range, and the default beside it.
pub(crate) fn check(range: &Expr, default: Option<&Expr>, errors: &Errors) {
    let Expr::Range(ExprRange { start, limits, end, .. }) = range else { return };
    let low = start.as_deref().and_then(Number::written);
    let high = end.as_deref().and_then(Number::written);
    let closed = matches!(limits, RangeLimits::Closed(_));
    let above = |order: Ordering| order == Ordering::Greater || (order == Ordering::Equal && !closed);
    if let (Some(low), Some(high)) = (low, high)
        && low.partial_cmp(&high).is_some_and(above)
    {
        return errors.add(
            range,
            "no value lies in this `range`",
            "write the smaller end first, as in `range = 1..=5`",
        );
    }
    if let Some(default) = default
        && let Some(value) = Number::written(default)
        && (low.is_some_and(|low| value < low)
            || high.and_then(|high| value.partial_cmp(&high)).is_some_and(above))
    {
        errors.add(
            default,
            format_args!("`default` is {value}, which is not in the parameter's `range`"),
            "choose a value that an operator may type, or widen the `range`",
        );
    }
}

/// The number of a literal. A whole number and a fraction cannot be compared: they have two types, which the compiler reports.
#[derive(Clone, Copy, PartialEq)]
enum Number {
    Whole(i128),
    Real(f64),
}

impl Number {
    fn written(value: &Expr) -> Option<Self> {
        match value {
            Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse().ok().map(Self::Whole),
            Expr::Lit(ExprLit { lit: Lit::Float(number), .. }) => number.base10_parse().ok().map(Self::Real),
            Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => match Self::written(expr)? {
                Self::Whole(number) => number.checked_neg().map(Self::Whole),
                Self::Real(number) => Some(Self::Real(-number)),
            },
            Expr::Group(group) => Self::written(&group.expr),
            Expr::Paren(group) => Self::written(&group.expr),
            _ => None,
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => one.partial_cmp(other),
            (Self::Real(one), Self::Real(other)) => one.partial_cmp(other),
            _ => None,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(number) => write!(f, "{number}"),
            Self::Real(number) => write!(f, "{number:?}"),
        }
    }
}
