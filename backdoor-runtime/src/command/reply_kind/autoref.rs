//! The choice of rungs by autoref. Each trait here is implemented for a probe behind fewer and fewer `&`; generated code calls the
//! method with the most, and the compiler goes down to the first whose bounds hold. The methods have names that no trait of the
//! author's has: one that is implemented for every type would be found first. Nothing is asked of them but their types, so none runs.
//!
//! Of all that a command costs the compiler, this was the most. A call answers all that is asked of a type at once, what it gives is
//! the next probe with its `&`, and what was found before goes along in the probe's type: generated code is one chain of calls.

use std::convert::Infallible;
use std::error::Error;
use std::fmt::Display;
use std::marker::PhantomData;

use futures_core::Stream;
use serde::Serialize;

use crate::command::reply_kind::error::{ReplyError, TextAlone, WithSources};
use crate::command::reply_kind::kinds::{
    ByDebug, ByDisplay, ByFamiliar, ByItems, ByItself, ByOutput, BySerialize, ByText, ByValue, Collection,
    InStream, InTurn, InTurns, NoItem, ReplyType,
};
use crate::command::reply_kind::show::{AsItIs, Blocking, InPieces, Layer, Spawned, Through, Whole};
use crate::reply::CommandOutput;
use crate::reply::std_display::Familiar;

/// Stands for a type whose rungs are looked up, and the mode in which its function is called. `F` is what was found before.
pub struct Probe<T, M, F = ()>(PhantomData<(T, M, F)>);

/// A probe whose layers are looked up, behind one `&` more.
pub(crate) type Layered<P> = &'static &'static &'static &'static &'static &'static P;

/// A probe whose rung is looked up.
pub(crate) type Climbed<P> = &'static &'static &'static &'static Layered<P>;

/// Looks through `Result` and `Option`, three deep at most. Errors are shown with their sources where all of them are `Error`s, as that of an
/// `Option`, which cannot be, is. Called on a reference to a `Layered` probe.
pub trait Peel {
    /// The probe for what is inside, with the layers.
    type Peeled;
    /// The error of the first layer.
    type One;
    /// Of the second.
    type Two;
    /// Of the third.
    type Three;
    /// The probe for what is inside.
    fn backdoor_peel(&self) -> Self::Peeled
    where
        Self::One: ReplyError,
        Self::Two: ReplyError,
        Self::Three: ReplyError,
    {
        asked_for_its_type()
    }
}

type Inside<T> = <T as Layer>::Inside;
type ErrorOf<T> = <T as Layer>::Error;

macro_rules! peel {
    ([$($depth:tt)*] ($($bound:tt)*) $layers:ty, $inside:ty; $one:ty, $two:ty, $three:ty) => {
        impl<T: $($bound)* 'static, M: 'static, F: 'static> Peel for $($depth)* Probe<T, M, F> {
            type Peeled = Climbed<Probe<$inside, M, (F, $layers)>>;
            type One = $one;
            type Two = $two;
            type Three = $three;
        }
    };
}

/// The layers of this many, whose errors are shown as `K` says.
type One<K> = Through<AsItIs, K>;
type Two<K> = Through<One<K>, K>;
type Three<K> = Through<Two<K>, K>;

peel!(
    [&&&&&&] (Layer<Error: Error, Inside: Layer<Error: Error, Inside: Layer<Error: Error>>> +)
    Three<WithSources>, Inside<Inside<Inside<T>>>;
    ErrorOf<T>, ErrorOf<Inside<T>>, ErrorOf<Inside<Inside<T>>>
);
peel!(
    [&&&&&] (Layer<Inside: Layer<Inside: Layer>> +)
    Three<TextAlone>, Inside<Inside<Inside<T>>>;
    ErrorOf<T>, ErrorOf<Inside<T>>, ErrorOf<Inside<Inside<T>>>
);
peel!(
    [&&&&] (Layer<Error: Error, Inside: Layer<Error: Error>> +)
    Two<WithSources>, Inside<Inside<T>>;
    ErrorOf<T>, ErrorOf<Inside<T>>, Infallible
);
peel!(
    [&&&] (Layer<Inside: Layer> +)
    Two<TextAlone>, Inside<Inside<T>>;
    ErrorOf<T>, ErrorOf<Inside<T>>, Infallible
);
peel!([&&] (Layer<Error: Error> +) One<WithSources>, Inside<T>; ErrorOf<T>, Infallible, Infallible);
peel!([&] (Layer +) One<TextAlone>, Inside<T>; ErrorOf<T>, Infallible, Infallible);
peel!([] () AsItIs, T; Infallible, Infallible, Infallible);

/// How a person and a machine see a type. Called on a `Climbed` probe.
pub trait Rung {
    /// The probe for the type's items, with the rung.
    type Items;
    /// The type where it needs the last rung, which is there for every type and says what to do where it does not fit.
    type Last;
    /// The type where its pieces are taken by a task of the console's.
    type Pieces;
    /// The probe for the items.
    fn backdoor_rung(&self) -> Self::Items
    where
        Self::Last: ReplyType,
        Self::Pieces: InPieces,
    {
        asked_for_its_type()
    }
}

/// How one item of a reply that comes in pieces is seen, which does not come in pieces itself. Called on a `Climbed` probe.
pub trait Piece {
    /// All that was found.
    type Found;
    /// As in [`Rung`].
    type Last;
    /// All that was found.
    fn backdoor_piece(&self) -> Self::Found
    where
        Self::Last: ReplyType,
    {
        asked_for_its_type()
    }
}

macro_rules! in_pieces {
    ([$($depth:tt)*] <$($mode:ident)?> $bound:ident, $mode_type:ty, $rung:ty, $pieces:ty) => {
        impl<T: $bound<Item: 'static>, $($mode,)? L: 'static> Rung for $($depth)* Probe<T, $mode_type, ((), L)> {
            type Items = &'static Layered<Probe<T::Item, Spawned, (L, $rung)>>;
            type Last = ();
            type Pieces = $pieces;
        }
    };
}

macro_rules! whole {
    ([$($depth:tt)*] $($bound:path),+ => $text:ident, $machine:ident, $last:ty) => {
        impl<T: $($bound +)+, M, L> Rung for $($depth)* Probe<T, M, ((), L)> {
            type Items = NoItems<(L, Whole<$text, $machine>)>;
            type Last = $last;
            type Pieces = ();
        }

        impl<T: $($bound +)+, M, L, R, K> Piece for $($depth)* Probe<T, M, ((L, R), K)> {
            type Found = ((L, R), (K, Whole<$text, $machine>));
            type Last = $last;
        }
    };
}

whole!([&&&&&&&&&] CommandOutput => ByOutput, ByOutput, ());
in_pieces!([&&&&&&&&] <M> Stream, M, InStream<T::Item>, T);
in_pieces!([&&&&&&&] <> Iterator, Spawned, InTurns<T::Item>, T);
in_pieces!([&&&&&&&] <> Iterator, Blocking, InTurn<T::Item>, ());
whole!([&&&&&&] Display, Serialize => ByDisplay, BySerialize, ());
whole!([&&&&&] Display => ByDisplay, ByText, ());
whole!([&&&&] Familiar, Serialize => ByFamiliar, BySerialize, ());
whole!([&&&] Familiar => ByFamiliar, ByText, ());
whole!([&&] Serialize => ByValue, BySerialize, ());
whole!([&] Collection => ByItems, ByText, T::Item);
whole!([] Sized => ByDebug, ByText, T);

/// Text is not written out again, which would take its size twice.
impl<M, L> Rung for &&&&&&&&&Probe<String, M, ((), L)> {
    type Items = NoItems<(L, ByItself)>;
    type Last = ();
    type Pieces = ();
}

/// Stands for the items of a reply that comes whole.
pub struct NoItems<F>(PhantomData<fn() -> F>);

impl<F> NoItems<F> {
    /// There is nothing to look through.
    pub fn backdoor_peel(self) -> Self {
        asked_for_its_type()
    }

    /// All that was found.
    pub fn backdoor_piece(self) -> (F, NoItem) {
        asked_for_its_type()
    }
}

/// What each method here would do.
fn asked_for_its_type<T>() -> T {
    unreachable!("it is asked for its type alone")
}
