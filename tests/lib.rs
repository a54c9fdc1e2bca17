//! An empty library for the tests of the workspace: see `it` and `ui`.
