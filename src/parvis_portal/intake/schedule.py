"""When a source is visited, down to the minute: written « minutes:15 », « hourly:10 », « daily:06:30 »,
« weekly:1:06:30 », « monthly:5:06:30 », or "" when a person asks each time.

Hours are those of the town hall's clock (Europe/Paris), summer and winter alike.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from parvis.errors import InputError
from parvis.values import msg

LEAST, MOST = 1, 59  # minutes between two visits; beyond, hours
FIRST_WAIT = dt.timedelta(minutes=5)  # after a failure that may pass
LONG_WAIT = dt.timedelta(hours=1)  # after one that a person must mend: a password tried too often locks an account
LONGEST = dt.timedelta(hours=24)


def read(text: str) -> list[int]:
    """Return the numbers of a schedule. Raises: InputError."""
    rhythm, _sep, rest = text.partition(":")
    parts = rest.split(":") if rest else []
    bounds = {
        "minutes": [(LEAST, MOST)],
        "hourly": [(0, 59)],
        "daily": [(0, 23), (0, 59)],
        "weekly": [(1, 7), (0, 23), (0, 59)],
        "monthly": [(1, 31), (0, 23), (0, 59)],
    }.get(rhythm)
    if bounds is None or len(parts) != len(bounds) or not all(p.isdigit() and len(p) <= 2 for p in parts):
        raise InputError(msg("Ce rythme n'est pas compris : « {text} »."), text=text)
    numbers = [int(p) for p in parts]
    if any(not low <= n <= high for n, (low, high) in zip(numbers, bounds, strict=True)):
        raise InputError(msg("Ce rythme n'est pas compris : « {text} »."), text=text)
    return numbers


def following(text: str, after: dt.datetime) -> dt.datetime | None:
    """Return the first moment of a schedule after another one; None when there is no schedule.

    A visit missed while the portal was stopped is thus made once, not as many times as it was missed.
    """
    if not text:
        return None
    numbers, rhythm = read(text), text.partition(":")[0]
    if rhythm == "minutes":
        return (after + dt.timedelta(minutes=numbers[0])).replace(second=0, microsecond=0)
    return next(moment for moment in _moments(rhythm, numbers, after) if moment > after)


def _moments(rhythm: str, numbers: list[int], after: dt.datetime) -> Iterator[dt.datetime]:
    if rhythm == "hourly":  # hours are counted in universal time: no hour is lost or doubled twice a year
        whole = after.astimezone(dt.UTC).replace(minute=numbers[0], second=0, microsecond=0)
        yield from (whole + dt.timedelta(hours=n) for n in range(-1, 3))
    here = timezone.get_default_timezone()
    day = after.astimezone(here).date()
    *which, hour, minute = [0, *numbers]
    for _n in range(64):
        last = calendar.monthrange(day.year, day.month)[1]
        wanted = which[-1]
        if (
            rhythm == "daily"
            or (day.isoweekday() == wanted and rhythm == "weekly")
            or (rhythm == "monthly" and day.day == min(wanted, last))
        ):
            # An hour that the spring skips is the one after it; one that the autumn doubles is its first.
            local = dt.datetime.combine(day, dt.time(hour, minute), tzinfo=here)
            yield local.astimezone(dt.UTC)
        day += dt.timedelta(days=1)


def again(text: str, now: dt.datetime, failures: int, passing: bool) -> dt.datetime | None:
    """Return when to try again after so many failures in a row: longer each time, a day at most.

    A failure that may pass is tried again before the next time of the schedule; the others wait for it at least.
    """
    natural = following(text, now)
    if natural is None:
        return None
    first = FIRST_WAIT if passing else LONG_WAIT
    if text.startswith("minutes:"):
        first = max(natural - now, dt.timedelta(minutes=1)) if passing else first
    wait: dt.datetime = now + min(first * 2 ** min(failures - 1, 12), LONGEST)
    return wait if passing else max(wait, natural)


def said(text: str) -> str:
    """Return a schedule in words."""
    if not text:
        return _("quand on le demande")
    numbers, rhythm = read(text), text.partition(":")[0]
    if rhythm == "minutes":
        return ngettext("chaque minute", "toutes les %(n)s minutes", numbers[0]) % {"n": numbers[0]}
    if rhythm == "hourly":
        return _("chaque heure, à la minute %(minute)02d") % {"minute": numbers[0]}
    hour = formats.time_format(dt.time(numbers[-2], numbers[-1]), "H:i")
    if rhythm == "daily":
        return _("chaque jour à %(hour)s") % {"hour": hour}
    if rhythm == "weekly":
        return _("chaque %(day)s à %(hour)s") % {"day": days()[numbers[0]], "hour": hour}
    return _("le %(day)s de chaque mois à %(hour)s") % {"day": numbers[0], "hour": hour}


def days() -> dict[int, str]:
    """Return the days of the week, from 1 for Monday."""
    names = (_("lundi"), _("mardi"), _("mercredi"), _("jeudi"), _("vendredi"), _("samedi"), _("dimanche"))
    return dict(enumerate(names, 1))
