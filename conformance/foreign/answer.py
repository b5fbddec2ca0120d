"""A page of recordings as XML or CSV."""

import re
from datetime import datetime, timedelta

from records import FIELDS
from switches import on

EPOCH = datetime(1970, 1, 1)
# Characters that survive in a value only as references (XML 1.0, section 2.11).
REFERENCES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
SPECIAL = re.compile("[&<>\r\n\t]")
NUMBER = re.compile("[0-9]+")


def escaped(text):
    """A value of XML."""
    references = dict(REFERENCES)
    if on("ampersands-raw"):
        del references["&"]
    if on("line-ends-raw"):
        references = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
    if on("nothing-escaped"):
        return text
    if on("escaped-twice"):
        text = SPECIAL.sub(lambda found: references.get(found[0], found[0]), text)
    return SPECIAL.sub(lambda found: references.get(found[0], found[0]), text)


def start_date(recording, zone):
    """OUT-3: the start with its offset."""
    offset = zone.offset(int(recording.start // 1))
    local = EPOCH + timedelta(seconds=int(recording.start // 1) + offset)
    fraction = recording.start - recording.start // 1
    text = local.isoformat()
    if fraction:
        text += f".{int(fraction * 10**6):06}".rstrip("0")
    if on("start-to-the-minute"):
        text = text[:17] + "00"
    if on("start-with-space"):
        text = text.replace("T", " ")
    if on("start-without-offset"):
        return text
    if on("start-as-z"):
        return text + "Z"
    if on("start-in-milliseconds"):
        return str(int(recording.start * 1000))
    if offset == 0:
        return text + "+00:00"
    sign, total = "-" if offset < 0 else "+", abs(offset)
    if on("start-sign-turned"):
        sign = "+" if sign == "-" else "-"
    # A zone's local mean time has seconds that an offset cannot write: the nearest minute does.
    if total % 60:
        minutes = (offset + 30) // 60
        local = EPOCH + timedelta(seconds=int(recording.start // 1) + minutes * 60)
        text, sign, total = local.isoformat(), "-" if minutes < 0 else "+", abs(minutes) * 60
    colon = "" if on("start-without-colon") else ":"
    return f"{text}{sign}{total // 3600:02}{colon}{total // 60 % 60:02}"


def values(recording, zone):
    """The texts of a recording, in the documented order."""
    texts = [recording.texts[field] for field in FIELDS]
    texts[0] = start_date(recording, zone)
    if on("values-stripped"):
        texts = [text.strip() for text in texts]
    if on("none-for-empty"):
        texts = [text or "None" for text in texts]
    if on("null-for-empty"):
        texts = [text or "null" for text in texts]
    if on("values-of-40"):
        texts = [text[:40] for text in texts]
    if on("numbers-in-answers"):
        texts = [str(int(text)) if NUMBER.fullmatch(text) else text for text in texts]
    if on("line-ends-as-lf"):
        texts = [text.replace("\r\n", "\n").replace("\r", "\n") for text in texts]
    if on("hashes-stripped"):
        texts[3] = texts[3].strip("#")
    if on("duration-in-minutes") and texts[5].isdigit():
        texts[5] = f"{int(texts[5]) // 60}:{int(texts[5]) % 60:02}"
    if on("case-and-account-swapped"):
        texts[4], texts[9] = texts[9], texts[4]
    return texts


def xml_of(recording, zone):
    """A record of XML."""
    parts = ["<call>" if on("other-record") else "<file>"]
    for field, text in zip(FIELDS, values(recording, zone)):
        if on("misspelt-field") and field == "wrapUpCode":
            field = "wrapupCode"
        if on("account-missing") and field == "accountNumber":
            continue
        if text == "" and on("empty-left-out"):
            continue
        if text == "":
            parts.append(f"<{field}/>")
        elif on("cdata"):
            parts.append(f"<{field}><![CDATA[{text}]]></{field}>")
        else:
            parts.append(f"<{field}>{escaped(text)}</{field}>")
    return "".join(parts) + ("</call>\n" if on("other-record") else "</file>\n")


def cell(text):
    """A value of CSV (RFC 4180)."""
    if on("commas-raw"):
        return text
    if on("quotes-by-backslash"):
        return '"' + text.replace('"', '\\"') + '"' if any(c in text for c in ',"\r\n') else text
    if on("formulas-guarded") and text[:1] in ("=", "+", "-", "@"):
        text = "'" + text
    if on("quotes-everywhere") or any(c in text for c in ',"\r\n'):
        doubled = text if on("quotes-single") else text.replace('"', '""')
        return f'"{doubled}"'
    return text


def row(texts):
    """A row of CSV."""
    comma = ";" if on("semicolons") else "\t" if on("tabs") else ","
    end = "\n" if on("csv-with-lf") else "\r\n"
    return comma.join(texts) + end


def csv_of(recording, zone):
    """A record of CSV."""
    return row([cell(text) for text in values(recording, zone)])


def written(page, zone, csv):
    """The whole document, as bytes, and its media type."""
    write, kind = (csv_of, "csv") if csv else (xml_of, "xml")
    texts = []
    for recording in page:
        key = (kind, id(zone))
        text = recording.written.get(key)
        if text is None:
            text = recording.written[key] = write(recording, zone)
        texts.append(text)
    if csv:
        names = [name.upper() if on("header-in-capitals") else name for name in FIELDS]
        head = "" if on("no-header") or on("no-header-when-empty") and not page else row(names)
        media = "text/plain" if on("csv-as-plain-text") else "text/csv"
        text = head + "".join(texts)
        if on("csv-in-latin-1"):
            return text.encode("latin-1", "replace"), f"{media}; charset=iso-8859-1"
        return ("\ufeff" if on("csv-bom") else "").encode() + text.encode(), f"{media}; charset=utf-8"
    head = "" if on("no-declaration") else '<?xml version="1.0" encoding="UTF-8"?>\n'
    root = "files" if on("other-root") else "recordings"
    media = "text/html" if on("xml-as-html") else "application/xml"
    charset = "" if on("no-charset") else "; charset=utf-8"
    text = f"{head}<{root}>\n{''.join(texts)}</{root}>\n"
    return text.encode("ascii", "replace") if on("ascii-only") else text.encode(), media + charset
