//! The mistakes that authors make, and what the compiler says of them: see `ui/README.md`.

#[test]
fn compile_fail() {
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}
