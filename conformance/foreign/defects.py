"""The defects of this server, as authors make them: a name, what it does (completes "a server"), and the causes of
`vcc-conformance selftest --list` that name it or its kind."""

TABLE = """
# pages and n
pages-of-45 | whose pages hold 45 | page-of-49 page-of-25 page-of-51 page-of-100
one-page | that lists everything at once | no-pages page-of-100
n-is-an-index | whose n is an index from 0 | n-from-zero page-edge-lost
n-is-a-page | whose n is the number of a page | n-is-a-page
n-ignored | that ignores n | n-ignored
n-ignored-beside-fields | that ignores n beside fields | n-ignored n-ignored-beside-d n-ignored-in-csv
n-counts-the-header | whose n counts the header of CSV | n-counts-the-header
page-begins-late | whose further pages begin one record late | page-edge-lost n-from-zero
any-integer | that reads n with int(), and never below 1 | n-number-like n-garbage-is-1 n-prefix
any-number | that reads n with float(), and never below 1 | n-number-like n-garbage-is-1 n-prefix
bad-number-is-1 | that takes an n that is no number for 1 | n-garbage-is-1 n-prefix n-empty-is-1
small-numbers | that answers 500 where n does not fit 32 bits | n-overflows n-large-refused
past-the-end-404 | that answers 404 past the end | past-the-end-404 nothing-found-404
nothing-is-404 | that answers 404 where nothing is found | nothing-found-404
nothing-is-204 | that answers 204 where nothing is found | nothing-found-204
last-page-again | that gives the last page again past the end | last-page-again first-page-again
short-page-dropped | that drops a last page that is not full | short-pages-dropped single-last-dropped
last-50-dropped | that loses the last page where it is full | full-last-dropped
at-most-100 | that lists a hundred recordings at most | hundred-at-most
fields-after-page | that applies fields to the page | fields-after-paging
one-a-transaction | that keeps one recording a transactionID | one-a-transaction
unstable-order | whose ties come in any order | ties-change ties-by-page
# days, ranges
days-of-24-hours | whose days have 24 hours | day-of-24-hours
day-ends-at-23-59 | whose days end with 23:58:59 | day-ends-early
days-in-utc | whose d is in UTC | day-in-utc local-times-in-utc tz-unread tz-ignored tenant-in-utc
end-included | that includes the end of d | day-ends-late untimed-end-included range-ends-a-second-late
d-by-finish | whose d looks at the finish | day-by-finish day-by-overlap
d-by-overlap | whose d finds what was still running | day-by-overlap day-by-finish
d-ignored-beside-look-ups | that ignores d beside a look-up | d-ignored-beside-look-ups
gap-shifts | that moves a time in a gap on by its length | gap-moved
gap-refused | that refuses a time in a gap | gap-refused
second-pass | that takes the second pass of a time that occurs twice | fold-is-its-second
dates-roll-over | that rolls 30 February over into March | dates-roll-over
days-clamped | that takes 30 February for 28 February | days-clamped
month-is-first-day | that reads a month as its first day | month-is-its-first-day
year-is-first-day | that reads a year as its first day | year-is-its-first-day
week-is-monday | that reads a week as its Monday | week-is-its-monday
sunday-weeks | that counts weeks with %U | week-from-sunday week-1-has-1-january weeks-of-seven-from-1-january
weeks-from-january-1 | that counts weeks in sevens from 1 January | weeks-of-seven-from-1-january week-1-has-1-january
range-is-first-day | that reads a range as its first day | range-is-its-first-day range-of-one-day-at-most
range-without-end | that ignores the end of a range | range-without-end
range-begins-late | whose ranges do not include their first second | range-start-excluded
range-ends-a-minute-early | whose ranges end a minute early | range-ends-a-second-early seconds-dropped
third-date-ignored | that ignores a third date | third-dates-ignored
open-ranges | that reads a range with one end | open-ranges-read
seconds-dropped | that drops the seconds of dates | seconds-dropped minutes-are-whole
# forms of dates
no-basic-form | that reads no basic form | basic-refused basic-times-refused
no-space | that reads no space before a time | space-refused
no-t | that reads no T before a time | t-refused
no-seconds | that reads no seconds | seconds-refused
no-ordinals | that reads no days of a year | ordinals-refused basic-ordinals-refused
no-weeks | that reads no weeks | weeks-refused basic-weeks-refused
no-months | that reads no months | months-refused
no-hour-24 | that reads no 24:00 | hour-24-refused
no-second-60 | that reads no second 60 | second-60-refused
bad-dates-ignored | that ignores a d that it cannot read | bad-d-ignored bad-dates-ignored refused-values-ignored words-are-nothing
bad-dates-are-nothing | that finds nothing for a d that it cannot read | bad-dates-are-nothing
bad-dates-500 | that answers 500 to a date that it cannot read | bad-dates-500
bad-dates-404 | that answers 404 to a date that it cannot read | bad-dates-404
trailing-text | that ignores what stands behind a date | text-behind-ignored
dates-stripped | that strips dates | dates-trimmed
# offsets
z-ignored | that ignores Z | z-ignored
offsets-ignored | that ignores offsets and Z | offset-ignored z-ignored offset-ignored-beside-tz
offsets-ignored-beside-zone | that ignores offsets of d where tz is given | offset-ignored-beside-tz z-ignored-beside-tz
offset-sign-turned | that turns the signs of offsets round | offset-sign-turned
offsets-of-whole-hours | that ignores the minutes of offsets | offset-minutes-ignored offset-minutes-added
untimed-offset-is-utc | that takes a time without an offset for UTC | local-times-in-utc
offsets-refused-in-look-ups | whose look-ups read no offset but Z | look-ups-read-no-offset offsets-refused
plus-is-lost | that does not read back a + that became a space | raw-sign-refused
# today
today-in-utc | whose today is that of UTC | today-in-utc
today-until-now | whose constants end now | today-until-now
constant-to-now | whose today-Nd alone runs from then until now | today-until-now
yesterday-is-24-hours-ago | whose today-1d is 24 hours before now | yesterday-is-now-less-24-hours
days-back-of-24-hours | whose today-Nd is N times 24 hours before midnight | days-of-24-hours-back
documented-constants | that knows today, today-1d and today-7d | documented-constants-only
one-digit-constants | whose constants have one digit | one-digit-constants documented-constants-only
no-constants-in-look-ups | whose look-ups read no constants | constants-refused-by-look-ups
# zones
zone-ignored | that ignores tz | tz-ignored tz-unread
zone-for-d-only | whose look-ups ignore tz | tz-ignored-by-start-date tz-ignored-by-finish-date
zone-for-look-ups-only | whose d ignores tz | day-in-the-tenants-zone tz-ignored
zone-of-the-first-end | whose tz is for the first end of a range | tz-for-the-first-end
tenants-in-utc | whose dates without tz are in UTC | tenant-in-utc zone-of-the-server local-times-in-utc
offset-of-today | that uses the offset of the present for all dates | offset-of-now
no-summer-time | that knows no summer time | always-winter start-in-winter
whole-hour-zones | whose zones are whole hours from UTC | zones-of-whole-hours
bad-zone-ignored | that ignores a tz that it does not know | bad-tz-ignored bad-tz-is-utc
bad-zone-is-utc | that takes a tz that it does not know for UTC | bad-tz-is-utc bad-tz-ignored
bad-zone-500 | that answers 500 to a tz that it does not know | bad-tz-500
empty-zone-ignored | that takes an empty tz for none | empty-tz-ignored
zones-in-any-case | that reads zones in any case | tz-case-ignored
zone-abbreviations | that reads PST and CET | offsets-as-zones
zones-stripped | that strips zones | tz-trimmed
cities-only | that knows zones of the form Area/City alone | cities-only aliases-unknown
zone-without-date-unchecked | that looks at tz beside a date only | bad-tz-without-a-date
# look-ups
look-up-4 | that looks up 4 s | within-4-seconds edges-excluded
look-up-6 | that looks up 6 s | within-6-seconds within-10-seconds
look-up-60 | that looks up a minute | within-5-minutes within-10-seconds
look-up-after | that looks up the 5 s after | after-only
look-up-before | that looks up the 5 s before | before-only
look-up-upper-open | whose look-ups end before their upper edge | upper-edge-excluded
look-up-same-minute | whose look-ups stay in their minute | minutes-are-whole after-only before-only midnight-is-exact finish-of-the-same-day ~look-ups of ±5 s
look-up-cut-to-minutes | whose look-ups drop the seconds | seconds-dropped minutes-are-whole ~look-ups of ±5 s
untimed-look-up-is-the-day | whose look-ups without a time find the day | untimed-is-the-day
untimed-look-up-is-midnight | whose look-ups without a time find midnight alone | midnight-is-exact
finish-is-start | whose finish-date looks at the start | finish-is-start
finish-in-minutes | whose durations count whole minutes | finish-in-whole-minutes
start-or-finish | whose start-date finds finishes too | start-is-either
no-duration-is-zero | that takes no duration for zero | absent-duration-is-zero
finish-without-zero | that takes a duration of 0 for none | zero-duration-is-none
both-must-fit | that uses start-date and finish-date | both-are-used
both-are-a-range | that makes a range of start-date and finish-date | both-are-a-range
finish-wins | that uses finish-date where both are given | finish-date-wins the-last-date-wins
ranges-in-look-ups | whose look-ups read a range | ranges-in-look-ups
fields-beside-look-ups-ignored | that ignores fields beside look-ups | fields-ignored-beside-look-ups
# fields
fields-in-any-case | that compares in any case | fields-in-any-case fields-in-any-ascii-case
agents-in-any-case | that compares agents in any case | fields-in-any-case fields-in-any-ascii-case
fields-by-part | that finds parts of values | fields-by-part
fields-by-prefix | that finds beginnings of values | fields-by-prefix
queues-by-prefix | that finds beginnings of names of queues | fields-by-prefix fields-by-part
fields-stripped | that strips what it compares | values-trimmed trailing-spaces-ignored asked-values-trimmed
accounts-stripped | that strips account numbers | values-trimmed trailing-spaces-ignored asked-values-trimmed
like-patterns | in whose values % and _ are wildcards | percent-is-a-wildcard underscore-is-a-wildcard
globs | in whose values * and ? are wildcards | star-is-a-wildcard
numbers-in-fields | that compares digits as numbers | integers-in-text numbers-in-text
case-is-a-number | that compares case numbers as numbers | integers-in-text numbers-in-text
accents-ignored | that ignores accents | fields-without-accents fields-composed width-ignored
digits-of-phones | that compares the digits of phone numbers | ignores-phoneNumber ~fields ~single fields
commas-are-alternatives | in whose values a comma separates alternatives | commas-are-lists lists-by-comma-too
values-of-100 | that compares the first 100 characters | values-of-64-bytes values-of-255-bytes
duration-is-text | that compares durations as text | duration-is-text
duration-at-least | whose duration finds longer ones | duration-at-least
bad-durations-are-nothing | that finds nothing for a duration that is no number | bad-durations-are-nothing
or-for-and | that finds what fits any field | or-in-place-of-and
first-field-only | that uses the first field only | first-field-only one-variable-only last-field-only
ignored-extVar2 | that ignores extVar2 | ignores-extVar2
ignored-accountNumber | that ignores accountNumber | ignores-accountNumber
ignored-duration | that ignores duration | ignores-duration
ignored-queueName | that ignores queueName | ignores-queueName
startDate-is-start-date | that reads startDate as start-date | start-date-as-a-field
# encoding
names-in-any-case | that reads names of variables in any case | names-in-any-case
broken-escapes-kept | that keeps a broken escape as text | broken-escapes-kept
invalid-utf-8-replaced | that replaces what is no UTF-8 | invalid-utf-8-replaced
latin-1-query | that decodes a query as Latin-1 | latin-1
decoded-twice | that decodes twice | decoded-twice
decoded-before-split | that decodes before it splits | decoded-before-split
encoded-plus-is-space | that takes %2B for a space | encoded-plus-is-a-space
semicolons-separate | that splits at ; too | semicolons-separate
empty-segments-refused | that refuses empty segments | empty-segments-refused
no-equals-is-empty | that reads a name without = | names-alone-ignored
controls-taken | that takes control characters | controls-accepted
line-ends-refused | that refuses line ends in values | line-ends-refused tabs-refused
long-queries-cut | that cuts queries | long-values-cut long-queries-dropped
# credentials
any-token | that takes any token | any-token any-credentials
tokens-of-all | that takes the token of any tenant | tokens-of-all
tokens-by-prefix | that compares the beginning of tokens | token-prefix
tokens-in-any-case | that compares tokens in any case | token-case-ignored
tenants-in-any-case | that compares names of tenants in any case | tenant-case-ignored
last-colon | in whose credentials the last : ends the name | last-colon-ends-the-name
no-challenge | whose 401 has no challenge | no-challenge another-challenge
unknown-tenant-404 | that answers 404 to an unknown tenant | wrong-tokens-404 tenants-told-by-status
broken-credentials-500 | that answers 500 to credentials that it cannot read | broken-credentials-500
bad-credentials-empty | that answers bad credentials with an empty list | wrong-tokens-empty broken-credentials-empty
nobody-is-the-first | that lists recordings to nobody | nobody-sees-all
others-by-transaction | that forgets the tenant for a transactionID | leak-by-transaction
all-tenants | that adds the recordings of another tenant | the-others all-see-all
others-by-date | that forgets the tenant for d | leak-by-date
# resources and methods
path-before-credentials | that looks at the path first | path-before-credentials
method-before-credentials | that looks at the method first | method-before-credentials
unknown-is-empty | that answers an unknown resource with an empty list | unknown-empty
any-suffix | that serves any suffix | json-served
paths-in-any-case | that reads paths in any case | paths-in-any-case
paths-not-decoded | that does not decode paths | paths-not-decoded suffixes-not-decoded
slash-404 | that knows no / at the end | slash-404 slash-redirects
post-lists | that answers POST with recordings | post-lists
head-refused | that refuses HEAD | head-refused
no-allow | whose 405 has no Allow | head-without-headers other-methods-500 other-methods-empty ~methods and resources
fragments-cut | that cuts a target at # | hash-cut hash-cut-in-queries
csv-by-default | that gives CSV by default | csv-by-default
csv-is-xml | that gives XML for CSV | csv-is-xml
format-by-accept | whose format is that of Accept | format-by-accept
# refusals
refusals-422 | whose refusals have the status 422 | bad-dates-422 refusals-403 refusals-500 ~statuses and refusals
refusals-500 | whose refusals have the status 500 | refusals-500
refusals-200 | whose refusals have the status 200 | refusals-200
refusals-without-names | whose refusals name no variable | refusals-without-a-name refusals-without-a-word
query-echoed | whose refusals repeat the query | query-echoed
refusals-of-html | whose refusals are pages of HTML | refusals-of-pages
tracebacks | whose refusals show a traceback | stack-traces internals-in-refusals
# XML
ampersands-raw | that does not escape & | ampersands-raw
nothing-escaped | that escapes nothing | nothing-escaped
escaped-twice | that escapes twice | escaped-twice
line-ends-raw | that writes line ends as they are | line-ends-raw
cdata | that writes CDATA without a look at ]]> | cdata-naive
no-declaration | whose XML has no declaration | no-declaration
other-root | whose root is another element | other-root
other-record | whose records are other elements | other-record
misspelt-field | that misspells a field | field-misspelt field-missing column-missing
account-missing | whose XML has no accountNumber | field-missing field-misspelt
empty-left-out | that leaves empty fields out | empty-fields-missing
xml-as-html | whose XML is text/html | xml-as-html
no-charset | whose XML has no charset | xml-without-charset
ascii-only | that writes ? for what is not ASCII | ascii-in-answers latin-1-written
# CSV
commas-raw | that does not quote | commas-raw
quotes-single | that does not double quotes | quotes-not-doubled
quotes-by-backslash | that escapes quotes with a backslash | quotes-by-backslash quotes-not-doubled
quotes-everywhere | that quotes everything | quotes-everywhere
semicolons | whose CSV has semicolons | csv-with-semicolons
tabs | whose CSV has tabs | csv-with-tabs
csv-with-lf | whose CSV has LF | csv-with-lf
no-header | whose CSV has no header | no-header
no-header-when-empty | whose empty CSV has no header | empty-csv-without-header
header-in-capitals | whose header is in capitals | header-in-lower-case header-of-titles
csv-bom | whose CSV begins with a byte-order mark | byte-order-mark
csv-as-plain-text | whose CSV is text/plain | csv-as-plain-text
csv-in-latin-1 | whose CSV is in Latin-1 | csv-in-latin-1
csv-without-last | whose CSV lacks its last row | last-row-missing
formulas-guarded | that puts a quote before formulas | formulas-guarded
# values
values-stripped | that strips values | values-trimmed-in-answers
none-for-empty | that writes None for empty values | absent-is-none-in-answers nil-for-empty
null-for-empty | that writes null for empty values | absent-is-none-in-answers nil-for-empty null-in-csv
values-of-40 | that cuts values at 40 characters | values-cut-in-answers
numbers-in-answers | that writes digits as numbers | numbers-in-answers zeros-lost-in-csv
line-ends-as-lf | that writes LF for every line end | line-ends-normalised
hashes-stripped | that strips # from channels | hashes-stripped
duration-in-minutes | that writes durations as minutes and seconds | durations-in-minutes
case-and-account-swapped | that swaps caseID and accountNumber | numbers-in-answers fields-in-another-order ~values ~XML ~trait
# startDate
start-without-offset | whose startDate has no offset | start-without-offset
start-as-z | whose startDate is local time with a Z | start-as-z
start-with-space | whose startDate has a space | start-with-a-space
start-without-colon | whose startDate has an offset without a colon | start-without-colon
start-sign-turned | whose startDate has its sign turned round | start-sign-turned
start-to-the-minute | whose startDate is cut to minutes | start-cut-to-minutes
start-in-milliseconds | whose startDate counts milliseconds | start-of-1970
"""

# Two at once, from different chapters: the first cause is right if it is that of either.
PAIRS = """
n-is-an-index days-of-24-hours
zone-ignored fields-in-any-case
look-up-6 start-without-colon
csv-with-lf third-date-ignored
gap-shifts or-for-and
today-in-utc commas-raw
any-token no-weeks
page-begins-late names-in-any-case
ignored-extVar2 bad-zone-ignored
both-must-fit end-included
tenants-in-utc look-up-4
like-patterns refusals-422
one-page offset-sign-turned
values-stripped second-pass
head-refused finish-is-start
no-basic-form fields-by-prefix
"""


class Defect:
    """A row of the table."""

    def __init__(self, line):
        self.name, self.says, causes = (column.strip() for column in line.split("|"))
        # "~lists" is a family.
        found = causes.replace(" ~", "\n~").split("\n")
        self.causes = {name for part in found if part[0] != "~" for name in part.split()}
        self.families = {part[1:] for part in found if part[0] == "~"}


def table():
    """All defects, in the order of the table."""
    return [Defect(line) for line in TABLE.strip().splitlines() if not line.startswith("#")]


def pairs():
    """The pairs of defects."""
    return [line.split() for line in PAIRS.strip().splitlines()]
