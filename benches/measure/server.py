"""The program under measurement: started as in production, asked over HTTP."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time

from .cluster import Trouble

PASSWORD = "kaminari-7-dango-momiji"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, program, database_url, data_dir, log):
        self.program = program
        self.data_dir = data_dir
        self.log = log
        log.unlink(missing_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # What is set on this machine for another purpose is not for here: every setting has its default.
        known = {name: value for name, value in os.environ.items() if not name.startswith(("MADOGUCHI_", "DATABASE_", "PG"))}
        self.environment = known | {"DATABASE_URL": database_url, "MADOGUCHI_DATA_DIR": str(data_dir)}
        self.process = None
        self.tokens = {}

    def command(self, *arguments, stdin=""):
        done = subprocess.run([self.program, *arguments], input=stdin, check=False, capture_output=True, text=True,
                              env=self.environment)
        if done.returncode:
            raise Trouble(f"{' '.join(arguments[:2])}: {(done.stderr or done.stdout).strip()[:2000]}")
        return done.stdout.strip()

    def start(self, *more):
        """Starts it; how long until it was ready, in seconds."""
        with open(self.log, "ab") as log:
            started = time.monotonic()
            self.process = subprocess.Popen(
                [self.program, "serve", "--listen", f"127.0.0.1:{self.port}", *more],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )
        while time.monotonic() - started < 60:
            if self.process.poll() is not None:
                raise Trouble(f"the server does not start; see {self.log}")
            try:
                if self.call("GET", "/readyz")[0] == 200:
                    return time.monotonic() - started
            except OSError:
                pass
            time.sleep(0.001)
        raise Trouble(f"the server was not ready within a minute; see {self.log}")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def call(self, method, path, body=None, token=None):
        """Status and answer, read as JSON where it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        try:
            return answer.status, json.loads(data)
        except ValueError:
            return answer.status, data.decode("utf-8", "replace")

    def do(self, method, path, body=None, who="admin"):
        """As `call`, for somebody who signed in; anything but success ends the measurement."""
        status, answer = self.call(method, f"/api/v1{path}", body, self.token(who))
        if not 200 <= status < 300:
            raise Trouble(f"{method} {path}: {status} {str(answer)[:500]}")
        return answer

    def token(self, email):
        """An access token with at least ten minutes to live."""
        known = self.tokens.get(email)
        if not known or known[1] < time.monotonic():
            status, answer = self.call("POST", "/api/v1/auth/login", {"email": email, "password": PASSWORD})
            if status != 200:
                raise Trouble(f"nobody can sign in as {email}: {status} {answer}")
            known = answer["access_token"], time.monotonic() + answer["expires_in"] - 600
            self.tokens[email] = known
        return known[0]
