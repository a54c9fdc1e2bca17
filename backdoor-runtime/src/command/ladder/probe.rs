//! The choice of rungs by autoref. Each trait here is implemented for a probe behind fewer and fewer `&`; generated code calls the
//! method with the most, and the compiler goes down to the first whose bounds hold. The methods have names that no trait of the
//! author's has: one that is implemented for every type would be found first.

use std::fmt::Display;
use std::future::Future;
use std::marker::PhantomData;

use futures_core::Stream;
use serde::Serialize;

use crate::command::CommandOutput;
use crate::command::ladder::rungs::{
    ByDebug, ByDisplay, ByFamiliar, ByOutput, BySerialize, ByText, ByValue, InStream, InTurn, ReplyError,
    ReplyType,
};
use crate::reply::familiar::Familiar;

/// Stands for a type whose rungs are looked up.
pub struct Probe<T>(PhantomData<fn() -> T>);

impl<T> Probe<T> {
    pub(crate) const NEW: Self = Self(PhantomData);
}

/// Stands for what a function returns.
pub fn returned<A, R>(_function: &fn(A) -> R) -> Probe<R> {
    Probe::NEW
}

/// Stands for what the future of a function gives.
pub fn awaited<A, F: Future>(_function: &fn(A) -> F) -> Probe<F::Output> {
    Probe::NEW
}

/// Peels `Result`, and knows how its error is read.
pub struct FromResult<E>(pub(crate) fn(&E) -> String);
/// Peels `Option`.
#[derive(Clone, Copy)]
pub struct FromOption;
/// Leaves the reply as it is.
#[derive(Clone, Copy)]
pub struct AsItIs;

impl<E> Clone for FromResult<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for FromResult<E> {}

/// Looks through a `Result` or an `Option`. Called as `(&&probe).backdoor_peel()`.
pub trait Peel {
    /// What to do with the reply.
    type Step;
    /// What is left of its type.
    type Inner;
    /// What an operator reads where there is an error.
    type Error;
    /// The step, and the probe for what is left.
    fn backdoor_peel(&self) -> (Self::Step, Probe<Self::Inner>)
    where
        Self::Error: ReplyError;
}

macro_rules! peel {
    ([$($depth:tt)*] <$($parameter:ident),*> $type:ty, $step:ty = $make:expr, $inner:ty, $error:ty) => {
        impl<$($parameter),*> Peel for $($depth)* Probe<$type> {
            type Step = $step;
            type Inner = $inner;
            type Error = $error;

            fn backdoor_peel(&self) -> ($step, Probe<$inner>)
            where
                $error: ReplyError,
            {
                ($make, Probe::NEW)
            }
        }
    };
}

peel!([&] <T, E> Result<T, E>, FromResult<E> = FromResult(E::text), T, E);
peel!([&] <T> Option<T>, FromOption = FromOption, T, String);
peel!([] <T> T, AsItIs = AsItIs, T, String);

/// How a person sees a type. Called as `(&&&&&&&probe).backdoor_person()`.
pub trait Person {
    /// The rung.
    type Rung;
    /// The type where it needs the last rung, which is there for every type and says what to do where it does not fit.
    type Last;
    /// The rung.
    fn backdoor_person(&self) -> Self::Rung
    where
        Self::Last: ReplyType;
}

/// How a person sees one item of a reply that comes in pieces, which does not come in pieces itself. Called as
/// `(&&&&&probe).backdoor_piece()`.
pub trait Piece {
    /// The rung.
    type Rung;
    /// As in [`Person`].
    type Last;
    /// The rung.
    fn backdoor_piece(&self) -> Self::Rung
    where
        Self::Last: ReplyType;
}

macro_rules! rung {
    ($trait:ident::$method:ident [$($depth:tt)*] $bound:path, $rung:ty = $make:expr, $last:ty) => {
        impl<T: $bound> $trait for $($depth)* Probe<T> {
            type Rung = $rung;
            type Last = $last;

            fn $method(&self) -> $rung
            where
                $last: ReplyType,
            {
                $make
            }
        }
    };
}

rung!(Person::backdoor_person [&&&&&&] CommandOutput, ByOutput = ByOutput, ());
rung!(Person::backdoor_person [&&&&&] Stream, InStream<T::Item> = InStream::RUNG, ());
rung!(Person::backdoor_person [&&&&] Iterator, InTurn<T::Item> = InTurn::RUNG, ());
rung!(Person::backdoor_person [&&&] Display, ByDisplay = ByDisplay, ());
rung!(Person::backdoor_person [&&] Familiar, ByFamiliar = ByFamiliar, ());
rung!(Person::backdoor_person [&] Serialize, ByValue = ByValue, ());
rung!(Person::backdoor_person [] Sized, ByDebug<T> = ByDebug(T::pretty), T);

rung!(Piece::backdoor_piece [&&&&] CommandOutput, ByOutput = ByOutput, ());
rung!(Piece::backdoor_piece [&&&] Display, ByDisplay = ByDisplay, ());
rung!(Piece::backdoor_piece [&&] Familiar, ByFamiliar = ByFamiliar, ());
rung!(Piece::backdoor_piece [&] Serialize, ByValue = ByValue, ());
rung!(Piece::backdoor_piece [] Sized, ByDebug<T> = ByDebug(T::pretty), T);

/// How a machine sees a type. Called as `(&&&probe).backdoor_machine()`.
pub trait ForMachine {
    /// The rung.
    type Rung;
    /// The rung.
    fn backdoor_machine(&self) -> Self::Rung;
}

macro_rules! machine {
    ([$($depth:tt)*] $bound:path, $rung:ident) => {
        impl<T: $bound> ForMachine for $($depth)* Probe<T> {
            type Rung = $rung;

            fn backdoor_machine(&self) -> $rung {
                $rung
            }
        }
    };
}

machine!([&&] CommandOutput, ByOutput);
machine!([&] Serialize, BySerialize);
machine!([] Sized, ByText);
