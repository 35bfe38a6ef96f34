pub(crate) fn run(_: &Options) -> anyhow::Result<()> { Ok(()) } #[derive(Debug, clap::Args)] pub(crate) struct Options {}
