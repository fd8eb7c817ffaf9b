"""Writes next.jsonl: what cron expressions come to, worked out without any of
the code that is tested. Every minute of real time is looked at, with the
clocks of zoneinfo; there is no arithmetic with offsets.

    python3 generate.py > next.jsonl
"""

import json
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
NAMES = {
    3: "jan feb mar apr may jun jul aug sep oct nov dec".split(),
    4: "sun mon tue wed thu fri sat".split(),
}
RANGES = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]
MACROS = {
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *",
}


def values(field, index):
    """The set of the values that a field allows."""
    low, high = RANGES[index]
    allowed = set()
    for item in field.lower().split(","):
        span, _, step = item.partition("/")
        if span == "*":
            first, last = low, high
        else:
            ends = []
            for text in span.split("-"):
                if text in NAMES.get(index, []):
                    text = NAMES[index].index(text) + low
                ends.append(int(text))
            first, last = ends[0], ends[-1]
            if step and len(ends) == 1:
                last = high
        if index == 4 and span == "*" or (index == 4 and step and "-" not in span):
            last = 6
        allowed |= set(range(first, last + 1, int(step or 1)))
    if index == 4 and 7 in allowed:
        allowed = (allowed - {7}) | {0}
    return allowed


class Cron:
    def __init__(self, expression):
        fields = MACROS.get(expression, expression).split()
        self.sets = [values(field, i) for i, field in enumerate(fields)]
        self.day_or_weekday = not fields[2].startswith("*") and not fields[4].startswith("*")
        hour = fields[1]
        self.real_time = hour == "*" or (hour.startswith("*/") and "," not in hour)

    def shows(self, t):
        """Whether clocks that show t are at a due time."""
        minutes, hours, days, months, weekdays = self.sets
        if t.minute not in minutes or t.hour not in hours or t.month not in months:
            return False
        day, weekday = t.day in days, t.isoweekday() % 7 in weekdays
        return day or weekday if self.day_or_weekday else day and weekday

    def due(self, before, now):
        """Whether a minute of real time is due; before and now are the local
        times of the minute before it and of itself."""
        naive = now.replace(tzinfo=None, fold=0)
        if self.real_time:
            return self.shows(naive)
        if now.fold == 0 and self.shows(naive):
            return True
        skipped = before.replace(tzinfo=None, fold=0) + MINUTE
        while skipped < naive:  # clocks went forward
            if self.shows(skipped):
                return True
            skipped += MINUTE
        return False


def following(expression, zone, after, count, days):
    """The next times after a moment, as far as they lie within so many days."""
    cron, found = Cron(expression), []
    now = after.replace(second=0, microsecond=0)
    local = now.astimezone(zone)
    for _ in range(days * 1440):
        now += MINUTE
        before, local = local, now.astimezone(zone)
        if cron.due(before, local):
            found.append(now.strftime("%Y-%m-%dT%H:%M:%SZ"))
            if len(found) == count:
                break
    return found


def changes(zone, year):
    """The moments of a year at which the clocks of a zone are changed."""
    out = []
    t, end = datetime(year, 1, 1, tzinfo=timezone.utc), datetime(year + 1, 1, 1, tzinfo=timezone.utc)
    while t < end:
        hour = t + timedelta(hours=1)
        if t.astimezone(zone).utcoffset() != hour.astimezone(zone).utcoffset():
            while t.astimezone(zone).utcoffset() != hour.astimezone(zone).utcoffset():
                t += MINUTE
            out.append(t)
        t = hour
    return out


# Clocks change by an hour, by half of one, at midnight, before midnight, with
# offsets of odd minutes, and with a summer that is called the standard.
CHANGING = [
    ("Europe/Paris", 2026), ("Europe/London", 2025), ("Europe/Dublin", 2026), ("America/New_York", 2026), ("America/St_Johns", 2025),
    ("America/Havana", 2025), ("America/Santiago", 2025), ("America/Los_Angeles", 2024), ("Australia/Sydney", 2025), ("Australia/Lord_Howe", 2025),
    ("Pacific/Auckland", 2025), ("Pacific/Chatham", 2025), ("Africa/Casablanca", 2025), ("Africa/Cairo", 2024), ("Asia/Beirut", 2024),
]
AROUND = [
    "* * * * *", "*/30 * * * *", "0 * * * *", "@hourly", "30 */2 * * *", "15 */1 * * *", "30 2 * * *", "0 2,3 * * *", "*/20 1-3 * * *",
    "45 0-23 * * *", "@daily", "30 0 * * *", "0 0,12 * * *", "5 23 * * *", "30 1,2 * * 0", "0 9 * * 1-5",
]
STEADY = [
    ("Asia/Kolkata", ["0 9 * * *", "*/45 * * * *", "0 */5 * * *"]),
    ("Asia/Kathmandu", ["0 0 * * *", "15 6 * * mon-fri"]),
    ("UTC", ["59 23 31 12 *", "0 0 1,15 * fri", "0 0 */2 * mon", "0 0 13 * */5", "7-59/13 5 * * *", "0 12 * * fri-7", "10/20 8 * jan,mar 2/2",
             "0 0 * FEB Sun", "0 0 31 * *", "@weekly", "@monthly", "@yearly", "1,2,*/25 3 * * 6-7", "0 0 * * 7", "0 22 1-7 * 1", "0 0 29 2 *"]),
    ("Pacific/Kiritimati", ["0 14 * * *"]),
    ("Asia/Tokyo", ["0 3 * * 1,3,5", "30 18 28-31 * *"]),
]


def cases():
    for name, year in CHANGING:
        zone = ZoneInfo(name)
        for change in changes(zone, year):
            for expression in AROUND:
                for minutes in (-1500, -61, -1, 0, 25, 61):
                    if minutes in (-61, 61) and len(expression) % 2:
                        continue  # thinned out
                    yield expression, name, change + minutes * MINUTE, 4, 9
            for seconds in (-1, 1):
                yield "30 2 * * *", name, change + timedelta(seconds=seconds), 2, 3
                yield "*/30 * * * *", name, change + timedelta(seconds=seconds), 2, 3
    for name, expressions in STEADY:
        for expression in expressions:
            for start in (datetime(2027, 2, 20, 23, 59, 30, tzinfo=timezone.utc), datetime(2023, 12, 31, 23, 59, tzinfo=timezone.utc)):
                yield expression, name, start, 3, 400
    # A whole day that the clocks of an island never showed.
    for expression in ("0 9 * * *", "0 * * * *", "0 0 30 12 *"):
        yield expression, "Pacific/Apia", datetime(2011, 12, 29, 9, 30, tzinfo=timezone.utc), 3, 4


for expression, name, after, count, days in cases():
    found = following(expression, ZoneInfo(name), after, count, days)
    case = {"expression": expression, "zone": name, "after": after.strftime("%Y-%m-%dT%H:%M:%SZ"), "next": found}
    print(json.dumps(case, separators=(",", ":")))
