"""An origin that holds its answers: the connections of everyone who asks exist at the same time.

/now is answered at once. /hold is answered when HOLD such requests wait, all of them then. Plain, or TLS with a
certificate and its key. Prints its port, serves until it is killed.

usage: origin.py HOLD [CERTIFICATE KEY]
"""

import select
import socket
import ssl
import sys

BODY = b"a small response, forty bytes in length\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
LARGEST_REQUEST = 16 * 1024


class Connection:
    def __init__(self, sock, context):
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.shaken = context is None
        self.sock = sock if context is None else context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        self.received = b""

    def requests(self):
        """The targets of the requests that are complete. Raises OSError or ConnectionError at the connection's end."""
        try:
            if not self.shaken:
                self.sock.do_handshake()
                self.shaken = True
            while True:
                data = self.sock.recv(LARGEST_REQUEST)
                if not data:
                    raise ConnectionError("closed")
                self.received += data
        except (ssl.SSLWantReadError, BlockingIOError):
            pass
        if len(self.received) > LARGEST_REQUEST:
            raise ConnectionError("a request without end")
        *complete, self.received = self.received.split(b"\r\n\r\n")
        return [head.split(b" ", 2)[1] for head in complete]


def serve(listener, hold, context):
    poll = select.epoll()
    poll.register(listener.fileno(), select.EPOLLIN)
    connections = {}
    held = []
    while True:
        for fd, _ in poll.poll():
            if fd == listener.fileno():
                accept(listener, context, connections, poll)
                continue
            c = connections[fd]
            try:
                for target in c.requests():
                    if target == b"/hold":
                        held.append(c)
                    else:
                        c.sock.sendall(ANSWER)
            except OSError:
                poll.unregister(fd)
                del connections[fd]
                c.sock.close()
                held = [h for h in held if h is not c]
        if len(held) >= hold:
            for c in held:
                c.sock.sendall(ANSWER)
            held.clear()


def accept(listener, context, connections, poll):
    while True:
        try:
            sock, _ = listener.accept()
        except BlockingIOError:
            return
        c = Connection(sock, context)
        connections[c.sock.fileno()] = c
        poll.register(c.sock.fileno(), select.EPOLLIN)


def main():
    hold = int(sys.argv[1])
    context = None
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
    listener = socket.create_server(("127.0.0.1", 0), backlog=65535)
    listener.setblocking(False)
    print(listener.getsockname()[1], flush=True)
    serve(listener, hold, context)


if __name__ == "__main__":
    main()
