//! The same small programs on `std::fs` and on this crate: every line of what they note down has
//! to be the same.

mod fixture;

use std::fmt::Debug;
use std::path::Path;

use fixture::{company, everywhere, folder};

/// What a program has seen, without the names and numbers that differ from run to run.
struct Notes<'a> {
    folder: &'a Path,
    lines: Vec<String>,
}

impl Notes<'_> {
    fn add(&mut self, seen: impl Debug) {
        let text = format!("{seen:?}").replace(self.folder.to_str().unwrap(), "FOLDER");
        let mut parts = text.split("fd: ");
        let mut line = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            line.push_str("fd: *");
            line.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
        }
        self.lines.push(line);
    }
}

/// Makes a test of a program that finds `std::fs`, or what mirrors it, under the name `fs`.
macro_rules! same_as_std {
    ($($name:ident: |$notes:ident, $at:ident| $program:block)*) => {$(
        #[test]
        fn $name() {
            fn with_std($notes: &mut Notes<'_>, $at: &dyn Fn(&str) -> PathBuf) {
                use std::fs;
                use std::os::unix::fs as unix;
                $program
            }
            fn with_gfs($notes: &mut Notes<'_>, $at: &dyn Fn(&str) -> PathBuf) {
                use gfs::{self as fs, unix};
                $program
            }
            fn noted(program: fn(&mut Notes<'_>, &dyn Fn(&str) -> PathBuf)) -> Vec<String> {
                let folder = folder();
                let mut notes = Notes { folder: folder.path(), lines: Vec::new() };
                program(&mut notes, &|name| folder.path().join(name));
                assert!(!notes.lines.is_empty());
                notes.lines
            }
            everywhere(|| {
                let std = noted(with_std);
                assert_eq!(noted(with_gfs), std);
                let _company = company();
                assert_eq!(noted(with_gfs), std);
            });
        }
    )*};
}

#[allow(unused_imports, reason = "not every program needs every one")]
mod programs {
    use std::io::{IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
    use std::os::unix::fs::{
        DirBuilderExt, DirEntryExt, FileExt, FileTypeExt, MetadataExt, OpenOptionsExt,
        PermissionsExt,
    };
    use std::path::PathBuf;
    use std::time::{Duration, SystemTime};

    use super::*;

    same_as_std! {
        opening: |notes, at| {
            notes.add(fs::File::open(at("missing")));
            notes.add(fs::File::open(at("missing/deeper")));
            notes.add(fs::File::open("a\0b"));
            notes.add(fs::File::open(""));
            notes.add(fs::File::create(at("file")));
            notes.add(fs::File::open(at("file")));
            notes.add(fs::File::open(at("file/deeper")));
            notes.add(fs::File::create_new(at("file")));
            notes.add(fs::File::create_new(at("new")));
            notes.add(fs::File::create(at(".")));
            notes.add(fs::File::open(at(".")));
            let long = "x".repeat(300);
            notes.add(fs::File::open(at(&long)));
            // Every way to set the options.
            for bits in 0..64_u32 {
                let mut options = fs::OpenOptions::new();
                options
                    .read(bits & 1 != 0)
                    .write(bits & 2 != 0)
                    .append(bits & 4 != 0)
                    .truncate(bits & 8 != 0)
                    .create(bits & 16 != 0)
                    .create_new(bits & 32 != 0);
                notes.add(&options);
                for name in ["file", "missing", "."] {
                    notes.add(options.open(at(name)));
                    let _ = fs::remove_file(at("missing"));
                }
            }
            let mut options = fs::OpenOptions::new();
            options.write(true).create(true).mode(0o640).custom_flags(0o200000);
            notes.add(&options);
            notes.add(options.open(at("file")));
            notes.add(options.open(at(".")));
            options.custom_flags(0);
            notes.add(options.open(at("private")));
            notes.add(fs::metadata(at("private")).map(|known| known.mode()));
        }

        reading_and_writing: |notes, at| {
            let path = at("file");
            let mut file = fs::File::options().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
            notes.add(file.write(b"hello, world"));
            notes.add(file.write(b""));
            notes.add(file.write_vectored(&[IoSlice::new(b"!"), IoSlice::new(b""), IoSlice::new(b"?")]));
            notes.add(file.write_vectored(&[]));
            notes.add(file.flush());
            notes.add(file.stream_position());
            let mut bytes = [0; 5];
            notes.add(file.read(&mut bytes));
            notes.add(file.seek(SeekFrom::Start(3)));
            notes.add((file.read(&mut bytes), bytes));
            notes.add(file.read(&mut []));
            notes.add(file.read_vectored(&mut []));
            let (mut one, mut two) = ([0; 2], [0; 50]);
            notes.add(file.read_vectored(&mut [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)]));
            notes.add((one, two));
            notes.add(file.seek(SeekFrom::End(-3)));
            notes.add(file.seek(SeekFrom::End(-300)));
            notes.add(file.seek(SeekFrom::Current(-300)));
            notes.add(file.seek(SeekFrom::Start(u64::MAX)));
            notes.add(file.seek(SeekFrom::Current(300)));
            notes.add(file.read(&mut bytes));
            notes.add(file.read_exact(&mut bytes));
            notes.add(file.rewind());
            let mut text = String::new();
            notes.add(file.read_to_string(&mut text));
            notes.add(&text);
            notes.add(file.write_at(&[0xFF], 3));
            notes.add(file.read_at(&mut bytes, 2));
            notes.add(file.read_at(&mut bytes, u64::MAX));
            notes.add(file.write_at(&bytes, u64::MAX));
            notes.add(file.read_exact_at(&mut bytes, 12));
            notes.add(file.write_all_at(b"end", 20));
            notes.add(file.rewind());
            notes.add(file.read_to_string(&mut text));
            notes.add(&text);
            notes.add(file.set_len(2));
            notes.add(file.set_len(u64::MAX));
            notes.add(fs::read(&path));
            notes.add(file.sync_all());
            notes.add(file.sync_data());
            let mut read_only = fs::File::open(&path).unwrap();
            notes.add(read_only.write(b"x"));
            notes.add(read_only.write(b""));
            notes.add(read_only.set_len(0));
            notes.add(read_only.write_at(b"x", 0));
            let mut write_only = fs::File::options().append(true).open(&path).unwrap();
            notes.add(write_only.read(&mut bytes));
            notes.add(write_only.read(&mut []));
            notes.add(write_only.read_to_end(&mut Vec::new()));
            notes.add(write_only.read_to_string(&mut text));
            notes.add(write_only.write(b"more"));
            notes.add(write_only.stream_position());
            let mut folder = fs::File::open(at(".")).unwrap();
            notes.add(folder.read(&mut bytes));
            notes.add(folder.read_to_end(&mut Vec::new()));
            notes.add(folder.sync_all());
            notes.add(file.try_clone());
        }

        whole_files: |notes, at| {
            notes.add(fs::read(at("missing")));
            notes.add(fs::read(at(".")));
            notes.add(fs::read_to_string(at("missing")));
            notes.add(fs::write(at("file"), "text"));
            notes.add(fs::write(at("."), "text"));
            notes.add(fs::write(at("missing/file"), "text"));
            notes.add(fs::read(at("file")));
            notes.add(fs::read_to_string(at("file")));
            notes.add(fs::write(at("file"), [0xC0, 0x80]));
            notes.add(fs::read_to_string(at("file")));
            notes.add(fs::copy(at("file"), at("copy")));
            notes.add(fs::read(at("copy")));
            notes.add(fs::copy(at("missing"), at("copy")));
            notes.add(fs::copy(at("."), at("copy")));
            notes.add(fs::copy(at("file"), at(".")));
            notes.add(fs::copy(at("file"), at("missing/file")));
        }

        names_and_links: |notes, at| {
            fs::write(at("file"), "text").unwrap();
            fs::create_dir(at("folder")).unwrap();
            notes.add(fs::rename(at("missing"), at("other")));
            notes.add(fs::rename(at("file"), at("folder")));
            notes.add(fs::rename(at("folder"), at("file")));
            notes.add(fs::rename(at("file"), at("other")));
            notes.add(fs::rename(at("other"), at("folder/file")));
            notes.add(fs::rename(at("folder"), at("folder/inner")));
            notes.add(fs::hard_link(at("folder/file"), at("name")));
            notes.add(fs::hard_link(at("folder/file"), at("name")));
            notes.add(fs::hard_link(at("folder"), at("another")));
            notes.add(fs::hard_link(at("missing"), at("another")));
            notes.add(fs::metadata(at("name")).map(|known| known.nlink()));
            notes.add(unix::symlink("folder/file", at("link")));
            notes.add(unix::symlink("folder/file", at("link")));
            notes.add(unix::symlink("", at("empty")));
            notes.add(unix::symlink("loop", at("loop")));
            notes.add(fs::read(at("link")));
            notes.add(fs::read(at("loop")));
            notes.add(fs::read_link(at("link")));
            notes.add(fs::read_link(at("name")));
            notes.add(fs::read_link(at("missing")));
            notes.add(fs::canonicalize(at("folder/../link")));
            notes.add(fs::canonicalize(at("missing")));
            notes.add(fs::canonicalize(at("loop")));
            notes.add(fs::canonicalize(at("name/inner")));
            notes.add((fs::exists(at("link")), fs::exists(at("missing")), fs::exists(at("loop")), fs::exists(at("name/x"))));
            notes.add(fs::remove_file(at("folder")));
            notes.add(fs::remove_file(at("missing")));
            notes.add(fs::remove_file(at("link")));
            notes.add(unix::chown(at("missing"), None, None));
            notes.add(unix::chown(at("name"), None, None));
            notes.add(unix::lchown(at("loop"), None, None));
            notes.add(unix::lchown(at("missing"), None, None));
            notes.add(unix::fchown(fs::File::open(at("name")).unwrap(), None, None));
            notes.add(unix::chroot(at("missing")));
        }

        folders: |notes, at| {
            notes.add(fs::create_dir(at("one")));
            notes.add(fs::create_dir(at("one")));
            notes.add(fs::create_dir(at("two/three")));
            notes.add(fs::create_dir_all(at("two/three")));
            notes.add(fs::create_dir_all(at("two/three")));
            notes.add(fs::write(at("two/file"), "text"));
            notes.add(fs::create_dir_all(at("two/file/more")));
            notes.add(fs::create_dir_all(at("two/file")));
            notes.add(fs::create_dir_all(""));
            let mut builder = fs::DirBuilder::new();
            notes.add(&builder);
            builder.mode(0o700).recursive(true);
            notes.add(&builder);
            notes.add(builder.create(at("a/b")));
            notes.add(fs::metadata(at("a/b")).map(|known| (known.mode(), known.permissions())));
            builder.recursive(false);
            notes.add(builder.create(at("a/b")));
            notes.add(fs::read_dir(at("missing")));
            notes.add(fs::read_dir(at("two/file")));
            notes.add(fs::read_dir(at("two")));
            let mut entries: Vec<_> = fs::read_dir(at("two")).unwrap().map(Result::unwrap).collect();
            entries.sort_by_key(|entry| entry.file_name());
            notes.add(&entries);
            for entry in &entries {
                notes.add((entry.path(), entry.file_name(), entry.file_type(), entry.ino() != 0));
            }
            notes.add(fs::remove_dir(at("two")));
            notes.add(fs::remove_dir(at("two/file")));
            notes.add(fs::remove_dir(at("missing")));
            notes.add(fs::remove_dir(at("one")));
            notes.add(fs::remove_dir_all(at("missing")));
            notes.add(fs::remove_dir_all(at("two/file")));
            notes.add(fs::remove_dir_all(at("two")));
            for entry in &entries {
                notes.add((entry.metadata().err(), entry.file_type()));
            }
            let mut entries = fs::read_dir(at("a")).unwrap();
            notes.add(entries.next());
            notes.add(entries.next());
            notes.add(entries.next());
        }

        attributes: |notes, at| {
            let file = fs::File::create(at("file")).unwrap();
            notes.add(file.metadata().map(|known| (known.len(), known.is_file(), known.is_dir(), known.mode())));
            notes.add(fs::metadata(at("missing")));
            notes.add(fs::metadata(at("file/x")));
            notes.add(fs::symlink_metadata(at("missing")));
            notes.add(fs::metadata(at(".")).map(|known| (known.file_type(), known.is_dir())));
            notes.add(fs::metadata("/dev/null").map(|known| known.file_type().is_char_device()));
            notes.add(fs::set_permissions(at("missing"), fs::Permissions::from_mode(0o600)));
            notes.add(fs::set_permissions(at("file"), fs::Permissions::from_mode(0o444)));
            notes.add(fs::metadata(at("file")).map(|known| known.permissions()));
            notes.add(file.set_permissions(fs::Permissions::from_mode(0o600)));
            notes.add(fs::metadata(at("file")).map(|known| known.permissions()));
            let then = SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, 123);
            notes.add(file.set_times(fs::FileTimes::new().set_accessed(then).set_modified(then)));
            notes.add(file.metadata().map(|known| (known.modified().ok(), known.accessed().ok())));
            notes.add(file.set_modified(SystemTime::UNIX_EPOCH));
            notes.add(file.set_times(fs::FileTimes::new()));
            notes.add(file.metadata().map(|known| (known.mtime(), known.atime())));
            let other = fs::File::open(at("file")).unwrap();
            notes.add((file.lock(), other.try_lock(), other.try_lock_shared(), file.unlock(), other.lock_shared()));
        }
    }
}
