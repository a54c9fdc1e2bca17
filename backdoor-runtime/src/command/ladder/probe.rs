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
    ByDebug, ByDisplay, ByFamiliar, ByItself, ByOutput, BySerialize, ByText, ByValue, InStream, InTurn,
    ReplyError, ReplyType,
};
use crate::command::ladder::show::{Blocking, InPieces, Spawned};
use crate::reply::familiar::Familiar;

/// Stands for a type whose rungs are looked up, and the mode in which its function is called.
pub struct Probe<T, M>(PhantomData<fn() -> (T, M)>);

impl<T, M> Probe<T, M> {
    pub(crate) const NEW: Self = Self(PhantomData);
}

/// Stands for what a function returns.
pub fn returned<A, R>(_function: &fn(A) -> R) -> Probe<R, Blocking> {
    Probe::NEW
}

/// Stands for what the future of a function gives.
pub fn awaited<A, F: Future>(_function: &fn(A) -> F) -> Probe<F::Output, Spawned> {
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
    /// The mode.
    type Mode;
    /// The step, and the probe for what is left.
    fn backdoor_peel(&self) -> (Self::Step, Probe<Self::Inner, Self::Mode>)
    where
        Self::Error: ReplyError;
}

macro_rules! peel {
    ([$($depth:tt)*] <$($parameter:ident),*> $type:ty, $step:ty = $make:expr, $inner:ty, $error:ty) => {
        impl<$($parameter,)* M> Peel for $($depth)* Probe<$type, M> {
            type Step = $step;
            type Inner = $inner;
            type Error = $error;
            type Mode = M;

            fn backdoor_peel(&self) -> ($step, Probe<$inner, M>)
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
    /// The type where its pieces are taken by a task of the console's.
    type Pieces;
    /// The rung.
    fn backdoor_person(&self) -> Self::Rung
    where
        Self::Last: ReplyType,
        Self::Pieces: InPieces;
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

macro_rules! person {
    ([$($depth:tt)*] <$($mode:ident)?> $bound:path, $probe:ty, $rung:ty = $make:expr, $last:ty, $pieces:ty) => {
        impl<T: $bound, $($mode)?> Person for $($depth)* $probe {
            type Rung = $rung;
            type Last = $last;
            type Pieces = $pieces;

            fn backdoor_person(&self) -> $rung
            where
                $last: ReplyType,
                $pieces: InPieces,
            {
                $make
            }
        }
    };
}

person!([&&&&&&] <M> CommandOutput, Probe<T, M>, ByOutput = ByOutput, (), ());
person!([&&&&&] <M> Stream, Probe<T, M>, InStream<T, T::Item> = InStream::of_stream(), (), T);
person!([&&&&] <> Iterator, Probe<T, Spawned>, InStream<T, T::Item> = InStream::of_iterator(), (), T);
person!([&&&&] <> Iterator, Probe<T, Blocking>, InTurn<T::Item> = InTurn::RUNG, (), ());
person!([&&&] <M> Display, Probe<T, M>, ByDisplay = ByDisplay, (), ());
person!([&&] <M> Familiar, Probe<T, M>, ByFamiliar = ByFamiliar, (), ());
person!([&] <M> Serialize, Probe<T, M>, ByValue = ByValue, (), ());
person!([] <M> Sized, Probe<T, M>, ByDebug<T> = ByDebug(T::pretty), T, ());

/// Text is not written out again, which would take its size twice.
impl<M> Person for &&&&&&Probe<String, M> {
    type Rung = ByItself;
    type Last = ();
    type Pieces = ();

    fn backdoor_person(&self) -> ByItself
    where
        (): ReplyType + InPieces,
    {
        ByItself
    }
}

macro_rules! piece {
    ([$($depth:tt)*] $bound:path, $rung:ty = $make:expr, $last:ty) => {
        impl<T: $bound, M> Piece for $($depth)* Probe<T, M> {
            type Rung = $rung;
            type Last = $last;

            fn backdoor_piece(&self) -> $rung
            where
                $last: ReplyType,
            {
                $make
            }
        }
    };
}

piece!([&&&&] CommandOutput, ByOutput = ByOutput, ());
piece!([&&&] Display, ByDisplay = ByDisplay, ());
piece!([&&] Familiar, ByFamiliar = ByFamiliar, ());
piece!([&] Serialize, ByValue = ByValue, ());
piece!([] Sized, ByDebug<T> = ByDebug(T::pretty), T);

/// How a machine sees a type. Called as `(&&&probe).backdoor_machine()`.
pub trait ForMachine {
    /// The rung.
    type Rung;
    /// The rung.
    fn backdoor_machine(&self) -> Self::Rung;
}

macro_rules! machine {
    ([$($depth:tt)*] $bound:path, $rung:ident) => {
        impl<T: $bound, M> ForMachine for $($depth)* Probe<T, M> {
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
