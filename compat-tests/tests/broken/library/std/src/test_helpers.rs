pub(crate) fn answer() -> u32 {
    42
}
