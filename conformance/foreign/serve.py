"""A small server of the Recordings API, written from its documentation: the standard library alone.

    VCC_DATA=FOLDER VCC_PORT=8080 python3 serve.py [DEFECT ...]

FOLDER is what `vcc-conformance dataset export` writes. Each DEFECT of `defects.py` that is named is
switched on.
"""

import base64
import binascii
import os
import re
import socket
import sys
import threading
from email.utils import formatdate
from urllib.parse import unquote_to_bytes

import answer
import query
import records
import switches
from switches import on

HEAD_LIMIT = 65536
TARGET_LIMIT = 16384
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
           405: "Method Not Allowed", 414: "URI Too Long", 422: "Unprocessable Content",
           431: "Request Header Fields Too Large", 500: "Internal Server Error"}
FILES = {"files": False, "files.xml": False, "files.csv": True}


class Reply:
    """An answer."""

    def __init__(self, status, body=b"", media="text/plain; charset=utf-8", headers=()):
        self.status, self.media, self.headers = status, media, headers
        self.body = body.encode() if isinstance(body, str) else body

    def bytes(self, head, close):
        """The answer as it is sent."""
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Unknown')}", f"Date: {formatdate(usegmt=True)}"]
        lines += [f"Content-Type: {self.media}"] if self.media else []
        lines += [f"Content-Length: {len(self.body)}", *self.headers]
        lines += ["Connection: close"] if close else []
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if head else self.body)


def refused(problem, raw):
    """The answer to a query that is refused."""
    status, text = problem.status, str(problem)
    if status == 400 and on("refusals-422"):
        status = 422
    if status == 400 and on("refusals-500"):
        status = 500
    if status == 400 and on("refusals-200"):
        status = 200
    if on("refusals-without-names"):
        text = "Bad Request"
    if on("query-echoed"):
        text += f" in {raw}"
    if on("refusals-of-html"):
        text = f"<!doctype html><html><head><title>{status}</title></head><body>{'<p>Sorry.</p>' * 400}</body></html>"
        return Reply(status, text, "text/html; charset=utf-8")
    if on("tracebacks"):
        text = f"Traceback (most recent call last):\n  File \"/srv/app/query.py\", line 40, in parse\nValueError: {text}"
    return Reply(status, text + "\n")


class Service:
    """What answers."""

    def __init__(self, tenants):
        self.tenants = tenants
        for tenant in tenants.values():
            tenant.all = tenants

    def tenant(self, headers, raw):
        """AUTH-1: whose credentials these are, or the answer to them."""
        header = headers.get("authorization")
        challenge = ('WWW-Authenticate: Basic realm="recordings", charset="UTF-8"',)
        if header is None:
            if on("nobody-is-the-first"):
                return self.tenants["acme"], None
            return None, Reply(401, "Sign in with the tenant's name and its token.\n",
                               headers=() if on("no-challenge") else challenge)
        bad = Reply(403, "The tenant's name or its token is wrong.\n")
        if on("bad-credentials-empty"):
            bad = Reply(200, *answer.written([], None, False))
        scheme, _, rest = header.partition(" ")
        if scheme.lower() != "basic":
            return None, bad
        try:
            text = base64.b64decode(rest.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None, Reply(500, "Internal error\n") if on("broken-credentials-500") else bad
        name, colon, token = text.rpartition(":") if on("last-colon") else text.partition(":")
        if on("tenants-in-any-case"):
            name = name.lower()
        found = self.tenants.get(name)
        if not found:
            return None, Reply(404, "No such tenant\n") if on("unknown-tenant-404") else bad
        right = found.token == token
        right = right or on("any-token")
        right = right or on("tokens-by-prefix") and token and found.token.startswith(token)
        right = right or on("tokens-in-any-case") and found.token.lower() == token.lower()
        right = right or on("tokens-of-all") and any(each.token == token for each in self.tenants.values())
        return (found, None) if colon and right else (None, bad)

    def reply(self, method, target, headers):
        """The answer to a request."""
        if on("fragments-cut"):
            target = target.partition("#")[0]
        path, mark, raw = target.partition("?")
        known, csv = resource(path)
        if on("path-before-credentials") and not known:
            return Reply(404, "There is nothing here.\n")
        if on("method-before-credentials") and method not in ("GET", "HEAD"):
            return Reply(405, "Only GET.\n", headers=("Allow: GET, HEAD",))
        tenant, no = self.tenant(headers, raw)
        if no:
            return no
        if "#" in target:
            return Reply(400, "target: a raw #; it is %23\n")
        if len(target) > TARGET_LIMIT:
            return Reply(414, "The target is too long.\n")
        if not known:
            if on("unknown-is-empty"):
                return Reply(200, *answer.written([], tenant.home, False))
            return Reply(404, "There is nothing here; /api/recordings/files is.\n")
        if method == "POST" and on("post-lists") or method in ("GET", "HEAD") and not (method == "HEAD" and on("head-refused")):
            return self.listed(tenant, raw, csv != on("csv-by-default") if path.endswith("files") else csv, headers)
        return Reply(405, "Only GET and HEAD.\n", headers=() if on("no-allow") else ("Allow: GET, HEAD",))

    def listed(self, tenant, raw, csv, headers):
        """The recordings that a query asks for."""
        try:
            if on("long-queries-cut"):
                raw = raw[:2000]
            if on("format-by-accept") and "csv" in headers.get("accept", ""):
                csv = True
            selection = query.Selection(raw, tenant)
            found = selection.list()
            page = selection.page(found, csv)
        except query.Refused as problem:
            return refused(problem, raw)
        if on("nothing-is-404") and not found or on("past-the-end-404") and found and not page:
            return Reply(404, "Nothing found.\n")
        if on("nothing-is-204") and not page:
            return Reply(204, b"", None)
        if on("csv-without-last") and csv:
            page = page[:-1]
        if on("csv-is-xml"):
            csv = False
        if on("all-tenants"):
            page = (page + tenant.all["globex"].recordings)[:50]
        body, media = answer.written(page, tenant.home, csv)
        return Reply(200, body, media)


def resource(path):
    """REQ-2: whether a path is the resource, and in which format."""
    if "://" in path[:8]:
        path = "/" + path.split("/", 3)[-1]
    parts = path.split("/")
    if parts[-1] == "" and len(parts) > 4 and not on("slash-404"):
        del parts[-1]
    try:
        parts = [unquote_to_bytes(part).decode() for part in parts] if not on("paths-not-decoded") else parts
    except UnicodeDecodeError:
        return False, False
    if on("paths-in-any-case"):
        parts = [part.lower() for part in parts]
    if parts[:3] != ["", "api", "recordings"] or len(parts) != 4:
        return False, False
    if on("any-suffix") and parts[3].startswith("files."):
        return True, parts[3] == "files.csv"
    return parts[3] in FILES, FILES.get(parts[3], False)


def chunked(stream):
    """Reads past a body in chunks."""
    while True:
        size = int(stream.readline(100).partition(b";")[0], 16)
        stream.read(size + 2)
        if size == 0:
            return


def converse(connection, service):
    """All requests of a connection."""
    stream = connection.makefile("rb", buffering=65536)
    while True:
        line = stream.readline(HEAD_LIMIT * 16)
        if not line:
            return
        if line == b"\r\n":
            continue
        headers, size = {}, 0
        while (each := stream.readline(HEAD_LIMIT * 16)) not in (b"\r\n", b"\n", b""):
            size += len(each)
            name, _, value = each.decode("latin-1").partition(":")
            headers.setdefault(name.lower(), value.strip())
        words = line.decode("latin-1").rstrip("\r\n").split(" ")
        close = headers.get("connection", "").lower() == "close" or words[-1] == "HTTP/1.0"
        if len(words) != 3 or not re.fullmatch(r"HTTP/1\.[01]", words[2]):
            reply, close = Reply(400, "no request\n"), True
        elif size > HEAD_LIMIT:
            reply = Reply(431, "The headers are too long.\n")
        else:
            try:
                reply = service.reply(words[0], words[1], headers)
            except Exception as problem:  # STATUS-1: any fault here is a 500 and nothing more
                print(f"{words[1][:200]}: {problem!r}", file=sys.stderr)
                reply = Reply(500, "Internal error\n")
        if "chunked" in headers.get("transfer-encoding", ""):
            chunked(stream)
        elif headers.get("content-length", "0").isdigit():
            stream.read(int(headers.get("content-length", "0")))
        connection.sendall(reply.bytes(words[0] == "HEAD", close))
        if close:
            return


def attend(connection, service):
    """A connection until its end."""
    with connection:
        try:
            converse(connection, service)
            connection.shutdown(socket.SHUT_WR)
        except (OSError, ValueError):
            pass


def main():
    switches.ACTIVE.update(sys.argv[1:])
    service = Service(records.read(os.environ["VCC_DATA"]))
    with socket.create_server(("127.0.0.1", int(os.environ["VCC_PORT"])), backlog=64) as listener:
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=attend, args=(connection, service), daemon=True).start()


if __name__ == "__main__":
    main()
