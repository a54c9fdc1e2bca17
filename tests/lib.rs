//! Nothing but a place for the tests of the workspace: see `it` and `ui`.
