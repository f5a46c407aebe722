"""Listens on a port of the loopback interface, prints the port and serves for ever: server.py echo|http"""

import socket
import sys

from gevent import socket as gevent_socket
from gevent.pywsgi import WSGIServer
from gevent.server import StreamServer

BUFFER = 4096
BACKLOG = 4096


def echo(stream, _address):
    try:
        while data := stream.recv(BUFFER):
            stream.sendall(data)
    except OSError:
        pass
    finally:
        stream.close()


def plaintext(_environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "13")])
    return [b"Hello, World!"]


def listen():
    listener = gevent_socket.socket()
    # What is accepted inherits the option.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(BACKLOG)
    print(listener.getsockname()[1], flush=True)
    return listener


def main():
    match sys.argv[1:]:
        case ["echo"]:
            StreamServer(listen(), echo).serve_forever()
        case ["http"]:
            WSGIServer(listen(), plaintext, log=None).serve_forever()
        case _:
            sys.exit(__doc__)


main()
