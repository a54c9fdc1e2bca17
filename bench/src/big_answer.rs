//! tbd
pub(crate) fn run(_: &mut crate::table::Table) -> anyhow::Result<()> { Ok(()) }
