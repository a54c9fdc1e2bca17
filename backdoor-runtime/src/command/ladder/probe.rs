//! The choice of rungs by autoref. Each trait here is implemented for a probe behind fewer and fewer `&`; generated code calls the
//! method with the most, and the compiler goes down to the first whose bounds hold. The methods have names that no trait of the
//! author's has: one that is implemented for every type would be found first.

use std::fmt::Display;
use std::marker::PhantomData;

use futures_core::Stream;
use serde::Serialize;

use crate::command::CommandOutput;
use crate::command::ladder::rungs::{
    ByDebug, ByDisplay, ByFamiliar, ByItself, ByOutput, BySerialize, ByText, ByValue, InStream, InTurn,
    InTurns, NoItem, ReplyError, ReplyType,
};
use crate::command::ladder::show::{Blocking, InPieces, Spawned};
use crate::reply::familiar::Familiar;

/// Stands for a type whose rungs are looked up, and the mode in which its function is called.
pub struct Probe<T, M>(PhantomData<fn() -> (T, M)>);

impl<T, M> Probe<T, M> {
    pub(crate) const NEW: Self = Self(PhantomData);
}

/// Peels `Result`.
pub struct FromResult<E>(PhantomData<fn() -> E>);
/// Peels `Option`.
pub struct FromOption;
/// Leaves the reply as it is.
pub struct AsItIs;

impl<T, E, M> Probe<Result<T, E>, M> {
    /// Looks through the `Result`.
    pub fn backdoor_peel(&self) -> (FromResult<E>, Probe<T, M>)
    where
        E: ReplyError,
    {
        (FromResult(PhantomData), Probe::NEW)
    }
}

impl<T, M> Probe<Option<T>, M> {
    /// Looks through the `Option`.
    pub fn backdoor_peel(&self) -> (FromOption, Probe<T, M>) {
        (FromOption, Probe::NEW)
    }
}

/// Finds nothing to look through. What a `Result` and an `Option` have themselves comes before it.
pub trait Peel {
    /// The probe where there is nothing left to look through.
    type Peeled;
    /// The step, and the probe for what is left.
    fn backdoor_peel(&self) -> (AsItIs, Self::Peeled);
}

impl<T, M> Peel for Probe<T, M> {
    type Peeled = Peeled<T, M>;

    fn backdoor_peel(&self) -> (AsItIs, Peeled<T, M>) {
        (AsItIs, Peeled(PhantomData))
    }
}

/// Stands for a type that is neither a `Result` nor an `Option`, which spares the compiler to ask again.
pub struct Peeled<T, M>(PhantomData<fn() -> (T, M)>);

impl<T, M> Peeled<T, M> {
    /// Leaves it as it is.
    pub fn backdoor_peel(&self) -> (AsItIs, Self) {
        (AsItIs, Self(PhantomData))
    }

    /// The probe for the type.
    pub fn backdoor_within(&self) -> Probe<T, M> {
        Probe::NEW
    }
}

impl<T, M> Probe<T, M> {
    /// Itself: a type that was peeled as often as it is looked at.
    pub fn backdoor_within(&self) -> Self {
        Self::NEW
    }
}

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
person!([&&&&&] <M> Stream, Probe<T, M>, InStream<T::Item> = InStream(PhantomData), (), T);
person!([&&&&] <> Iterator, Probe<T, Spawned>, InTurns<T::Item> = InTurns(PhantomData), (), T);
person!([&&&&] <> Iterator, Probe<T, Blocking>, InTurn<T::Item> = InTurn(PhantomData), (), ());
person!([&&&] <M> Display, Probe<T, M>, ByDisplay = ByDisplay, (), ());
person!([&&] <M> Familiar, Probe<T, M>, ByFamiliar = ByFamiliar, (), ());
person!([&] <M> Serialize, Probe<T, M>, ByValue = ByValue, (), ());
person!([] <M> Sized, Probe<T, M>, ByDebug = ByDebug, T, ());

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
piece!([] Sized, ByDebug = ByDebug, T);

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

/// Stands for the items of a reply that comes whole. It answers by itself what a [`Probe`] is asked.
pub struct NoItems;

impl NoItems {
    /// Leaves them as they are.
    pub fn backdoor_peel(&self) -> (AsItIs, Self) {
        (AsItIs, Self)
    }

    /// Itself.
    pub fn backdoor_within(&self) -> Self {
        Self
    }

    /// No rung.
    pub fn backdoor_piece(&self) -> NoItem {
        NoItem
    }

    /// No rung.
    pub fn backdoor_machine(&self) -> NoItem {
        NoItem
    }
}
