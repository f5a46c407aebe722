//! The files that are served.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use crate::request::Request;
use crate::response::Response;

/// A folder with files.
pub(crate) struct Files {
    /// Without symbolic links in it.
    root: PathBuf,
}

impl Files {
    /// The files in `folder`.
    pub(crate) fn new(folder: &Path) -> io::Result<Files> {
        let root = fs::canonicalize(folder)?;
        // Whether it is a folder that can be read.
        fs::read_dir(&root)?;
        Ok(Files { root })
    }

    /// What a request is answered with.
    pub(crate) fn answer(&self, request: &Request) -> Response {
        self.find(&request.path).unwrap_or_else(|error| {
            Response::of_status(match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename => 404,
                ErrorKind::PermissionDenied => 403,
                _ => {
                    eprintln!("{}: {error}", request.path);
                    500
                }
            })
        })
    }

    fn find(&self, path: &str) -> io::Result<Response> {
        // Of a folder, its index.
        let name = match path.strip_suffix('/') {
            Some(folder) => format!("{folder}/index.html"),
            None => path.to_owned(),
        };
        let relative = Path::new(name.trim_start_matches('/'));
        let is_name = |component| matches!(component, Component::Normal(_));
        if !relative.components().all(is_name) {
            return Ok(Response::of_status(403));
        }
        // A symbolic link may lead out of the folder as well as `..` does.
        let found = fs::canonicalize(self.root.join(relative))?;
        if !found.starts_with(&self.root) {
            return Ok(Response::of_status(403));
        }
        let kind = fs::metadata(&found)?;
        if kind.is_dir() {
            return Ok(Response::elsewhere(encode(&format!(
                "/{}/",
                relative.display()
            ))));
        }
        if !kind.is_file() {
            return Ok(Response::of_status(403));
        }
        Response::of_file(File::open(&found)?, content_type(&found))
    }
}

/// A path as it stands in a header.
fn encode(path: &str) -> String {
    let mut encoded = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(byte.into())
            }
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn content_type(path: &Path) -> &'static str {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    match extension.to_str().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "gif" => "image/gif",
        "htm" | "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "jpeg" | "jpg" => "image/jpeg",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "md" | "txt" => "text/plain; charset=utf-8",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "wasm" => "application/wasm",
        "webp" => "image/webp",
        "xml" => "application/xml",
        _ => "application/octet-stream",
    }
}
