//! What is said on a connection: the message, and when the answer is complete.

use std::io;
use std::net::SocketAddr;

/// Bytes of a message that is echoed.
const MESSAGE: usize = 64;

/// More than the answers of the HTTP servers.
const HTTP_ROOM: usize = 1_024;

/// A message and its answer.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    request: Vec<u8>,
    answer: Answer,
}

#[derive(Clone, Debug)]
enum Answer {
    /// As many bytes as the request has.
    AsLong,
    /// One of HTTP; the last one had this length.
    Http(usize),
}

impl Exchange {
    pub(crate) fn echo() -> Exchange {
        Exchange {
            request: vec![b'x'; MESSAGE],
            answer: Answer::AsLong,
        }
    }

    /// The request that wrk sends.
    pub(crate) fn http(address: SocketAddr) -> Exchange {
        Exchange {
            request: format!("GET / HTTP/1.1\r\nHost: {address}\r\n\r\n").into(),
            answer: Answer::Http(0),
        }
    }

    pub(crate) fn request(&self) -> &[u8] {
        &self.request
    }

    /// How much to read at most.
    pub(crate) fn room(&self) -> usize {
        match self.answer {
            Answer::AsLong => self.request.len(),
            Answer::Http(_) => HTTP_ROOM,
        }
    }

    /// Whether `received` is a complete answer.
    ///
    /// # Errors
    ///
    /// When it is not the beginning of one.
    pub(crate) fn is_complete(&mut self, received: &[u8]) -> io::Result<bool> {
        match &mut self.answer {
            Answer::AsLong => Ok(received.len() >= self.request.len()),
            // Parsing each answer would take as long as some servers do; nearly all are as long as the last one.
            Answer::Http(last) if *last == received.len() && begins_well(received) => Ok(true),
            Answer::Http(last) => match http_length(received)? {
                Some(length) if length == received.len() => {
                    *last = length;
                    Ok(true)
                }
                Some(length) if length < received.len() => {
                    Err(io::Error::other("more than one answer to a request"))
                }
                _ => Ok(false),
            },
        }
    }
}

fn begins_well(answer: &[u8]) -> bool {
    answer.starts_with(b"HTTP/1.1 200 ")
}

/// The length of the answer that `received` is the beginning of, if that is known already.
fn http_length(received: &[u8]) -> io::Result<Option<usize>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut answer = httparse::Response::new(&mut headers);
    let head = match answer.parse(received).map_err(io::Error::other)? {
        httparse::Status::Complete(head) => head,
        httparse::Status::Partial => return Ok(None),
    };
    match answer.code {
        Some(200) => {}
        code => return Err(io::Error::other(format!("the server answers {code:?}"))),
    }
    let length = answer
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("Content-Length"))
        .and_then(|header| {
            str::from_utf8(header.value)
                .ok()?
                .trim()
                .parse::<usize>()
                .ok()
        })
        .ok_or_else(|| io::Error::other("an answer does not say how long it is"))?;
    Ok(Some(head + length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

    fn http() -> Exchange {
        Exchange::http((Ipv4Addr::LOCALHOST, 20_000).into())
    }

    #[test]
    fn an_echo_is_as_long_as_the_message() {
        let mut echo = Exchange::echo();
        assert_eq!(echo.request().len(), echo.room());
        assert!(!echo.is_complete(&[b'x'; MESSAGE - 1]).unwrap());
        assert!(echo.is_complete(&[b'x'; MESSAGE]).unwrap());
    }

    #[test]
    fn every_part_of_an_http_answer_is_incomplete_also_after_a_complete_one() {
        let mut http = http();
        for _ in 0..2 {
            for end in 0..ANSWER.len() {
                assert!(!http.is_complete(&ANSWER[..end]).unwrap(), "{end}");
            }
            assert!(http.is_complete(ANSWER).unwrap());
        }
    }

    #[test]
    fn what_is_not_one_good_answer_is_an_error() {
        for bad in [
            "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "SSH-2.0-OpenSSH\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP",
        ] {
            assert!(http().is_complete(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_request_names_the_host_and_nothing_else() {
        let request = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:20000\r\n\r\n";
        assert_eq!(http().request(), request);
    }
}
