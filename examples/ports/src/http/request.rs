//! What a client asks for.

use std::io::{self, BufRead, Read};

/// Bytes of a request before its body.
const HEAD_LIMIT: u64 = 16 * 1024;

/// A request for something.
pub(crate) struct Request {
    /// The first line, for the log.
    pub(crate) line: String,
    /// The path that is asked for, decoded, without the query.
    pub(crate) path: String,
    /// Whether only the head of the response is wanted.
    pub(crate) head_only: bool,
    /// Whether another request may follow.
    pub(crate) keeps_alive: bool,
}

/// Why there is no request.
pub(crate) enum Refusal {
    /// The status that the client is to be given.
    Status(u16),
    Io(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Refusal {
        Refusal::Io(error)
    }
}

const BAD: Refusal = Refusal::Status(400);

impl Request {
    /// Reads a request up to its body.
    pub(crate) fn read(reader: &mut impl BufRead) -> Result<Request, Refusal> {
        let mut head = reader.take(HEAD_LIMIT);
        let line = read_line(&mut head)?;
        let mut parts = line.split(' ');
        let (Some(method), Some(target), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(BAD);
        };
        let mut keeps_alive = match version {
            "HTTP/1.1" => true,
            "HTTP/1.0" => false,
            _ if version.starts_with("HTTP/") => return Err(Refusal::Status(505)),
            _ => return Err(BAD),
        };

        let mut hosts = 0;
        let mut body = None;
        loop {
            let field = read_line(&mut head)?;
            if field.is_empty() {
                break;
            }
            let (name, value) = field.split_once(':').ok_or(BAD)?;
            if name.is_empty() || name.contains(|c: char| c.is_whitespace()) {
                return Err(BAD);
            }
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "host" => hosts += 1,
                "connection" => {
                    for option in value.split(',').map(str::trim) {
                        if option.eq_ignore_ascii_case("close") {
                            keeps_alive = false;
                        } else if option.eq_ignore_ascii_case("keep-alive") {
                            keeps_alive = true;
                        }
                    }
                }
                "transfer-encoding" => body = Some(501),
                "content-length" => match value.parse::<u64>() {
                    Ok(0) => {}
                    Ok(_) => body = Some(413),
                    Err(_) => return Err(BAD),
                },
                _ => {}
            }
        }
        if hosts > 1 || (hosts == 0 && version == "HTTP/1.1") {
            return Err(BAD);
        }
        let head_only = match method {
            "GET" => false,
            "HEAD" => true,
            _ => return Err(Refusal::Status(405)),
        };
        // Nothing that is served here wants one. It is not read, so nothing could follow it.
        if let Some(status) = body {
            return Err(Refusal::Status(status));
        }
        Ok(Request {
            path: decode(target).ok_or(BAD)?,
            line,
            head_only,
            keeps_alive,
        })
    }
}

/// A line without its end.
fn read_line(head: &mut io::Take<impl BufRead>) -> Result<String, Refusal> {
    let mut bytes = Vec::new();
    head.read_until(b'\n', &mut bytes)?;
    if bytes.pop() != Some(b'\n') {
        return Err(match head.limit() {
            0 => Refusal::Status(431),
            _ => BAD,
        });
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    match String::from_utf8(bytes) {
        Ok(line) if !line.contains(|c: char| c.is_control() && c != '\t') => Ok(line),
        _ => Err(BAD),
    }
}

/// The path of a target such as `/a%20b?c`.
fn decode(target: &str) -> Option<String> {
    let path = target.split(['?', '#']).next()?;
    if !path.starts_with('/') {
        return None;
    }
    let mut bytes = path.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                (digit()? * 16 + digit()?) as u8
            }
            byte => byte,
        });
    }
    let decoded = String::from_utf8(decoded).ok()?;
    (!decoded.contains('\0')).then_some(decoded)
}
