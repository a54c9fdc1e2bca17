//! A command's function as a pointer and the types of what is around it, so that one vtable serves every command of the same
//! signature. A macro cannot write code for any number of parameters without code of its own in each command: here is one for each
//! number, and nothing else may stand in this module, since generated code sees all of it.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::command::arguments::Call;
use crate::command::ladder::Reply;
use crate::command::ladder::probe::{Layered, Probe};
use crate::command::ladder::runner::{self, Boxed, Pending};
use crate::command::ladder::show::{Blocking, Show, Spawned};
use crate::dispatch::failure::Failure;
use crate::reply::{Form, Rendered};

/// What takes the value of one parameter. It is a pointer, so that nothing is asked of the parameter's type but where that stands.
type Taker<V> = fn(&mut Call<'_>) -> Result<V, Failure>;

/// A function, with what is needed to call it. `T` are the takers of its values, `F` is the pointer, `S` shows its reply.
pub struct Runner<T, F, S> {
    takers: T,
    function: F,
    show: PhantomData<fn() -> S>,
}

/// The runners of functions with so many parameters: of an `fn`, and of an `async fn`. The ladder is climbed by the compiler alone:
/// what it gives are types. What they have to be is asked where the runner becomes a trait object, and nowhere else.
macro_rules! runners {
    ($($runner:ident $runner_async:ident ($($value:ident $name:ident),*);)*) => {
        $(runners!(@ $runner $runner_async $($value $name)*);)*
    };
    (@ $runner:ident $runner_async:ident $($value:ident $name:ident)*) => {
        /// The runner of an `fn`.
        #[allow(clippy::too_many_arguments, reason = "as many as the command has parameters")]
        pub const fn $runner<$($value,)* R: 'static, S>(
            $($name: Taker<$value>,)*
            function: fn($($value),*) -> R,
            _ladder: fn(Layered<Probe<R, Blocking>>) -> S,
        ) -> Runner<($(Taker<$value>,)*), fn($($value),*) -> R, S> {
            Runner { takers: ($($name,)*), function, show: PhantomData }
        }

        /// The runner of an `async fn`.
        #[allow(clippy::too_many_arguments, reason = "as many as the command has parameters")]
        pub const fn $runner_async<$($value,)* R: 'static, S>(
            $($name: Taker<$value>,)*
            function: fn($($value),*) -> Boxed<R>,
            _ladder: fn(Layered<Probe<R, Spawned>>) -> S,
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
                if call.is_rehearsal() {
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
                Ok((!call.is_rehearsal()).then(|| (self.function)($($name),*).0))
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
    };
}

runners! {
    runner_0 runner_async_0 ();
    runner_1 runner_async_1 (V0 p0);
    runner_2 runner_async_2 (V0 p0, V1 p1);
    runner_3 runner_async_3 (V0 p0, V1 p1, V2 p2);
    runner_4 runner_async_4 (V0 p0, V1 p1, V2 p2, V3 p3);
    runner_5 runner_async_5 (V0 p0, V1 p1, V2 p2, V3 p3, V4 p4);
    runner_6 runner_async_6 (V0 p0, V1 p1, V2 p2, V3 p3, V4 p4, V5 p5);
    runner_7 runner_async_7 (V0 p0, V1 p1, V2 p2, V3 p3, V4 p4, V5 p5, V6 p6);
    runner_8 runner_async_8 (V0 p0, V1 p1, V2 p2, V3 p3, V4 p4, V5 p5, V6 p6, V7 p7);
    runner_9 runner_async_9 (V0 p0, V1 p1, V2 p2, V3 p3, V4 p4, V5 p5, V6 p6, V7 p7, V8 p8);
    runner_10 runner_async_10 (V0 p0, V1 p1, V2 p2, V3 p3, V4 p4, V5 p5, V6 p6, V7 p7, V8 p8, V9 p9);
    runner_11 runner_async_11 (V0 p0, V1 p1, V2 p2, V3 p3, V4 p4, V5 p5, V6 p6, V7 p7, V8 p8, V9 p9, V10 p10);
    runner_12 runner_async_12 (V0 p0, V1 p1, V2 p2, V3 p3, V4 p4, V5 p5, V6 p6, V7 p7, V8 p8, V9 p9, V10 p10, V11 p11);
    runner_13 runner_async_13 (V0 p0, V1 p1, V2 p2, V3 p3, V4 p4, V5 p5, V6 p6, V7 p7, V8 p8, V9 p9, V10 p10, V11 p11, V12 p12);
    runner_14 runner_async_14 (V0 p0, V1 p1, V2 p2, V3 p3, V4 p4, V5 p5, V6 p6, V7 p7, V8 p8, V9 p9, V10 p10, V11 p11, V12 p12, V13 p13);
    runner_15 runner_async_15 (V0 p0, V1 p1, V2 p2, V3 p3, V4 p4, V5 p5, V6 p6, V7 p7, V8 p8, V9 p9, V10 p10, V11 p11, V12 p12, V13 p13, V14 p14);
    runner_16 runner_async_16 (V0 p0, V1 p1, V2 p2, V3 p3, V4 p4, V5 p5, V6 p6, V7 p7, V8 p8, V9 p9, V10 p10, V11 p11, V12 p12, V13 p13, V14 p14, V15 p15);
}
