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

/// A function, with what is needed to call it. `T` takes its arguments and has no size, `F` is the pointer, `S` shows its reply.
pub struct Runner<T, F, S> {
    takers: T,
    function: F,
    show: PhantomData<fn() -> S>,
}

/// The runners of functions with so many parameters: of an `fn`, and of an `async fn`. The ladder is climbed by the compiler alone:
/// what it gives are types. What they have to be is asked where the runner becomes a trait object, and nowhere else.
macro_rules! runners {
    ($($runner:ident $runner_async:ident ($($taker:ident $value:ident $name:ident),*);)*) => {
        $(runners!(@ $runner $runner_async $($taker $value $name)*);)*
    };
    (@ $runner:ident $runner_async:ident $($taker:ident $value:ident $name:ident)*) => {
        /// The runner of an `fn`.
        #[allow(clippy::too_many_arguments)]
        pub const fn $runner<$($taker: Copy, $value,)* R: 'static, S>(
            $($name: $taker,)*
            function: fn($($value),*) -> R,
            _ladder: fn(Layered<Probe<R, Blocking>>) -> S,
        ) -> Runner<($($taker,)*), fn($($value),*) -> R, S> {
            Runner { takers: ($($name,)*), function, show: PhantomData }
        }

        /// The runner of an `async fn`.
        #[allow(clippy::too_many_arguments)]
        pub const fn $runner_async<$($taker: Copy, $value,)* R: 'static, S>(
            $($name: $taker,)*
            function: fn($($value),*) -> Boxed<R>,
            _ladder: fn(Layered<Probe<R, Spawned>>) -> S,
        ) -> Runner<($($taker,)*), fn($($value),*) -> Boxed<R>, S> {
            Runner { takers: ($($name,)*), function, show: PhantomData }
        }

        impl<$($taker, $value,)* R, S> runner::Run for Runner<($($taker,)*), fn($($value),*) -> R, S>
        where
            $($taker: Fn(&mut Call<'_>) -> Result<$value, Failure> + Sync,)*
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

        impl<$($taker, $value,)* R: 'static, S> runner::RunAsync for Runner<($($taker,)*), fn($($value),*) -> Boxed<R>, S>
        where
            $($taker: Fn(&mut Call<'_>) -> Result<$value, Failure> + Sync,)*
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
    runner_1 runner_async_1 (T0 V0 p0);
    runner_2 runner_async_2 (T0 V0 p0, T1 V1 p1);
    runner_3 runner_async_3 (T0 V0 p0, T1 V1 p1, T2 V2 p2);
    runner_4 runner_async_4 (T0 V0 p0, T1 V1 p1, T2 V2 p2, T3 V3 p3);
    runner_5 runner_async_5 (T0 V0 p0, T1 V1 p1, T2 V2 p2, T3 V3 p3, T4 V4 p4);
    runner_6 runner_async_6 (T0 V0 p0, T1 V1 p1, T2 V2 p2, T3 V3 p3, T4 V4 p4, T5 V5 p5);
    runner_7 runner_async_7 (T0 V0 p0, T1 V1 p1, T2 V2 p2, T3 V3 p3, T4 V4 p4, T5 V5 p5, T6 V6 p6);
    runner_8 runner_async_8 (T0 V0 p0, T1 V1 p1, T2 V2 p2, T3 V3 p3, T4 V4 p4, T5 V5 p5, T6 V6 p6, T7 V7 p7);
    runner_9 runner_async_9 (T0 V0 p0, T1 V1 p1, T2 V2 p2, T3 V3 p3, T4 V4 p4, T5 V5 p5, T6 V6 p6, T7 V7 p7, T8 V8 p8);
    runner_10 runner_async_10 (T0 V0 p0, T1 V1 p1, T2 V2 p2, T3 V3 p3, T4 V4 p4, T5 V5 p5, T6 V6 p6, T7 V7 p7, T8 V8 p8, T9 V9 p9);
    runner_11 runner_async_11 (T0 V0 p0, T1 V1 p1, T2 V2 p2, T3 V3 p3, T4 V4 p4, T5 V5 p5, T6 V6 p6, T7 V7 p7, T8 V8 p8, T9 V9 p9, T10 V10 p10);
    runner_12 runner_async_12 (T0 V0 p0, T1 V1 p1, T2 V2 p2, T3 V3 p3, T4 V4 p4, T5 V5 p5, T6 V6 p6, T7 V7 p7, T8 V8 p8, T9 V9 p9, T10 V10 p10, T11 V11 p11);
    runner_13 runner_async_13 (T0 V0 p0, T1 V1 p1, T2 V2 p2, T3 V3 p3, T4 V4 p4, T5 V5 p5, T6 V6 p6, T7 V7 p7, T8 V8 p8, T9 V9 p9, T10 V10 p10, T11 V11 p11, T12 V12 p12);
    runner_14 runner_async_14 (T0 V0 p0, T1 V1 p1, T2 V2 p2, T3 V3 p3, T4 V4 p4, T5 V5 p5, T6 V6 p6, T7 V7 p7, T8 V8 p8, T9 V9 p9, T10 V10 p10, T11 V11 p11, T12 V12 p12, T13 V13 p13);
    runner_15 runner_async_15 (T0 V0 p0, T1 V1 p1, T2 V2 p2, T3 V3 p3, T4 V4 p4, T5 V5 p5, T6 V6 p6, T7 V7 p7, T8 V8 p8, T9 V9 p9, T10 V10 p10, T11 V11 p11, T12 V12 p12, T13 V13 p13, T14 V14 p14);
    runner_16 runner_async_16 (T0 V0 p0, T1 V1 p1, T2 V2 p2, T3 V3 p3, T4 V4 p4, T5 V5 p5, T6 V6 p6, T7 V7 p7, T8 V8 p8, T9 V9 p9, T10 V10 p10, T11 V11 p11, T12 V12 p12, T13 V13 p13, T14 V14 p14, T15 V15 p15);
}
