//! The facts about a command that need the author's code: defaults and ranges.

use crate::command::descriptor::Command;

/// The texts of a command that need code of the author: defaults and ranges, by parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Facts {
    pub(crate) defaults: Vec<Option<String>>,
    pub(crate) ranges: Vec<Option<String>>,
}

impl Facts {
    /// The texts that need no code of the author.
    pub(crate) fn without_evaluation(command: &Command) -> Self {
        let parameters = command.parameters.iter();
        Self {
            defaults: parameters.clone().map(|p| p.default?.literal.map(str::to_owned)).collect(),
            ranges: parameters.map(|p| p.range?.literal.map(str::to_owned)).collect(),
        }
    }

    /// Evaluates the author's expressions.
    pub(crate) fn evaluate(command: &Command) -> Self {
        let parameters = command.parameters.iter();
        Self {
            defaults: parameters.clone().map(|p| p.default?.text()).collect(),
            ranges: parameters.map(|p| p.range?.text()).collect(),
        }
    }

    /// Whether the description needs no code of the author.
    pub(crate) fn are_literal(command: &Command) -> bool {
        command.parameters.iter().all(|parameter| {
            parameter.default.is_none_or(|default| default.literal.is_some())
                && parameter.range.is_none_or(|range| range.literal.is_some())
        })
    }
}
