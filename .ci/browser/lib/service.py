"""A vcc-server of the test's own, with the explorer and recordings of a tenant."""

import base64
import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import urllib.request

# The one that is named is taken as it is, such as one that was built to be measured.
NAMED = os.environ.get("VCC_TEST_SERVER")
SERVER = NAMED or "target/debug/vcc-server"
TENANT = "acme"


def command(*arguments, **options):
    """Runs a command of vcc-server, and gives what it prints."""
    done = subprocess.run([SERVER, *arguments], check=True, text=True, capture_output=True, **options)
    return done.stdout


def new_token(store):
    """A token of the tenant, beside those it has."""
    return re.search(r"vccr_\w+", command("token", "new", TENANT, "--store", store))[0]


class Service:
    """A server that runs."""

    def __init__(self, url, token, store):
        self.url, self.token, self.store = url, token, store

    def get(self, target):
        """The body and the target of the next page."""
        claim = base64.b64encode(f"{TENANT}:{self.token}".encode()).decode()
        request = urllib.request.Request(self.url + target, headers={"Authorization": f"Basic {claim}"})
        with urllib.request.urlopen(request) as answer:
            following = re.match(r'<([^>]*)>; rel="next"', answer.headers.get("Link") or "")
            return answer.read(), following and following[1]

    def all(self, query):
        """Every page of a query as CSV."""
        bodies, target = [], f"/api/recordings/files.csv?{query}"
        while target:
            body, target = self.get(target)
            bodies.append(body)
        return bodies


@contextlib.contextmanager
def serving(records, zone):
    """Serves records, which are dictionaries of fields, for a tenant in a zone."""
    if not NAMED:
        subprocess.run(["cargo", "build", "-q", "--locked", "-p", "vcc-server"], check=True)
    folder = pathlib.Path(os.environ["VCC_TEST_DIR"])
    store = f"sqlite:{folder}/recordings.db"
    lines = folder / "recordings.jsonl"
    lines.write_text("".join(json.dumps(record) + "\n" for record in records))
    command("tenant", "add", TENANT, "--tz", zone, "--store", store)
    token = new_token(store)
    command("import", "--tenant", TENANT, "--store", store, str(lines))
    with running(store, token, "--explorer") as server:
        yield server


def free_origin():
    """The origin of a server that does not run yet."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextlib.contextmanager
def running(store, token, *options, origin="http://127.0.0.1:0"):
    """Serves a store that is there."""
    listen = origin.removeprefix("http://")
    arguments = ["serve", "--store", store, "--listen", listen, "--insecure-http", *options]
    server = subprocess.Popen([SERVER, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        said = server.stdout.readline()
        yield Service(re.search(r"http://[^/]+", said)[0], token, store)
    finally:
        server.terminate()
        server.wait()
