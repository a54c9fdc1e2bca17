//! Waits for the first of two futures, or for both. So the console needs no macros of tokio, whose crate each first build would compile.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

/// The output of the future that ended first.
#[derive(Debug, PartialEq)]
pub(crate) enum First<A, B> {
    Left(A),
    Right(B),
}

/// Waits for the first of two, and drops the other with the wait. If both are ready, it is the left one.
pub(crate) fn race<A: Future, B: Future>(left: A, right: B) -> Race<A, B> {
    Race { left, right }
}

/// Waits for both, which are polled in turn.
pub(crate) async fn both<A: Future, B: Future>(left: A, right: B) -> (A::Output, B::Output) {
    let (mut left, mut right) = (Box::pin(left), Box::pin(right));
    match race(&mut left, &mut right).await {
        First::Left(done) => (done, right.await),
        First::Right(done) => (left.await, done),
    }
}

pin_project! {
    /// A wait for the first of two.
    pub(crate) struct Race<A, B> {
        #[pin]
        left: A,
        #[pin]
        right: B,
    }
}

impl<A: Future, B: Future> Future for Race<A, B> {
    type Output = First<A::Output, B::Output>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.left.poll(context) {
            Poll::Ready(done) => Poll::Ready(First::Left(done)),
            Poll::Pending => this.right.poll(context).map(First::Right),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn first_of_two_is_the_one_that_is_ready() {
        assert_eq!(race(ready(1), ready(2)).await, First::Left(1));
        assert_eq!(race(pending::<u8>(), ready(2)).await, First::Right(2));
    }

    #[tokio::test]
    async fn both_are_waited_for_in_any_order() {
        let late = async |number| {
            yield_now().await;
            number
        };
        assert_eq!(both(ready(1), late(2)).await, (1, 2));
        assert_eq!(both(late(1), ready(2)).await, (1, 2));
    }
}
