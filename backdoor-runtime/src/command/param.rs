//! What a parameter's type says of it, as a trait constant: supplied, required, optional, many, or a flag. The macro never reads
//! a type's spelling, so aliases and authors' own types work.

use std::any::{Any, TypeId};
use std::convert::Infallible;

use crate::Session;
use crate::call::failure::Failure;
use crate::command::arguments::Call;
use crate::command::extract::{Caller, FromCaller, Guard, State};
use crate::command::from_arg::FromArg;
use crate::command::range::{self, Bounds, RangeOf};
use crate::command::shape::{Arity, Shape, Supply};

/// A type that can stand as a parameter of a command.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a backdoor command",
    label = "not a command parameter type",
    note = "a parameter is parsed from the command line if its type implements `FromArg`: numbers, `String`, `IpAddr`, enums with `#[derive(Choice)]`, and `Option<T>` or `Vec<T>` of those",
    note = "if `{Self}` implements `FromStr`, mark the parameter `#[arg(from_str)]`; otherwise implement `FromArg` for it, or, where it is not yours, for a type of your own around it",
    note = "a parameter is supplied by the server if its type is `Session`, `State<T>` or `Guard<G>`"
)]
pub trait Param: Sized {
    /// What the type says.
    const SHAPE: &'static Shape;

    /// One of its values, which a `range` is about.
    type Item;

    /// The state it asks for, or `()`.
    type State;

    /// The check it asks for, or `NoGuard`.
    type Guard;

    /// The value of the next parameter.
    fn take(call: &mut Call<'_>) -> Result<Self, Failure>
    where
        Server: Gives<Self::State>,
        Self::Guard: FromCaller;

    /// The value as the operator would type it.
    fn show(&self) -> Option<String> {
        None
    }

    /// One of its values as the operator would type it.
    fn show_item(_item: &Self::Item) -> Option<String> {
        None
    }
}

/// Gives out values of type `T`, where a `State` can hold them. It is asked for where the value is taken, so that a type which cannot
/// be shared between threads is named itself, and not the `State` around it. That the type stands behind the trait is for the
/// compiler, which advises to borrow one that lacks `Clone` alone, and leaves out what is said here.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be the state of a backdoor command",
    label = "cannot be handed to every command",
    note = "each command gets a clone, on whatever thread it runs: `{T}` has to be `Clone`, `Send`, `Sync` and `'static`, and `State<Arc<{T}>>` gives it the first"
)]
pub trait Gives<T> {
    /// The service's value.
    fn give(call: &Call<'_>) -> Option<T>;
}

/// What the service gave to the builder.
pub struct Server;

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> Gives<T> for Server {
    fn give(call: &Call<'_>) -> Option<T> {
        call.states().get()
    }
}

/// The check of a parameter that asks for none. As with [`Gives`], what a check lacks is found where its value is taken.
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

/// A parameter that cannot be, and why: the check of the parameters says so, and nothing of it is ever asked for.
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
    (T) State<T>: "a state is there or the console does not start; take `State<T>`";
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
