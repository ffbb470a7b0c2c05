"""TCP proxies before a server: one that counts what the client asks for, and that can lose answers or break."""

import collections
import re
import socket
import threading

_LITERAL = re.compile(rb'\{(\d+)\+?\}\r\n\Z')


class Proxy:
    """Listens on `port` and passes everything to and from the server, until told otherwise.

    `swallow()`: what the client sends still arrives, answers do not. `cut()`: all connections break.
    `gone`: new connections are closed at once. `cut_after`: break everything after so many bytes from client to server.
    """

    def __init__(self, target, host='127.0.0.1'):
        self.target, self.host = target, host
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=200)
        self.port = self.listener.getsockname()[1]
        self.swallowing = threading.Event()
        self.gone = False
        self.cut_after = None
        self.lock = threading.Lock()
        self.pairs = []
        self.counts = collections.Counter()
        self.connections = []  # a Counter each
        self.bytes_up = self.bytes_down = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.gone = True
        self.listener.close()
        self.cut()

    def swallow(self):
        """From now on, no answer reaches the client on connections that are open."""
        self.swallowing.set()

    def cut(self):
        """Break every connection."""
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for sock in pair:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.swallowing.clear()

    def forget(self):
        """Start counting anew."""
        with self.lock:
            self.counts.clear()
            self.connections = []
            self.bytes_up = self.bytes_down = 0

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.gone:
                client.close()
                continue
            try:
                server = socket.create_connection((self.host, self.target))
            except OSError:
                client.close()
                continue
            for sock in (client, server):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            counter = Counter()
            with self.lock:
                self.pairs.append((client, server))
                self.connections.append(counter)
            threading.Thread(target=self._up, args=(client, server, counter), daemon=True).start()
            threading.Thread(target=self._down, args=(server, client, counter), daemon=True).start()

    def _up(self, client, server, counter):
        for data in _chunks(client):
            with self.lock:
                self.bytes_up += len(data)
                self.counts.update(counter.sent(data))
                spent = self.cut_after is not None and self.bytes_up > self.cut_after
            if spent:
                self.gone = True
                self.cut()
                break
            if not _send(server, data):
                break
        _close(server, client)

    def _down(self, server, client, counter):
        lost = False
        for data in _chunks(server):
            lost = lost or self.swallowing.is_set()
            if lost:
                continue
            with self.lock:
                self.bytes_down += len(data)
                counter.heard = True
            if not _send(client, data):
                break
        _close(client, server)


class Counter:
    """Reads one client's side: which commands, and how often it spoke after it had heard something (`turns`)."""

    def __init__(self):
        self.rest = b''
        self.skip = 0
        self.inside = False  # in a command that goes on after a literal
        self.heard = False
        self.turns = 0

    def sent(self, data):
        """The commands that begin in this data, in upper case; UID commands as two words."""
        if self.heard:
            self.turns += 1
            self.heard = False
        commands = []
        data = self.rest + data
        while data:
            if self.skip:
                taken = min(self.skip, len(data))
                self.skip -= taken
                data = data[taken:]
                continue
            end = data.find(b'\n')
            if end < 0:
                break
            line, data = data[: end + 1], data[end + 1 :]
            if not self.inside:
                words = line.upper().split(None, 3)
                if len(words) > 1:
                    commands.append(
                        b' '.join(words[1:3] if words[1] == b'UID' else words[1:2]).decode(errors='replace')
                    )
            literal = _LITERAL.search(line)
            self.skip = int(literal[1]) if literal else 0
            self.inside = bool(literal)
        self.rest = data
        return commands


def _chunks(sock):
    while True:
        try:
            data = sock.recv(1 << 18)
        except OSError:
            return
        if not data:
            return
        yield data


def _send(sock, data):
    try:
        sock.sendall(data)
        return True
    except OSError:
        return False


def _close(*socks):
    for sock in socks:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
