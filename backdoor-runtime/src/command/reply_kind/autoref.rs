//! Selects the kind of a reply by autoref. Each trait here is implemented for a probe behind fewer and fewer `&`; generated code calls the
//! method on the most, and the compiler continues to the first implementation whose bounds hold. The names of the methods are unlikely in
//! the author's traits: a trait that is implemented for every type would be found first. Only the types of the methods matter, so none of
//! them runs.
//!
//! Of all parts of a command, this selection cost the compiler most. So one call finds all facts about a type, its result is the next probe
//! with its `&`, and the earlier results are part of the probe's type: generated code is one chain of calls.

use std::convert::Infallible;
use std::error::Error;
use std::fmt::Display;
use std::marker::PhantomData;

use futures_core::Stream;
use serde_core::Serialize;

use crate::command::reply_kind::error::{ReplyError, TextAlone, WithSources};
use crate::command::reply_kind::kinds::{
    ByDebug, ByDisplay, ByFamiliar, ByItems, ByItself, ByOutput, BySerialize, ByText, ByValue, Collection,
    InStream, InTurn, InTurns, NoItem, ReplyType,
};
use crate::command::reply_kind::show::{AsItIs, Blocking, InPieces, Layer, Spawned, Through, Whole};
use crate::reply::CommandOutput;
use crate::reply::std_display::Familiar;

/// Represents a type whose kind is selected, and the mode of its function. `F` has the earlier results.
pub struct Probe<T, M, F = ()>(PhantomData<(T, M, F)>);

/// A probe for the layers, with one more `&`.
pub(crate) type Layered<P> = &'static &'static &'static &'static &'static &'static P;

/// A probe for the kind.
pub(crate) type Climbed<P> = &'static &'static &'static &'static Layered<P>;

/// Finds up to three layers of `Result` and `Option`. Errors are shown with their sources if all of them implement `Error`; that of an
/// `Option`, which never occurs, does. Called on a reference to a `Layered` probe.
pub trait Peel {
    /// The probe for the innermost type, with the layers.
    type Peeled;
    /// The error of the first layer.
    type One;
    /// The error of the second layer.
    type Two;
    /// The error of the third layer.
    type Three;
    /// The probe for the innermost type.
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

/// This many layers, whose errors are shown by `K`.
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

/// The kind of a type: its text for a person and its value for a program. Called on a `Climbed` probe.
pub trait ReplyKind {
    /// The probe for the type's items, with the kind.
    type Items;
    /// The type itself if it needs the last kind, which exists for every type and reports an error if the type does not fit.
    type Last;
    /// The type itself if a task of the console takes its pieces.
    type Pieces;
    /// The probe for the items.
    fn backdoor_kind(&self) -> Self::Items
    where
        Self::Last: ReplyType,
        Self::Pieces: InPieces,
    {
        asked_for_its_type()
    }
}

/// The kind of one item of a reply in pieces; the item itself is not in pieces. Called on a `Climbed` probe.
pub trait Piece {
    /// All results.
    type Found;
    /// As in [`ReplyKind`].
    type Last;
    /// All results.
    fn backdoor_piece(&self) -> Self::Found
    where
        Self::Last: ReplyType,
    {
        asked_for_its_type()
    }
}

macro_rules! in_pieces {
    ([$($depth:tt)*] <$($mode:ident)?> $bound:ident, $mode_type:ty, $kind:ty, $pieces:ty) => {
        impl<T: $bound<Item: 'static>, $($mode,)? L: 'static> ReplyKind for $($depth)* Probe<T, $mode_type, ((), L)> {
            type Items = &'static Layered<Probe<T::Item, Spawned, (L, $kind)>>;
            type Last = ();
            type Pieces = $pieces;
        }
    };
}

macro_rules! whole {
    ([$($depth:tt)*] $($bound:path),+ => $text:ident, $machine:ident, $last:ty) => {
        impl<T: $($bound +)+, M, L> ReplyKind for $($depth)* Probe<T, M, ((), L)> {
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

/// Text is not written again, because that would need its size twice.
impl<M, L> ReplyKind for &&&&&&&&&Probe<String, M, ((), L)> {
    type Items = NoItems<(L, ByItself)>;
    type Last = ();
    type Pieces = ();
}

/// Represents the items of a reply that is not in pieces.
pub struct NoItems<F>(PhantomData<fn() -> F>);

impl<F> NoItems<F> {
    /// There are no layers.
    pub fn backdoor_peel(self) -> Self {
        asked_for_its_type()
    }

    /// All results.
    pub fn backdoor_piece(self) -> (F, NoItem) {
        asked_for_its_type()
    }
}

/// The body of each method here.
fn asked_for_its_type<T>() -> T {
    unreachable!("it is asked for its type alone")
}
