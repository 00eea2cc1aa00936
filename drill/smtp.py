"""A mail server that records what it took, and can refuse, hang, or break off when it has the whole mail."""

import collections
import itertools
import re
import socketserver
import threading
import time

MESSAGE_ID = re.compile(rb"^message-id:\s*<([^>\s]+)>", re.IGNORECASE | re.MULTILINE)


class Sink:
    """Takes every mail, unless `mode` says otherwise: `refuse`, `hang`, or `drop`."""

    def __init__(self):
        self.mode = "take"
        self.lock = threading.Lock()
        # Message-ID -> how often it was taken, answered with 250 or not.
        self.taken = collections.Counter()
        # Message-ID -> how often the connection broke off after its last dot, whether it was kept or not.
        self.dropped = collections.Counter()
        self.turns = itertools.count()
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                try:
                    sink.talk(self.rfile, self.wfile)
                except (ConnectionError, TimeoutError):
                    pass

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 100

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def talk(self, lines, out):
        """One connection. `refuse` and `hang` each strike at two places in turn."""
        turn = next(self.turns) % 2
        if self.mode == "refuse" and turn == 0:
            return out.write(b"421 too busy\r\n")
        if self.mode == "hang" and turn == 0:
            return self.hang()
        out.write(b"220 sink.example.jp\r\n")
        while line := lines.readline():
            word = line[:4].strip().upper()
            if word in (b"EHLO", b"HELO"):
                out.write(b"250 sink.example.jp\r\n")
            elif word == b"RCPT" and self.mode == "refuse":
                out.write(b"451 try again later\r\n")
            elif word == b"RCPT" and self.mode == "hang":
                return self.hang()
            elif word == b"DATA":
                out.write(b"354 go on\r\n")
                if not self.take(lines):
                    return None
                out.write(b"250 taken\r\n")
            elif word == b"QUIT":
                return out.write(b"221 bye\r\n")
            else:
                out.write(b"250 ok\r\n")

    def take(self, lines):
        """Reads a mail to its dot; false where the connection breaks off instead of an answer."""
        mail = bytearray()
        while (line := lines.readline()) != b".\r\n":
            if not line:
                return False
            mail += line
        found = MESSAGE_ID.search(mail)
        message_id = found.group(1).decode("ascii", "replace") if found else "none"
        with self.lock:
            is_dropped = self.mode == "drop"
            # Of those that break off every second one was kept: from outside they look alike.
            if not is_dropped or self.dropped.total() % 2 == 0:
                self.taken[message_id] += 1
            if is_dropped:
                self.dropped[message_id] += 1
        return not is_dropped

    def hang(self):
        while self.mode == "hang":
            time.sleep(0.2)

    def close(self):
        self.mode = "take"
        self.server.shutdown()
