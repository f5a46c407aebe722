//! Several buffers in one call.

mod fixture;

use std::io::{IoSlice, IoSliceMut, Read, Write};

use fixture::{everywhere, join, on_worker, pair};

#[test]
fn reads_fill_the_buffers_in_order() {
    everywhere(|| {
        let (mut client, mut server) = pair();
        client.write_all(&[10, 11, 12]).unwrap();
        let (mut none, mut one, mut more) = ([0; 0], [0; 1], [0; 3]);
        let mut buffers = [
            IoSliceMut::new(&mut none),
            IoSliceMut::new(&mut one),
            IoSliceMut::new(&mut more),
        ];
        assert_eq!(server.read_vectored(&mut buffers).unwrap(), 3);
        assert_eq!((one, more), ([10], [11, 12, 0]));
    });
}

#[test]
fn a_read_waits_for_the_first_byte_and_sees_the_end() {
    everywhere(|| {
        let (mut client, mut server) = pair();
        let writer = greenlet::spawn(move || {
            client.write_all(b"x").unwrap();
        });
        let mut buffer = [0; 4];
        let mut read = || server.read_vectored(&mut [IoSliceMut::new(&mut buffer)]);
        assert_eq!(read().unwrap(), 1);
        assert_eq!(read().unwrap(), 0);
        join(writer.join());
    });
}

#[test]
fn a_write_takes_all_buffers_however_often_it_has_to_wait() {
    everywhere(|| {
        let (mut client, mut server) = pair();
        const PIECE: usize = 1 << 20;
        let writer = on_worker(move || {
            let pieces: Vec<Vec<u8>> = (0..8).map(|n| vec![n; PIECE + usize::from(n)]).collect();
            let slices: Vec<_> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
            client.write_vectored(&slices).unwrap()
        });
        let mut bytes = Vec::new();
        server.read_to_end(&mut bytes).unwrap();
        assert_eq!(join(writer.join()), bytes.len());
        let expected: Vec<u8> = (0..8)
            .flat_map(|n| vec![n; PIECE + usize::from(n)])
            .collect();
        assert!(bytes == expected);
    });
}

#[test]
fn more_buffers_than_the_kernel_takes_are_left_for_the_next_call() {
    everywhere(|| {
        let (mut client, mut server) = pair();
        let slices = [IoSlice::new(b"a"); 1500];
        assert_eq!(client.write_vectored(&slices).unwrap(), 1024);
        let mut bytes = [0; 1500];
        let mut buffers: Vec<_> = bytes.chunks_mut(1).map(IoSliceMut::new).collect();
        assert_eq!(server.read_vectored(&mut buffers).unwrap(), 1024);
    });
}

#[test]
fn no_buffers_at_all() {
    everywhere(|| {
        let (mut client, mut server) = pair();
        assert_eq!(client.write_vectored(&[]).unwrap(), 0);
        client.write_all(b"x").unwrap();
        assert_eq!(server.peek(&mut [0]).unwrap(), 1);
        assert_eq!(server.read_vectored(&mut []).unwrap(), 0);
        assert_eq!(server.read(&mut []).unwrap(), 0);
    });
}
