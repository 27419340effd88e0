pub fn linkcheck(_: &std::path::Path) -> anyhow::Result<std::path::PathBuf> {
    Ok("x".into())
}
