//! Commands as plain data: the traits of their parameters and replies, and the registry that collects, sorts, checks, finds and suggests
//! them. This folder does not know lines, sessions or sockets.

pub(crate) mod arguments;
mod byte_size;
pub(crate) mod catalogue;
pub(crate) mod declare;
pub(crate) mod descriptor;
pub(crate) mod duration;
pub(crate) mod effect;
pub(crate) mod extract;
pub(crate) mod facts;
mod from_arg;
mod numbers;
pub(crate) mod param;
pub(crate) mod parameter;
pub(crate) mod range;
pub(crate) mod registry;
pub(crate) mod reply_kind;
pub(crate) mod secrecy;
pub(crate) mod shape;
pub(crate) mod states;
pub(crate) mod via_from_str;

pub use catalogue::{CommandInfo, ParameterInfo};
pub use declare::{
    check_default, check_long, check_name, check_parameter, check_plain_name, check_range, check_rest,
    check_secret, check_short, check_supplied,
};
pub use descriptor::{Command, Declared, Origin, Place, Run, Timeout};
pub use effect::Effect;
pub use extract::{Caller, FromCaller, Guard, State};
pub use from_arg::{ArgError, ChoiceWord, FromArg, choice, choose};
pub use param::{Param, bounds, show, take};
pub use parameter::{Complete, Parameter, Style};
pub use range::Range;
pub use reply_kind::RawAnsi;
pub(crate) use shape::Arity;
pub use shape::Default;
pub(crate) use states::States;
pub use via_from_str::{ViaFromStr, ViaOne};
