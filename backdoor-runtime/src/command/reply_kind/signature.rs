//! A command's function as a pointer, with the types around it, so that one vtable serves every command of the same signature. Generated
//! code that handles any number of parameters would be repeated in each command, so there is one function here for each number. Nothing
//! else may be in this module, because generated code imports all of it.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::call::failure::Failure;
use crate::call::reply::Reply;
use crate::command::arguments::Call;
use crate::command::reply_kind::autoref::{Layered, Probe};
use crate::command::reply_kind::runner::{self, Boxed, Pending};
use crate::command::reply_kind::show::{Blocking, Show, Spawned};
use crate::reply::{Form, Rendered};

/// Extracts the value of one parameter. It is a pointer, so that the bounds of the parameter's type are checked only at the parameter.
type Taker<V> = fn(&mut Call<'_>) -> Result<V, Failure>;

/// A function, with everything that its call needs. `T` are the extractors of its values, `F` is the pointer, `S` shows its reply.
pub struct Runner<T, F, S> {
    takers: T,
    function: F,
    show: PhantomData<fn() -> S>,
}

/// The runners of functions with the parameters in brackets, of an `fn` and of an `async fn`, then of those with one more. The argument for
/// the reply's kind only supplies types at compile time. Their bounds are checked where the runner becomes a trait object, and nowhere
/// else.
macro_rules! runners {
    ([$($parameter:tt)*]) => {};
    (
        [$($value:ident $name:ident)*]
        $runner:ident $runner_async:ident then $next:ident $next_name:ident,
        $($rest:tt)*
    ) => {
        /// The runner of an `fn`.
        #[allow(clippy::too_many_arguments, reason = "as many as the command has parameters")]
        pub const fn $runner<$($value,)* R: 'static, S>(
            $($name: Taker<$value>,)*
            function: fn($($value),*) -> R,
            _reply_kind: fn(Layered<Probe<R, Blocking>>) -> S,
        ) -> Runner<($(Taker<$value>,)*), fn($($value),*) -> R, S> {
            Runner { takers: ($($name,)*), function, show: PhantomData }
        }

        /// The runner of an `async fn`.
        #[allow(clippy::too_many_arguments, reason = "as many as the command has parameters")]
        pub const fn $runner_async<$($value,)* R: 'static, S>(
            $($name: Taker<$value>,)*
            function: fn($($value),*) -> Boxed<R>,
            _reply_kind: fn(Layered<Probe<R, Spawned>>) -> S,
        ) -> Runner<($(Taker<$value>,)*), fn($($value),*) -> Boxed<R>, S> {
            Runner { takers: ($($name,)*), function, show: PhantomData }
        }

        impl<$($value,)* R, S> runner::Run for Runner<($(Taker<$value>,)*), fn($($value),*) -> R, S>
        where
            S: Show<R, Blocking>,
        {
            fn run(&self, call: &mut Call<'_>) -> Result<Reply, Failure> {
                let ($($name,)*) = &self.takers;
                $(let $name = $name(call)?;)*
                if !call.calls() {
                    return Ok(Reply::Done(Rendered::NOTHING));
                }
                S::show((self.function)($($name),*), &mut Blocking::new(call))
            }
        }

        impl<$($value,)* R: 'static, S> runner::RunAsync for Runner<($(Taker<$value>,)*), fn($($value),*) -> Boxed<R>, S>
        where
            S: Show<R, Spawned>,
        {
            fn begin(&self, call: &mut Call<'_>) -> Result<Option<Pin<Box<dyn Pending>>>, Failure> {
                let ($($name,)*) = &self.takers;
                $(let $name = $name(call)?;)*
                Ok(call.calls().then(|| (self.function)($($name),*).0))
            }

            fn poll(
                &self,
                pending: Pin<&mut dyn Pending>,
                context: &mut Context<'_>,
                form: Form,
            ) -> Poll<Result<Reply, Failure>> {
                runner::poll::<R, S>(pending, context, form)
            }
        }

        runners!([$($value $name)* $next $next_name] $($rest)*);
    };
}

runners! {
    []
    runner_0 runner_async_0 then V0 p0,
    runner_1 runner_async_1 then V1 p1,
    runner_2 runner_async_2 then V2 p2,
    runner_3 runner_async_3 then V3 p3,
    runner_4 runner_async_4 then V4 p4,
    runner_5 runner_async_5 then V5 p5,
    runner_6 runner_async_6 then V6 p6,
    runner_7 runner_async_7 then V7 p7,
    runner_8 runner_async_8 then V8 p8,
    runner_9 runner_async_9 then V9 p9,
    runner_10 runner_async_10 then V10 p10,
    runner_11 runner_async_11 then V11 p11,
    runner_12 runner_async_12 then V12 p12,
    runner_13 runner_async_13 then V13 p13,
    runner_14 runner_async_14 then V14 p14,
    runner_15 runner_async_15 then V15 p15,
    runner_16 runner_async_16 then V16 p16,
    runner_17 runner_async_17 then V17 p17,
    runner_18 runner_async_18 then V18 p18,
    runner_19 runner_async_19 then V19 p19,
    runner_20 runner_async_20 then V20 p20,
    runner_21 runner_async_21 then V21 p21,
    runner_22 runner_async_22 then V22 p22,
    runner_23 runner_async_23 then V23 p23,
    runner_24 runner_async_24 then V24 p24,
    runner_25 runner_async_25 then V25 p25,
    runner_26 runner_async_26 then V26 p26,
    runner_27 runner_async_27 then V27 p27,
    runner_28 runner_async_28 then V28 p28,
    runner_29 runner_async_29 then V29 p29,
    runner_30 runner_async_30 then V30 p30,
    runner_31 runner_async_31 then V31 p31,
    runner_32 runner_async_32 then V32 p32,
}
