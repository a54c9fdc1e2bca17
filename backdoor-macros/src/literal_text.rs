//! An author's expression in the form that an operator types, if that needs no evaluation.

use syn::{Expr, ExprLit, ExprRange, ExprUnary, Lit, RangeLimits, UnOp};

/// The text of a literal, a negated literal, or a range of them.
pub(crate) fn literal_text(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Int(number) => Some(number.base10_digits().to_owned()),
            Lit::Float(number) => Some(number.base10_digits().to_owned()),
            Lit::Bool(flag) => Some(flag.value.to_string()),
            _ => None,
        },
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => Some(format!("-{}", literal_text(expr)?)),
        Expr::Range(ExprRange { start, limits, end, .. }) => {
            let text =
                |end: &Option<Box<Expr>>| end.as_ref().map_or(Some(String::new()), |end| literal_text(end));
            let dots = match limits {
                RangeLimits::HalfOpen(_) => "..",
                RangeLimits::Closed(_) => "..=",
            };
            Some(format!("{}{dots}{}", text(start)?, text(end)?))
        }
        Expr::Group(group) => literal_text(&group.expr),
        Expr::Paren(group) => literal_text(&group.expr),
        _ => None,
    }
}
