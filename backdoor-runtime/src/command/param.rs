//! The kind of a parameter, as a trait constant of its type: supplied, required, optional, repeated, or a flag. The macro never interprets
//! a type's name, so aliases and authors' own types work.

use std::any::{Any, TypeId};
use std::convert::Infallible;

use crate::Session;
use crate::call::failure::Failure;
use crate::command::arguments::Call;
use crate::command::extract::{Caller, FromCaller, Guard, State};
use crate::command::from_arg::FromArg;
use crate::command::range::{self, Bounds, RangeOf};
use crate::command::shape::{Arity, Shape, Supply};

/// A type of a command's parameter.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a backdoor command",
    label = "not a command parameter type",
    note = "a parameter is parsed from the command line if its type implements `FromArg`: numbers, `String`, `IpAddr`, enums with `#[derive(Choice)]`, and `Option<T>` or `Vec<T>` of those",
    note = "if `{Self}` implements `FromStr`, mark the parameter `#[arg(from_str)]`; otherwise implement `FromArg` for it, or, where it is not yours, for a type of your own around it",
    note = "a parameter is supplied by the server if its type is `Session`, `State<T>` or `Guard<G>`"
)]
pub trait Param: Sized {
    /// The properties of the type.
    #[doc(hidden)]
    const SHAPE: &'static Shape;

    /// The type of one value, which a `range` compares.
    #[doc(hidden)]
    type Item;

    /// The state that it needs, or `()`.
    #[doc(hidden)]
    type State;

    /// The check that it needs, or `NoGuard`.
    #[doc(hidden)]
    type Guard;

    /// The value of the next parameter.
    #[doc(hidden)]
    fn take(call: &mut Call<'_>) -> Result<Self, Failure>
    where
        Server: Gives<Self::State>,
        Self::Guard: FromCaller;

    /// The value as the operator would type it.
    #[doc(hidden)]
    fn show(&self) -> Option<String> {
        None
    }

    /// One value as the operator would type it.
    #[doc(hidden)]
    fn show_item(_item: &Self::Item) -> Option<String> {
        None
    }
}

/// Supplies values of type `T`, if a `State` can hold them. The bound is checked where the value is taken, so that the compiler names the
/// type that cannot be shared between threads, not the `State` around it. The trait has a type parameter only for the compiler's message:
/// otherwise rustc advises to borrow a type that lacks only `Clone`, and omits the note below.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be the state of a backdoor command",
    label = "cannot be shared by the commands",
    note = "each command gets a clone, on whatever thread it runs: `{T}` has to be `Clone`, `Send`, `Sync` and `'static`, and `State<Arc<{T}>>` gives it the first"
)]
pub trait Gives<T> {
    /// The service's value.
    #[doc(hidden)]
    fn give(call: &Call<'_>) -> Option<T>;
}

/// The values that the service gave to the builder.
pub struct Server;

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> Gives<T> for Server {
    fn give(call: &Call<'_>) -> Option<T> {
        call.states().get()
    }
}

/// The check of a parameter that has no check. As with [`Gives`], a missing bound of a check is reported where its value is taken.
pub struct NoGuard;

#[diagnostic::do_not_recommend]
impl FromCaller for NoGuard {
    type Refusal = Infallible;

    fn from_caller(_caller: &Caller<'_>) -> Result<Self, Infallible> {
        Ok(Self)
    }
}

/// [`Param::take`] as a function that generated code can name with the parameter's own span.
pub fn take<T: Param>(call: &mut Call<'_>) -> Result<T, Failure>
where
    Server: Gives<T::State>,
    T::Guard: FromCaller,
{
    T::take(call)
}

/// Writes a default of type `T` as the operator would type it.
pub fn show<T: Param + 'static>(value: &dyn Any) -> Option<String> {
    value.downcast_ref::<T>()?.show()
}

/// The range of a parameter of type `P`.
pub fn bounds<P: Param>(range: impl RangeOf<P::Item> + 'static) -> Box<dyn Bounds>
where
    P::Item: PartialOrd + 'static,
{
    range::typed(range, P::show_item)
}

impl Shape {
    const fn of<T: FromArg>(arity: Arity) -> Self {
        Self { arity, value: T::NAME, choices: T::CHOICES, why_not: None }
    }

    const fn supplied(supply: Supply) -> Self {
        Self { arity: Arity::Supplied(supply), value: "", choices: &[], why_not: None }
    }
}

#[diagnostic::do_not_recommend]
impl<T: FromArg> Param for T {
    const SHAPE: &'static Shape = &Shape::of::<T>(if T::IS_FLAG { Arity::Flag } else { Arity::Required });
    type Item = T;
    type State = ();
    type Guard = NoGuard;

    fn take(call: &mut Call<'_>) -> Result<Self, Failure> {
        if T::IS_FLAG { call.flag(T::from_arg) } else { call.one(T::from_arg) }
    }

    fn show(&self) -> Option<String> {
        T::show_item(self)
    }

    fn show_item(item: &T) -> Option<String> {
        item.to_arg().map(|word| crate::base::quote::quote(&word).into_owned())
    }
}

#[diagnostic::do_not_recommend]
impl<T: FromArg> Param for Option<T> {
    const SHAPE: &'static Shape = &Shape::of::<T>(Arity::Optional);
    type Item = T;
    type State = ();
    type Guard = NoGuard;

    fn take(call: &mut Call<'_>) -> Result<Self, Failure> {
        call.optional(T::from_arg)
    }

    fn show_item(item: &T) -> Option<String> {
        T::show_item(item)
    }
}

/// A parameter that is not allowed, with the reason. The check of the parameters reports it; nothing else uses it.
macro_rules! not_optional {
    ($(($($generics:tt)*) $inside:ty: $why:literal;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Param for Option<$inside> {
            const SHAPE: &'static Shape = &Shape { why_not: Some($why), ..Shape::supplied(Supply::Session) };
            type Item = ();
            type State = ();
            type Guard = NoGuard;

            fn take(_call: &mut Call<'_>) -> Result<Self, Failure> {
                Ok(None)
            }
        }
    )*};
}

not_optional! {
    (T) Vec<T>: "a list that is left out is empty; drop the `Option`";
    (T) State<T>: "the console does not start without the state; take `State<T>`";
    (G) Guard<G>: "where a guard refuses, the command is not called; take `Guard<G>`";
    () Session: "every call has its session; take `Session`";
}

#[diagnostic::do_not_recommend]
impl<T: FromArg> Param for Vec<T> {
    const SHAPE: &'static Shape = &Shape::of::<T>(Arity::Many);
    type Item = T;
    type State = ();
    type Guard = NoGuard;

    fn take(call: &mut Call<'_>) -> Result<Self, Failure> {
        call.many(T::from_arg)
    }

    fn show(&self) -> Option<String> {
        let words: Option<Vec<_>> = self.iter().map(T::show_item).collect();
        words.map(|words| words.join(" "))
    }

    fn show_item(item: &T) -> Option<String> {
        T::show_item(item)
    }
}

#[diagnostic::do_not_recommend]
impl Param for Session {
    const SHAPE: &'static Shape = &Shape::supplied(Supply::Session);
    type Item = Self;
    type State = ();
    type Guard = NoGuard;

    fn take(call: &mut Call<'_>) -> Result<Self, Failure> {
        call.skip();
        Ok(call.session().clone())
    }
}

#[diagnostic::do_not_recommend]
impl<T: 'static> Param for State<T> {
    const SHAPE: &'static Shape =
        &Shape::supplied(Supply::State { id: TypeId::of::<T>, name: std::any::type_name::<T> });
    type Item = Self;
    type State = T;
    type Guard = NoGuard;

    fn take(call: &mut Call<'_>) -> Result<Self, Failure>
    where
        Server: Gives<T>,
    {
        call.skip();
        Server::give(call).map(State).ok_or_else(|| {
            Failure::refused("the service gave the console no value for this command's state".to_owned())
        })
    }
}

#[diagnostic::do_not_recommend]
impl<G> Param for Guard<G> {
    const SHAPE: &'static Shape = &Shape::supplied(Supply::Guard);
    type Item = Self;
    type State = ();
    type Guard = G;

    fn take(call: &mut Call<'_>) -> Result<Self, Failure>
    where
        G: FromCaller,
    {
        call.skip();
        match G::from_caller(&Caller::new(call)) {
            Ok(guard) => Ok(Guard(guard)),
            Err(refusal) => Err(Failure::refused(refusal.to_string())),
        }
    }
}
