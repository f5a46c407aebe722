//! What a client is given.

use std::fs::File;
use std::io::{self, BufWriter, Cursor, Read, Write};
use std::net::TcpStream;
use std::time::{SystemTime, UNIX_EPOCH};

/// A response that has not been sent yet.
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Bytes of the body.
    pub(crate) length: u64,
    content_type: &'static str,
    location: Option<String>,
    modified: Option<SystemTime>,
    body: Box<dyn Read>,
}

impl Response {
    /// One that only says its status.
    pub(crate) fn of_status(status: u16) -> Response {
        let text = format!("{status} {}\n", reason(status));
        Response {
            status,
            length: text.len() as u64,
            content_type: "text/plain; charset=utf-8",
            location: None,
            modified: None,
            body: Box::new(Cursor::new(text)),
        }
    }

    /// One that sends the client to another path of this server.
    pub(crate) fn elsewhere(path: String) -> Response {
        Response {
            location: Some(path),
            ..Response::of_status(301)
        }
    }

    /// What is in a file.
    pub(crate) fn of_file(file: File, content_type: &'static str) -> io::Result<Response> {
        let metadata = file.metadata()?;
        Ok(Response {
            status: 200,
            length: metadata.len(),
            content_type,
            location: None,
            modified: Some(metadata.modified()?),
            body: Box::new(file),
        })
    }

    /// Sends it, but for the body if `head_only`.
    pub(crate) fn send(
        &mut self,
        stream: &TcpStream,
        goes_on: bool,
        head_only: bool,
    ) -> io::Result<()> {
        let mut writer = BufWriter::new(stream);
        write!(
            writer,
            "HTTP/1.1 {} {}\r\n",
            self.status,
            reason(self.status)
        )?;
        write!(writer, "Date: {}\r\n", Date(SystemTime::now()))?;
        write!(writer, "Content-Type: {}\r\n", self.content_type)?;
        write!(writer, "Content-Length: {}\r\n", self.length)?;
        if let Some(time) = self.modified {
            write!(writer, "Last-Modified: {}\r\n", Date(time))?;
        }
        if let Some(path) = &self.location {
            write!(writer, "Location: {path}\r\n")?;
        }
        if self.status == 405 {
            write!(writer, "Allow: GET, HEAD\r\n")?;
        }
        let connection = if goes_on { "keep-alive" } else { "close" };
        write!(writer, "Connection: {connection}\r\n\r\n")?;
        if !head_only {
            let sent = io::copy(&mut (&mut self.body).take(self.length), &mut writer)?;
            if sent != self.length {
                // The client has been promised more: the end of the connection tells it.
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "a file has become shorter",
                ));
            }
        }
        writer.flush()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        505 => "HTTP Version Not Supported",
        _ => "Internal Server Error",
    }
}

/// A time as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
struct Date(SystemTime);

impl std::fmt::Display for Date {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        // Of the days of the year 1970 on: no file here is older.
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        let seconds = self
            .0
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let (days, time) = (seconds / 86_400, seconds % 86_400);
        let leap = |year: u64| {
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
        };
        let (mut year, mut day, mut month) = (1970, days, 0);
        while day >= 365 + u64::from(leap(year)) {
            day -= 365 + u64::from(leap(year));
            year += 1;
        }
        let lengths = [
            31,
            28 + u64::from(leap(year)),
            31,
            30,
            31,
            30,
            31,
            31,
            30,
            31,
            30,
            31,
        ];
        while day >= lengths[month] {
            day -= lengths[month];
            month += 1;
        }
        write!(
            formatter,
            "{}, {:02} {} {year} {:02}:{:02}:{:02} GMT",
            DAYS[(days % 7) as usize],
            day + 1,
            MONTHS[month],
            time / 3600,
            time / 60 % 60,
            time % 60
        )
    }
}
