//! Authors' errors and the compiler's messages: see `ui/README.md`.

#[test]
fn compile_fail() {
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}
