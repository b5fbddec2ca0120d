"""Time zones: from local text to instants, and back. Instants are seconds since 1970 (UTC)."""

import functools
import zoneinfo
from datetime import datetime, timedelta, timezone

from switches import on

EPOCH = datetime(1970, 1, 1)
SECOND = timedelta(seconds=1)
NAMES = zoneinfo.available_timezones() - {"localtime", "posixrules", "Factory"}
FOLDED = {name.lower(): name for name in NAMES}
ABBREVIATIONS = {"PST": "Etc/GMT+8", "PDT": "Etc/GMT+7", "CET": "Etc/GMT-1"}
# Beyond these the rules are asked for a time that the calendar of `datetime` can hold.
FIRST, LAST = (round((at - EPOCH) / SECOND) for at in (datetime(1, 1, 4), datetime(9999, 12, 28)))


class Zone:
    """A zone with rules."""

    def __init__(self, name):
        self.info = zoneinfo.ZoneInfo(name)

    @functools.lru_cache(maxsize=65536)
    def offset(self, instant):
        """Seconds east of UTC at an instant."""
        at = EPOCH + timedelta(seconds=min(max(instant, FIRST), LAST))
        if on("offset-of-today"):
            at = datetime.now(timezone.utc).replace(tzinfo=None)
        local = at.replace(tzinfo=timezone.utc).astimezone(self.info)
        offset = local.utcoffset()
        if on("no-summer-time"):
            offset -= local.dst()
        if on("whole-hour-zones"):
            return round(offset / SECOND) // 3600 * 3600
        return round(offset / SECOND)

    @functools.lru_cache(maxsize=65536)
    def instant(self, local):
        """The first instant at which the clock reads `local` (seconds, as if in UTC) or later."""
        around = range(-30, 31, 1)
        offsets = {self.offset(local + 3600 * hours) for hours in around}
        exact = [local - offset for offset in offsets if self.offset(local - offset) == offset]
        if exact:
            return max(exact) if on("second-pass") else min(exact)
        if on("gap-shifts"):
            return local - self.offset(local - max(offsets) - 7200)
        if on("gap-refused"):
            raise ValueError("a time that the clock skips")
        low, high = local - max(offsets), local - min(offsets)
        while high - low > 1:
            middle = (low + high) // 2
            if middle + self.offset(middle) >= local:
                high = middle
            else:
                low = middle
        return high


class Fixed:
    """An offset that was written with a date."""

    def __init__(self, seconds):
        self.seconds = seconds

    def offset(self, _):
        return self.seconds

    def instant(self, local):
        return local - self.seconds


UTC = Fixed(0)


@functools.lru_cache(maxsize=None)
def zone(name):
    """The zone of a name, or None if there is none."""
    if on("zones-in-any-case"):
        name = FOLDED.get(name.lower(), name)
    if on("zone-abbreviations"):
        name = ABBREVIATIONS.get(name, name)
    if on("zones-stripped"):
        name = name.strip()
    if on("cities-only") and ("/" not in name or name.startswith("Etc/")):
        return None
    return Zone(name) if name in NAMES else None


def seconds(local):
    """A naive `datetime` as seconds, as if it were in UTC."""
    return round((local - EPOCH) / SECOND)
