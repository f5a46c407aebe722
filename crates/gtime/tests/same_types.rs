//! Every name of `std::time`, and each the very one.

/// Compiles where the value has that very type.
fn has_type<T>(_: T) {}

#[test]
fn every_name_is_that_of_std() {
    has_type::<fn(std::time::Duration) -> gtime::Duration>(|same| same);
    has_type::<fn(std::time::Instant) -> gtime::Instant>(|same| same);
    has_type::<fn(std::time::SystemTime) -> gtime::SystemTime>(|same| same);
    has_type::<fn(std::time::SystemTimeError) -> gtime::SystemTimeError>(|same| same);
    has_type::<fn(std::time::TryFromFloatSecsError) -> gtime::TryFromFloatSecsError>(|same| same);
    assert_eq!(gtime::UNIX_EPOCH, std::time::UNIX_EPOCH);
}
