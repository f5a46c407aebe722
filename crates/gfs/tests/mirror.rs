//! The surface: every name of `std::fs`, with the signature and the traits that it has there.

use std::ffi::OsString;
use std::fmt::Debug;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::SystemTime;

use gfs::{
    DirBuilder, DirEntry, File, FileTimes, FileType, Metadata, OpenOptions, Permissions, ReadDir,
    TryLockError,
};

/// Compiles where the value has that very type.
fn has_type<T>(_: T) {}

type Text = &'static str;

#[test]
fn methods_of_files() {
    has_type::<fn(Text) -> io::Result<File>>(File::open);
    has_type::<fn(Text) -> io::Result<File>>(File::create);
    has_type::<fn(Text) -> io::Result<File>>(File::create_new);
    has_type::<fn() -> OpenOptions>(File::options);
    has_type::<fn(&File) -> io::Result<()>>(File::sync_all);
    has_type::<fn(&File) -> io::Result<()>>(File::sync_data);
    has_type::<fn(&File) -> io::Result<()>>(File::lock);
    has_type::<fn(&File) -> io::Result<()>>(File::lock_shared);
    has_type::<fn(&File) -> Result<(), TryLockError>>(File::try_lock);
    has_type::<fn(&File) -> Result<(), TryLockError>>(File::try_lock_shared);
    has_type::<fn(&File) -> io::Result<()>>(File::unlock);
    has_type::<fn(&File, u64) -> io::Result<()>>(File::set_len);
    has_type::<fn(&File) -> io::Result<Metadata>>(File::metadata);
    has_type::<fn(&File) -> io::Result<File>>(File::try_clone);
    has_type::<fn(&File, Permissions) -> io::Result<()>>(File::set_permissions);
    has_type::<fn(&File, FileTimes) -> io::Result<()>>(File::set_times);
    has_type::<fn(&File, SystemTime) -> io::Result<()>>(File::set_modified);
}

#[test]
fn methods_of_options_and_entries() {
    type Options = OpenOptions;
    has_type::<fn() -> Options>(Options::new);
    for option in [
        Options::read as fn(&mut Options, bool) -> &mut Options,
        Options::write,
        Options::append,
        Options::truncate,
        Options::create,
        Options::create_new,
    ] {
        option(&mut Options::new(), false);
    }
    has_type::<fn(&Options, Text) -> io::Result<File>>(Options::open);
    has_type::<fn() -> DirBuilder>(DirBuilder::new);
    has_type::<fn(&mut DirBuilder, bool) -> &mut DirBuilder>(DirBuilder::recursive);
    has_type::<fn(&DirBuilder, Text) -> io::Result<()>>(DirBuilder::create);
    has_type::<fn(&DirEntry) -> PathBuf>(DirEntry::path);
    has_type::<fn(&DirEntry) -> io::Result<Metadata>>(DirEntry::metadata);
    has_type::<fn(&DirEntry) -> io::Result<FileType>>(DirEntry::file_type);
    has_type::<fn(&DirEntry) -> OsString>(DirEntry::file_name);
}

#[test]
fn functions() {
    has_type::<fn(Text) -> io::Result<PathBuf>>(gfs::canonicalize);
    has_type::<fn(Text, Text) -> io::Result<u64>>(gfs::copy);
    has_type::<fn(Text) -> io::Result<()>>(gfs::create_dir);
    has_type::<fn(Text) -> io::Result<()>>(gfs::create_dir_all);
    has_type::<fn(Text) -> io::Result<bool>>(gfs::exists);
    has_type::<fn(Text, Text) -> io::Result<()>>(gfs::hard_link);
    has_type::<fn(Text) -> io::Result<Metadata>>(gfs::metadata);
    has_type::<fn(Text) -> io::Result<Vec<u8>>>(gfs::read);
    has_type::<fn(Text) -> io::Result<ReadDir>>(gfs::read_dir);
    has_type::<fn(Text) -> io::Result<PathBuf>>(gfs::read_link);
    has_type::<fn(Text) -> io::Result<String>>(gfs::read_to_string);
    has_type::<fn(Text) -> io::Result<()>>(gfs::remove_dir);
    has_type::<fn(Text) -> io::Result<()>>(gfs::remove_dir_all);
    has_type::<fn(Text) -> io::Result<()>>(gfs::remove_file);
    has_type::<fn(Text, Text) -> io::Result<()>>(gfs::rename);
    has_type::<fn(Text, Permissions) -> io::Result<()>>(gfs::set_permissions);
    has_type::<fn(Text) -> io::Result<Metadata>>(gfs::symlink_metadata);
    has_type::<fn(Text, [u8; 3]) -> io::Result<()>>(gfs::write);
    #[expect(deprecated, reason = "std has it still")]
    has_type::<fn(Text, Text) -> io::Result<()>>(gfs::soft_link);
    has_type::<fn(Text, Text) -> io::Result<()>>(gfs::unix::symlink);
    has_type::<fn(Text, Option<u32>, Option<u32>) -> io::Result<()>>(gfs::unix::chown);
    has_type::<fn(Text, Option<u32>, Option<u32>) -> io::Result<()>>(gfs::unix::lchown);
    has_type::<fn(&'static File, Option<u32>, Option<u32>) -> io::Result<()>>(gfs::unix::fchown);
    has_type::<fn(Text) -> io::Result<()>>(gfs::unix::chroot);
}

#[test]
fn traits() {
    fn everyones<T: Debug + Send + Sync + UnwindSafe + RefUnwindSafe + Unpin>() {}
    fn files<T: Read + Write + Seek>() {}
    fn descriptors<T>()
    where
        T: AsFd + AsRawFd + IntoRawFd + FromRawFd + From<OwnedFd> + From<std::fs::File> + 'static,
        OwnedFd: From<T>,
        Stdio: From<T>,
        std::fs::File: From<T>,
    {
    }
    fn iterators<T: Iterator<Item = io::Result<DirEntry>>>() {}

    everyones::<File>();
    everyones::<OpenOptions>();
    everyones::<DirBuilder>();
    everyones::<DirEntry>();
    everyones::<ReadDir>();
    files::<File>();
    files::<&File>();
    descriptors::<File>();
    iterators::<ReadDir>();
    has_type::<fn(&OpenOptions) -> OpenOptions>(Clone::clone);
}

#[test]
fn traits_of_unix_are_those_of_std() {
    fn file<T: std::os::unix::fs::FileExt>() {}
    fn options<T: std::os::unix::fs::OpenOptionsExt>() {}
    fn builder<T: std::os::unix::fs::DirBuilderExt>() {}
    fn entry<T: std::os::unix::fs::DirEntryExt>() {}
    fn values<M: gfs::unix::MetadataExt + gfs::linux::MetadataExt>() {}
    fn permissions<T: gfs::unix::PermissionsExt>() {}
    fn file_type<T: gfs::unix::FileTypeExt>() {}

    file::<File>();
    options::<OpenOptions>();
    builder::<DirBuilder>();
    entry::<DirEntry>();
    values::<std::fs::Metadata>();
    permissions::<std::fs::Permissions>();
    file_type::<std::fs::FileType>();
}

#[test]
fn values_are_those_of_std() {
    has_type::<fn(std::fs::FileTimes) -> FileTimes>(|same| same);
    has_type::<fn(std::fs::FileType) -> FileType>(|same| same);
    has_type::<fn(std::fs::Metadata) -> Metadata>(|same| same);
    has_type::<fn(std::fs::Permissions) -> Permissions>(|same| same);
    has_type::<fn(std::fs::TryLockError) -> TryLockError>(|same| same);
}
