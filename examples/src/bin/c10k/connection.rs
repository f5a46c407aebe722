//! One connection of a client, and what it says.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use gnet::TcpStream;

/// A server that does not answer for so long does not answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes of a message.
const MESSAGE: usize = 64;

pub(crate) struct Connection {
    number: u32,
    stream: TcpStream,
    round: u64,
}

impl Connection {
    /// Connects, and exchanges a first message: only the answer tells that the server has taken the
    /// connection, and not just the kernel.
    pub(crate) fn open(number: u32, address: SocketAddr) -> io::Result<Connection> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut connection = Connection {
            number,
            stream,
            round: 0,
        };
        connection.exchange()?;
        Ok(connection)
    }

    /// Sends a message that no other client and no other round has, and compares what comes back.
    pub(crate) fn exchange(&mut self) -> io::Result<()> {
        let sent = message(self.number, self.round);
        let mut received = [0; MESSAGE];
        self.stream.write_all(&sent)?;
        self.stream.read_exact(&mut received)?;
        if received != sent {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("wrong bytes in message {}", self.round),
            ));
        }
        self.round += 1;
        Ok(())
    }

    /// Says that nothing more will come, and expects the server to say the same.
    pub(crate) fn close(mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        match self.stream.read(&mut [0; MESSAGE])? {
            0 => Ok(()),
            surplus => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{surplus} bytes after the last message"),
            )),
        }
    }
}

/// Number and round in plain, and then bytes that follow from both.
fn message(number: u32, round: u64) -> [u8; MESSAGE] {
    let mut message = [0; MESSAGE];
    message[..4].copy_from_slice(&number.to_le_bytes());
    message[4..12].copy_from_slice(&round.to_le_bytes());
    let mut state = round ^ (u64::from(number) << 32);
    for byte in &mut message[12..] {
        // The multiplier of Knuth's MMIX generator.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        *byte = state.to_le_bytes()[7];
    }
    message
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::message;

    #[test]
    fn messages_differ() {
        let messages: HashSet<_> = (0..50)
            .flat_map(|number| (0..50).map(move |round| message(number, round)))
            .collect();
        assert_eq!(messages.len(), 2500);
    }
}
