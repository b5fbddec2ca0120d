"""What a query asks for: its variables, and the recordings that they select."""

import fnmatch
import random
import re
from urllib.parse import unquote_to_bytes

import dates
import zones
from records import FILTERS, plain
from switches import on

VARIABLES = {"d", "tz", "n", "start-date", "finish-date", *FILTERS}
BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
ALL_CONTROLS = re.compile("[\x00-\x1f]")


class Refused(Exception):
    """A query that is answered with 400: the variable, and what is wrong with it."""

    def __init__(self, name, text, status=400):
        super().__init__(f"{name}: {text}")
        self.name, self.status = name, status


def decoded(name, text):
    """A percent-encoded text."""
    if BROKEN.search(text) and not on("broken-escapes-kept"):
        raise Refused(name, "a % without two hexadecimal digits behind it; a percent sign is %25")
    if on("latin-1-query"):
        return unquote_to_bytes(text).decode("latin-1")
    try:
        bytes_ = unquote_to_bytes(text)
        if on("decoded-twice"):
            bytes_ = unquote_to_bytes(bytes_)
        return bytes_.decode("utf-8", "replace" if on("invalid-utf-8-replaced") else "strict")
    except UnicodeDecodeError:
        raise Refused(name, "not UTF-8; a letter such as ë is %C3%AB") from None


def variables(raw):
    """The variables of a raw query, each with its value twice: with + as a space, and with + kept."""
    found = {}
    segments = re.split("[&;]", raw) if on("semicolons-separate") else raw.split("&")
    if on("decoded-before-split"):
        segments = decoded("query", raw).split("&")
    for segment in segments:
        if segment == "":
            if on("empty-segments-refused"):
                raise Refused("query", "an empty segment")
            continue
        name, equals, value = segment.partition("=")
        name = decoded("query", name.replace("+", " "))
        if on("names-in-any-case"):
            name = next((known for known in VARIABLES if known.lower() == name.lower()), name)
        if on("startDate-is-start-date") and name == "startDate":
            name = "start-date"
        if name not in VARIABLES:
            raise Refused(name if re.fullmatch("[A-Za-z0-9_-]{1,40}", name) else "query", "no variable of this API")
        if not equals and not on("no-equals-is-empty"):
            raise Refused(name, "no = behind the name")
        if name in found:
            raise Refused(name, "given twice")
        spaced = decoded(name, value.replace("+", " "))
        if on("encoded-plus-is-space"):
            spaced = spaced.replace("+", " ")
        refused = CONTROLS if name in FILTERS and not on("line-ends-refused") else ALL_CONTROLS
        if refused.search(spaced) and not on("controls-taken"):
            raise Refused(name, "a control character")
        found[name] = (spaced, decoded(name, value))
    return found


def trimmed_quote(raw):
    """REQ-11: the query without the stray quote after a last date."""
    for quote in ('"', "%22"):
        if raw.endswith(quote):
            last = raw[: -len(quote)].rpartition("&")[2].partition("=")[0]
            if last in ("d", "start-date", "finish-date"):
                return raw[: -len(quote)]
    return raw


class Selection:
    """What a query asks for."""

    def __init__(self, raw, tenant):
        self.tenant = tenant
        self.given = variables(trimmed_quote(raw))
        self.fields = {name: self.given[name][0] for name in FILTERS if name in self.given}
        self.zone_named = None
        self.zone = self.zone_of(tenant)
        self.first = self.number()
        self.window = self.window_of()
        self.near_start = self.look_up("start-date")
        self.near_finish = self.look_up("finish-date")
        duration = self.fields.get("duration")
        if duration and not duration.isascii() or duration and not duration.isdigit():
            if not on("bad-durations-are-nothing"):
                raise Refused("duration", "no whole number of seconds, such as 27")

    def zone_of(self, tenant):
        """DATE-3: the zone of the dates without an offset."""
        if "tz" not in self.given:
            return tenant.zone
        name = self.given["tz"][1]
        name = (name.strip() if on("zones-stripped") else name).replace(" ", "+")
        dated = {"d", "start-date", "finish-date"} & set(self.given)
        if on("zone-without-date-unchecked") and not dated:
            return tenant.zone
        found = zones.zone(name)
        if not found and name == "" and on("empty-zone-ignored"):
            return tenant.zone
        if not found:
            if on("bad-zone-ignored"):
                return tenant.zone
            if on("bad-zone-is-utc"):
                return zones.UTC
            raise Refused("tz", "no zone of the tz database, such as America/New_York", 500 if on("bad-zone-500") else 400)
        if on("zone-ignored"):
            return tenant.zone
        self.zone_named = found
        return found

    def number(self):
        """PAGE-2: the number of the first record."""
        if "n" not in self.given:
            return 1
        text = self.given["n"][0]
        if on("any-integer") and re.fullmatch(r"\s*[-+]?\d+\s*", text):
            return max(int(text), 1)
        if on("any-number"):
            try:
                return max(int(float(text)), 1)
            except (ValueError, OverflowError):
                pass
        if on("bad-number-is-1") and not text.isdecimal():
            return 1
        if not re.fullmatch("[0-9]+", text) or len(text.lstrip("0")) > 20 or int(text) >= 2**64:
            raise Refused("n", "no number of a record, such as 51")
        if on("small-numbers") and int(text) > 2**31 - 1:
            raise Refused("n", "no number of a record, such as 51", 500)
        return max(int(text), 1)

    def date(self, name, text, alone, zone):
        """The period of a date."""
        try:
            return dates.period(text, zone, alone)
        except (dates.BadDate, ValueError, OverflowError) as problem:
            status = 500 if on("bad-dates-500") else 404 if on("bad-dates-404") else 400
            raise Refused(name, f"{problem}; read are 2007-08-05, 2007-08-05T13:15Z, today-1d", status) from None

    def window_of(self):
        """DATE-1, DATE-2: the window of d, its end excluded."""
        if "d" not in self.given:
            return None
        zone = zones.UTC if on("days-in-utc") else self.tenant.zone if on("zone-for-look-ups-only") else self.zone
        if on("offsets-ignored-beside-zone") and self.zone_named:
            written = [re.sub(r"(T\d\d:?\d\d(:?\d\d)?)(Z|[-+ ]\d\d:?\d\d)$", r"\1", text)
                       for text in self.given["d"][1].split(",")]
        else:
            written = self.given["d"][1].split(",")
        try:
            if len(written) == 1:
                single = self.date("d", written[0], True, zone)
                if on("end-included"):
                    return single.start, single.end + 1
                return single.start, single.end
            if len(written) > 2 and not on("third-date-ignored"):
                raise Refused("d", "more than two dates; a range is A,B")
            if on("open-ranges") and "" in written[:2]:
                start = self.date("d", written[0], False, zone).start if written[0] else -(10**15)
                end = self.date("d", written[1], False, zone).start if written[1] else 10**15
                return start, end
            first = self.date("d", written[0], False, zone)
            second = self.date("d", written[1], False, self.tenant.zone if on("zone-of-the-first-end") else zone)
        except Refused:
            if on("bad-dates-ignored"):
                return None
            if on("bad-dates-are-nothing"):
                return 0, 0
            raise
        if not first.timed and not second.timed and first.key == second.key:
            return first.start, first.end
        if on("range-is-first-day"):
            return first.start, first.start + 86400
        if on("range-without-end"):
            return first.start, 10**15
        if second.start < first.start:
            raise Refused("d", "the range ends before it begins")
        start = first.start + 1 if on("range-begins-late") else first.start
        if on("end-included"):
            return start, second.start + 1
        if on("range-ends-a-minute-early"):
            return start, second.start - 60
        return start, second.start

    def look_up(self, name):
        """NEAR-1, NEAR-2: the interval of a look-up, its ends included."""
        if name not in self.given:
            return None
        text = self.given[name][1]
        zone = self.tenant.zone if on("zone-for-d-only") else self.zone
        if on("no-constants-in-look-ups") and text.startswith("today"):
            raise Refused(name, "no date")
        if "," in text and not on("ranges-in-look-ups"):
            raise Refused(name, "a range; d takes one")
        if on("offsets-refused-in-look-ups") and re.search(r"T.*[-+]", text):
            raise Refused(name, "no date")
        found = self.date(name, text.split(",")[0], False, zone)
        at = found.start
        if on("untimed-look-up-is-the-day") and not found.timed:
            return at, found.end - 1
        if on("untimed-look-up-is-midnight") and not found.timed:
            return at, at
        if on("look-up-cut-to-minutes"):
            at = at // 60 * 60
        if on("look-up-4"):
            return at - 4, at + 4
        if on("look-up-6"):
            return at - 6, at + 6
        if on("look-up-60"):
            return at - 60, at + 60
        if on("look-up-after"):
            return at, at + 5
        if on("look-up-before"):
            return at - 5, at
        if on("look-up-upper-open"):
            return at - 5, at + 4
        if on("look-up-same-minute"):
            return max(at - 5, at // 60 * 60), min(at + 5, at // 60 * 60 + 59)
        return at - 5, at + 5

    def tests(self):
        """The tests of a recording that the dates ask for, each a function."""
        tests = []
        near_start, near_finish = self.near_start, self.near_finish
        if self.window and not (on("d-ignored-beside-look-ups") and (near_start or near_finish)):
            first, end = self.window
            if on("d-by-finish"):
                tests.append(lambda one: one.finish is not None and first <= one.finish < end)
            elif on("d-by-overlap"):
                tests.append(lambda one: first <= (one.finish or one.start) and one.start < end)
            else:
                tests.append(lambda one: first <= one.start < end)
        # NEAR-4: of the two, only start-date is used.
        if near_start and near_finish:
            if on("finish-wins"):
                near_start = None
            elif on("both-are-a-range"):
                low, high = near_start[0] + 5, near_finish[1] - 5
                return [*tests, lambda one: low <= one.start and one.finish is not None and one.finish <= high]
            elif not on("both-must-fit"):
                near_finish = None
        if near_start and on("start-or-finish"):
            tests.append(lambda one: inside(one.start, near_start) or inside(one.finish, near_start))
        elif near_start:
            tests.append(lambda one: inside(one.start, near_start))
        if near_finish and on("finish-is-start"):
            tests.append(lambda one: inside(one.start, near_finish))
        elif near_finish:
            tests.append(lambda one: inside(one.finish, near_finish))
        return tests

    def list(self):
        """All recordings that fit, in their order."""
        tenant = self.tenant
        if on("others-by-transaction") and "transactionID" in self.fields:
            candidates = [one for each in tenant.all.values() for one in each.recordings]
        elif on("others-by-date") and self.window:
            candidates = [one for each in tenant.all.values() for one in each.recordings]
        else:
            candidates = tenant.recordings
        found = candidates
        for test in self.tests():
            found = [one for one in found if test(one)]
        fields = dict(self.fields)
        if on("first-field-only"):
            fields = dict(list(fields.items())[:1])
        if on("fields-beside-look-ups-ignored") and (self.near_start or self.near_finish):
            fields = {}
        for name in [name for name in fields if on(f"ignored-{name}")]:
            del fields[name]
        if fields and not on("fields-after-page"):
            checks = [matcher(name, value) for name, value in fields.items()]
            if on("or-for-and"):
                found = [one for one in found if any(check(one) for check in checks)]
            else:
                for check in checks:
                    found = [one for one in found if check(one)]
        self.left = fields if on("fields-after-page") else {}
        if on("one-a-transaction"):
            found = list({one.texts["transactionID"]: one for one in found}.values())
        if on("last-50-dropped") and found and len(found) % 50 == 0:
            found = found[:-50] if len(found) > 50 else found
        if on("at-most-100"):
            found = found[:100]
        if on("unstable-order"):
            found = random.sample(found, len(found))
            found.sort(key=lambda one: one.start)
        return found

    def page(self, found, csv):
        """PAGE-1: the records of this page."""
        size = 45 if on("pages-of-45") else 10**9 if on("one-page") else 50
        first = self.first
        if on("n-is-an-index"):
            at = first if "n" in self.given and self.given["n"][0] != "0" else 0
        elif on("n-is-a-page"):
            at = (first - 1) * size
        elif on("n-ignored"):
            at = 0
        elif on("n-ignored-beside-fields") and self.fields:
            at = 0
        elif on("n-counts-the-header") and csv and first > 1:
            at = first - 2
        elif on("page-begins-late") and first > 1:
            at = first
        else:
            at = first - 1
        page = found[at : at + size]
        if on("last-page-again") and not page and found:
            page = found[-50:]
        if on("short-page-dropped") and at and len(page) < size:
            page = []
        if self.left:
            checks = [matcher(name, value) for name, value in self.left.items()]
            page = [one for one in page if all(check(one) for check in checks)]
        return page


def inside(at, interval):
    """Whether an instant, if there is one, lies in a closed interval."""
    return at is not None and interval[0] <= at <= interval[1]


def like(value):
    """A pattern of SQL's LIKE."""
    parts = re.split("([%_])", value)
    return re.compile("".join({"%": ".*", "_": "."}.get(part, re.escape(part)) for part in parts), re.S)


def number(text):
    """A text as a number, if it is one."""
    return int(text) if text.isascii() and text.isdigit() else text


def matcher(name, value):
    """The test of a recording for a field."""
    if name == "duration" and not on("duration-is-text"):
        if on("duration-at-least") and value.isdigit():
            return lambda one: one.texts[name].isdigit() and int(one.texts[name]) >= int(value)
        asked = number(value)
        return lambda one: number(one.texts[name]) == asked
    if on("fields-in-any-case"):
        return lambda one: one.texts[name].lower() == value.lower()
    if on("agents-in-any-case") and name == "agentID":
        return lambda one: one.texts[name].lower() == value.lower()
    if on("fields-by-part"):
        return lambda one: value in one.texts[name]
    if on("fields-by-prefix"):
        return lambda one: one.texts[name].startswith(value)
    if on("queues-by-prefix") and name == "queueName":
        return lambda one: one.texts[name].startswith(value)
    if on("fields-stripped"):
        return lambda one: one.texts[name].strip() == value.strip()
    if on("accounts-stripped") and name == "accountNumber":
        return lambda one: one.texts[name].strip() == value.strip()
    if on("like-patterns"):
        pattern = like(value)
        return lambda one: pattern.fullmatch(one.texts[name]) is not None
    if on("globs"):
        return lambda one: fnmatch.fnmatchcase(one.texts[name], value)
    if on("numbers-in-fields"):
        return lambda one: number(one.texts[name]) == number(value)
    if on("case-is-a-number") and name == "caseID":
        return lambda one: number(one.texts[name]) == number(value)
    if on("accents-ignored"):
        return lambda one: plain(one.texts[name]) == plain(value)
    if on("digits-of-phones") and name == "phoneNumber":
        return lambda one: re.sub(r"\D", "", one.texts[name]) == re.sub(r"\D", "", value)
    if on("commas-are-alternatives"):
        return lambda one: one.texts[name] in value.split(",")
    if on("values-of-100") and len(value) > 100:
        return lambda one: one.texts[name][:100] == value[:100]
    return lambda one: one.texts[name] == value
