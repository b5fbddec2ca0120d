"""Dates of a query: what was written, and the period that it names."""

import calendar
import re
import time
from datetime import date, datetime, timedelta
from fractions import Fraction

import zones
from switches import on

DATE = re.compile(
    r"(?P<year>[0-9]{4})(?:"
    r"-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})|(?P<bmonth>[0-9]{2})(?P<bday>[0-9]{2})"
    r"|-(?P<ordinal>[0-9]{3})|(?P<bordinal>[0-9]{3})"
    r"|-W(?P<week>[0-9]{2})-(?P<weekday>[0-9])|W(?P<bweek>[0-9]{2})(?P<bweekday>[0-9])"
    r"|-W(?P<onlyweek>[0-9]{2})|W(?P<bonlyweek>[0-9]{2})|-(?P<onlymonth>[0-9]{2}))?"
)
TIME = re.compile(
    r"(?P<hour>[0-9]{2})(?:(?P<colon>:?)(?P<minute>[0-9]{2})(?:(?P=colon)(?P<second>[0-9]{2})(?:[.](?P<fraction>[0-9]+))?)?)?"
)
OFFSET = re.compile(r"(?P<sign>[-+])(?P<hours>[0-9]{2})(?::?(?P<minutes>[0-9]{2}))?")
CONSTANT = re.compile(r"today(?:(?P<sign>[-+ ])(?P<days>[0-9]+)d)?")
END = date(9999, 12, 31)


class BadDate(ValueError):
    """A date that cannot be read."""


class Period:
    """From one instant up to another, and how it was written."""

    def __init__(self, start, end, key, timed=False, constant=False):
        self.start, self.end, self.key, self.timed, self.constant = start, end, key, timed, constant


def now():
    """The time of this request."""
    return int(time.time())


def days_later(day, days):
    """The day this many days later; after the calendar's last day, the end of time."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        raise BadDate("is beyond the calendar") from None


def midnight(day):
    """Seconds of a day's midnight, as if in UTC."""
    return (day - date(1970, 1, 1)).days * 86400


def next_midnight(day, days=1):
    """Seconds of the midnight `days` later, also after the calendar's last day."""
    return midnight(day) + 86400 * days


def constant(text, zone, alone):
    """`today`, `today-7d`: the day that it names."""
    found = CONSTANT.fullmatch(text)
    if not found:
        return None
    at = now()
    home = zones.UTC if on("today-in-utc") else zone
    here = datetime(1970, 1, 1) + timedelta(seconds=at + home.offset(at))
    number = int(found["days"] or 0) if len(found["days"] or "") < 9 else 10**9
    if on("documented-constants") and text not in ("today", "today-1d", "today-7d"):
        raise BadDate("is no constant")
    if on("one-digit-constants") and len(found["days"] or "") > 1:
        raise BadDate("is no constant")
    days = number if found["sign"] in ("+", " ") else -number
    if on("yesterday-is-24-hours-ago") and days:
        return Period(at + days * 86400, at + (days + 1) * 86400, text, constant=True)
    day = days_later(here.date(), days)
    start = zone.instant(midnight(day))
    if on("days-back-of-24-hours") and days:
        start = zone.instant(midnight(here.date())) + days * 86400
    end = zone.instant(next_midnight(day))
    if alone and on("today-until-now"):
        end = at
    if alone and on("constant-to-now") and days:
        end = at
    return Period(start, end, ("day", day), constant=True)


def of_week(year, week, weekday):
    """A day by its week."""
    if on("weeks-from-january-1"):
        return date(year, 1, 1) + timedelta(days=7 * (week - 1) + weekday - 1)
    if on("sunday-weeks"):
        return datetime.strptime(f"{year} {week} {weekday % 7}", "%Y %U %w").date()
    return date.fromisocalendar(year, week, weekday)


def calendar_days(found):
    """The first day that a date names, the day after its last, and its precision."""
    def number(*names):
        return next((int(found[name]) for name in names if found[name] is not None), None)

    year = number("year")
    month, day = number("month", "bmonth"), number("day", "bday")
    if month is not None:
        if on("dates-roll-over") and 1 <= month <= 12 and 1 <= day <= 31:
            first = date(year, month, 1) + timedelta(days=day - 1)
            return first, 1, "day"
        if on("days-clamped") and 1 <= month <= 12 and 1 <= day <= 31:
            day = min(day, calendar.monthrange(year, month)[1])
        return date(year, month, day), 1, "day"
    ordinal = number("ordinal", "bordinal")
    if ordinal is not None:
        if on("no-ordinals"):
            raise BadDate("is no date")
        length = 366 if calendar.isleap(year) else 365
        if not 1 <= ordinal <= length:
            raise BadDate(f"has no day {ordinal}")
        first = date(year, 1, 1) + timedelta(days=ordinal - 1)
        return first, 1, "day"
    week, weekday = number("week", "bweek"), number("weekday", "bweekday")
    if week is not None or number("onlyweek", "bonlyweek") is not None:
        if on("no-weeks"):
            raise BadDate("is no date")
    if week is not None:
        if not 1 <= weekday <= 7:
            raise BadDate("has no such day of a week")
        return of_week(year, week, weekday), 1, "day"
    week = number("onlyweek", "bonlyweek")
    if week is not None:
        return of_week(year, week, 1), 1 if on("week-is-monday") else 7, "week"
    month = number("onlymonth")
    if month is not None:
        if on("no-months"):
            raise BadDate("is no date")
        length = calendar.monthrange(year, month)[1]
        return date(year, month, 1), 1 if on("month-is-first-day") else length, "month"
    if on("year-is-first-day"):
        return date(year, 1, 1), 1, "year"
    return date(year, 1, 1), 366 if calendar.isleap(year) else 365, "year"


def offset_of(text, behind_an_hour):
    """The zone that is written after a time, or None if there is none."""
    if text == "":
        return None
    if text == "Z":
        return zones.UTC
    # REQ-6: a + may have become a space on its way; after a bare hour %20 is not a sign.
    if text[0] == " " and not behind_an_hour and not on("plus-is-lost"):
        text = "+" + text[1:]
    found = OFFSET.fullmatch(text)
    if not found or int(found["hours"]) > 23 or int(found["minutes"] or 0) > 59:
        raise BadDate("has no offset that can be read")
    if on("offsets-of-whole-hours"):
        return zones.Fixed(int(found["sign"] + found["hours"]) * 3600)
    total = int(found["hours"]) * 3600 + int(found["minutes"] or 0) * 60
    minus = (found["sign"] == "-") != on("offset-sign-turned")
    return zones.Fixed(-total if minus else total)


def period(text, zone, alone):
    """The period that a text of a query names. `alone` unless it is an end of a range."""
    if on("plus-is-lost"):
        text = text.replace("+", " ")
    if on("dates-stripped"):
        text = text.strip()
    named = constant(text, zone, alone)
    if named:
        return named
    found = DATE.match(text)
    # "2007" and more digits: the longest form that leaves a time or nothing.
    if not found:
        raise BadDate("is no date")
    rest = text[found.end():]
    try:
        if found["year"] == "0000":
            raise BadDate("has no year 0")
        first, days, precision = calendar_days(found)
    except BadDate:
        raise
    except (ValueError, OverflowError) as problem:
        raise BadDate(f"does not exist: {problem}") from None
    basic = found["bmonth"] or found["bordinal"] or found["bweek"]
    if on("no-basic-form") and basic:
        raise BadDate("is no date")
    if rest == "":
        start, end = midnight(first), midnight(first) + 86400 * days
        start, end = zone.instant(start), zone.instant(end)
        if on("days-of-24-hours") and alone:
            end = start + 86400 * days
        if on("day-ends-at-23-59") and alone:
            end -= 60
        return Period(start, end, (precision, first))
    if precision != "day":
        raise BadDate("has a time behind a date that is no day")
    if on("trailing-text") and rest[0] not in "T +":
        return period(text[: found.end()], zone, alone)
    if rest[0] not in "T +" or rest[0] in " +" and on("no-space") or rest[0] == "T" and on("no-t"):
        raise BadDate("has something behind it that is no time")
    return timed(first, rest[1:], zone, alone)


def timed(day, text, zone, alone):
    """The period of a date with a time."""
    found = TIME.match(text)
    if not found:
        raise BadDate("has no time that can be read")
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    fraction = Fraction(int(found["fraction"]), 10 ** len(found["fraction"])) if found["fraction"] else 0
    if on("no-seconds") and found["second"]:
        raise BadDate("has no time that can be read")
    if on("seconds-dropped"):
        second = fraction = 0
    written = offset_of(text[found.end():], found["minute"] is None)
    if hour > 24 or minute > 59 or second > 60 or hour == 24 and (minute or second or fraction):
        raise BadDate("has no such time")
    if hour == 24 and (alone or on("no-hour-24")) or second == 60 and on("no-second-60"):
        raise BadDate("has no such time")
    step = 1 if found["second"] else 60 if found["minute"] else 3600
    if fraction:
        step = Fraction(1, 10 ** len(found["fraction"]))
    local = midnight(day) + hour * 3600 + minute * 60 + second
    if written is None and on("untimed-offset-is-utc"):
        written = zones.UTC
    if on("z-ignored") and written is zones.UTC or on("offsets-ignored"):
        written = None
    at = written or zone
    if step < 1:
        start = at.instant(local) + fraction
        return Period(start, start + step, ("instant", start), timed=True)
    return Period(at.instant(local) + fraction, at.instant(local + step), ("instant", local), timed=True)
