// Command server listens on a port of the loopback interface, prints the port and serves for ever.
//
//	server echo|work|http
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
)

const bufferSize = 4_096

func main() {
	if len(os.Args) != 2 {
		fail(errors.New("usage: server echo|work|http"))
	}
	serve, known := map[string]func(net.Listener) error{
		"echo": func(listener net.Listener) error { return connections(listener, echo) },
		"work": func(listener net.Listener) error { return connections(listener, work) },
		"http": plaintext,
	}[os.Args[1]]
	if !known {
		fail(errors.New("no such server: " + os.Args[1]))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	fail(serve(listener))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// connections gives each connection a goroutine. TCP_NODELAY is what Go's net sets by itself.
func connections(listener net.Listener, answer func([]byte)) error {
	for {
		stream, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer stream.Close()
			buffer := make([]byte, bufferSize)
			for {
				count, err := stream.Read(buffer)
				if err != nil {
					return
				}
				answer(buffer[:count])
				if _, err = stream.Write(buffer[:count]); err != nil {
					return
				}
			}
		}()
	}
}

func echo([]byte) {}

// work is what each message of the load over two cores costs before it is answered. The first byte
// takes the outcome, so that nothing is left out.
func work(message []byte) {
	state := uint64(message[0]) | 1
	for i := 0; i < workRounds; i++ {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
	}
	message[0] = byte(state)
}

// The number is that of the servers in Rust: about 20 µs.
const workRounds = 7_000

func plaintext(listener net.Listener) error {
	handler := func(response http.ResponseWriter, _ *http.Request) {
		response.Header().Set("Content-Type", "text/plain")
		io.WriteString(response, "Hello, World!")
	}
	return http.Serve(listener, http.HandlerFunc(handler))
}
