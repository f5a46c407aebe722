//! Plain text over HTTP/1.1, as blocking code with a parser.

use super::BUFFER;
use std::io::{Read, Write};

pub(crate) const BODY: &str = "Hello, World!";

/// The whole answer of the servers that write it themselves.
pub(crate) const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!";

const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";

/// Answers requests until the client goes, or asks for the end.
#[inline(never)]
pub(crate) fn converse(mut stream: impl Read + Write) {
    let mut buffer = [0; BUFFER];
    let mut filled = 0;
    while let Ok(count @ 1..) = stream.read(&mut buffer[filled..]) {
        filled += count;
        let Some(requests) = Requests::of(&buffer[..filled]) else {
            // The connection ends in either case.
            let _ = stream.write_all(BAD_REQUEST);
            return;
        };
        let written = match requests.count {
            0 => Ok(()),
            1 => stream.write_all(ANSWER),
            several => stream.write_all(&ANSWER.repeat(several)),
        };
        if written.is_err() || requests.last {
            return;
        }
        // A request that does not fit makes the next read one of nothing, which ends the loop.
        buffer.copy_within(requests.length..filled, 0);
        filled -= requests.length;
    }
}

/// The complete requests at the beginning of what was received.
#[derive(Debug, Default, PartialEq, Eq)]
struct Requests {
    count: usize,
    /// Bytes of all of them.
    length: usize,
    /// Whether the client wants no more answers after these.
    last: bool,
}

impl Requests {
    /// Nothing if that is not HTTP, or has a body: nobody sends one to this server.
    fn of(received: &[u8]) -> Option<Requests> {
        let mut all = Requests::default();
        while all.length < received.len() && !all.last {
            let mut headers = [httparse::EMPTY_HEADER; 32];
            let mut request = httparse::Request::new(&mut headers);
            let httparse::Status::Complete(length) = request.parse(&received[all.length..]).ok()?
            else {
                break;
            };
            for header in request.headers.iter() {
                let is = |name: &str| header.name.eq_ignore_ascii_case(name);
                if is("Content-Length") || is("Transfer-Encoding") {
                    return None;
                }
                all.last |= is("Connection") && header.value.eq_ignore_ascii_case(b"close");
            }
            all.count += 1;
            all.length += length;
        }
        Some(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = "GET / HTTP/1.1\r\nHost: here\r\n\r\n";

    fn found(text: &str) -> Option<(usize, usize, bool)> {
        Requests::of(text.as_bytes()).map(|found| (found.count, found.length, found.last))
    }

    #[test]
    fn requests_are_counted_up_to_the_one_that_is_not_all_there() {
        let length = REQUEST.len();
        assert_eq!(found(REQUEST), Some((1, length, false)));
        assert_eq!(found(&REQUEST.repeat(3)), Some((3, 3 * length, false)));
        assert_eq!(found(&format!("{REQUEST}GET /")), Some((1, length, false)));
        assert_eq!(found("GET / HT"), Some((0, 0, false)));
    }

    #[test]
    fn nothing_is_answered_after_the_client_has_asked_for_the_end() {
        let last = "GET / HTTP/1.1\r\nconnection: Close\r\n\r\n";
        assert_eq!(
            found(&format!("{last}{REQUEST}")),
            Some((1, last.len(), true))
        );
    }

    #[test]
    fn what_is_not_http_and_what_has_a_body_is_refused() {
        assert_eq!(found("\0\0\0\0"), None);
        assert_eq!(found("PUT / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"), None);
    }

    #[test]
    fn the_answer_announces_its_own_length() {
        let text = str::from_utf8(ANSWER).expect("it is text");
        assert!(text.ends_with(&format!("Content-Length: {}\r\n\r\n{BODY}", BODY.len())));
    }
}
