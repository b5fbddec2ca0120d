"""The recordings of the tenants, read once from the folder that `vcc-conformance` exports."""

import csv
import json
import os
import unicodedata
from datetime import datetime
from fractions import Fraction

import zones
from switches import on

FIELDS = (
    "startDate agentID phoneNumber channel caseID duration filename queueID queueName "
    "accountNumber transactionID extVar1 extVar2 outDialCode wrapUpCode"
).split()
FILTERS = FIELDS[1:]


class Recording:
    """One recording: its texts by field, its start and finish as instants."""

    def __init__(self, tenant, texts):
        self.tenant, self.texts = tenant, texts
        local = datetime.fromisoformat(texts["startDate"])
        self.start = zones.seconds(local.replace(tzinfo=None)) - round(local.utcoffset().total_seconds())
        if local.microsecond:
            whole = zones.seconds(local.replace(tzinfo=None, microsecond=0))
            whole -= round(local.utcoffset().total_seconds())
            self.start = whole + Fraction(local.microsecond, 10**6)
        duration = texts["duration"]
        # FIELD-7: without a duration there is no finish.
        self.finish = self.start + int(duration) if duration.isdecimal() else None
        if on("finish-in-minutes") and self.finish is not None:
            self.finish = self.start + int(duration) // 60 * 60
        if on("no-duration-is-zero") and self.finish is None:
            self.finish = self.start
        if on("finish-without-zero") and duration == "0":
            self.finish = None
        self.order = (self.start, texts["transactionID"].encode(), texts["filename"].encode())
        self.written = {}


class Tenant:
    """A tenant with its recordings in their order."""

    def __init__(self, entry, folder):
        self.name, self.token = entry["tenant"], entry["token"]
        self.zone = zones.Zone("UTC" if on("tenants-in-utc") else entry["tz"])
        self.home = zones.Zone(entry["tz"])
        with open(os.path.join(folder, entry["csv"]), encoding="utf-8", newline="") as file:
            self.recordings = [Recording(self, row) for row in csv.DictReader(file)]
        self.recordings.sort(key=lambda recording: recording.order)


def read(folder):
    """All tenants by name."""
    with open(os.path.join(folder, "tenants.json"), encoding="utf-8") as file:
        return {entry["tenant"]: Tenant(entry, folder) for entry in json.load(file)}


def plain(text):
    """A text without its accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
