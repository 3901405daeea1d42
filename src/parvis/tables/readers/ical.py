"""iCalendar (ICS): the agenda of a town, one row per date of an event, at the hour that its clock shows.

Repeated events are written out, one row a date, with their exceptions; events that are marked private are left out.
Format: RFC 5545.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Iterator, Sequence
from dataclasses import field
from itertools import islice
from pathlib import Path
from typing import Any

from parvis.errors import InputError
from parvis.frozen import dataclass
from parvis.tables import sniff
from parvis.values import Finding, Place, Severity, msg

TITLE = "Agenda (iCalendar, ICS)"
SUFFIXES = (".ics", ".ical", ".ifb")

LABELS = (
    "Titre",
    "Début",
    "Fin",
    "Journée entière",
    "Lieu",
    "Description",
    "Catégories",
    "Adresse web",
    "Statut",
    "Organisateur",
    "Participants",
    "longitude",
    "latitude",
    "Identifiant",
)
_ALWAYS = ("Titre", "Début", "Fin")
_STATUS = {"CONFIRMED": "confirmé", "TENTATIVE": "provisoire", "CANCELLED": "annulé"}
_MOST = 1_000  # dates of one event
_AHEAD = dt.timedelta(days=731)  # how far an event without end is written out, after the last date of the file
_MARGIN = dt.timedelta(days=400)  # beyond, to know that there is more
_SIZE = 64 << 20
_HOME = "Europe/Paris"
_NEVER = dt.datetime.fromisoformat("0001-01-01")
_BROKEN = (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError)

Row = tuple[int, dict[str, str]]


def recognises(path: Path, head: bytes) -> float:
    return 0.95 if re.match(rb"(?:\xef\xbb\xbf)?\s*BEGIN:VCALENDAR\b", head, re.IGNORECASE) else 0.0


def read(path: Path, name: str, sink: Any) -> Sequence[Finding]:
    """Put the events into the sink, one row per date."""
    if path.stat().st_size > _SIZE:
        raise InputError("Cet agenda est trop grand.", "Exportez-le par année.", code="ical.size")
    text = sniff.text(path, sink.limits.line)
    agenda = _Agenda()
    agenda.take("".join(text.decode(path)).splitlines())
    rows = agenda.rows()
    if not rows:
        raise InputError(
            "Cet agenda ne contient aucun événement public et bien écrit.",
            "Vérifiez l'export : il faut des événements (VEVENT) datés, qui ne soient pas privés.",
            code="ical.empty",
        )
    labels = [x for x in LABELS if x in _ALWAYS or any(row.get(x) for _, row in rows)]
    facts = {"format": "ical", "encoding": text.encoding}
    sink.rows("", labels, ((line, [row.get(x) or None for x in labels]) for line, row in rows), **facts)
    return list(agenda.remarks())


@dataclass(frozen=True, slots=True)
class _Event:
    """One event as written: its line in the file, its fields, its first moment on the clock of the place."""

    line: int
    fields: Any
    start: dt.datetime
    end: dt.datetime
    all_day: bool


@dataclass(slots=True)
class _Agenda:
    """The events of a file, and what was left aside."""

    events: list[_Event] = field(default_factory=list)
    zone: str = ""
    bad: list[int] = field(default_factory=list)  # lines
    private: int = 0
    others: int = 0
    endless: int = 0
    cut: int = 0
    moved: int = 0  # hours given for Greenwich, in a file that names no zone
    until: dt.datetime = _NEVER

    def take(self, lines: Sequence[str]) -> None:
        """Read each event by itself, so that a broken one costs no other."""
        begin = -1
        for number, line in enumerate(lines):
            word = line.strip().upper()
            if word.startswith("X-WR-TIMEZONE:"):
                self.zone = line.partition(":")[2].strip()
            elif word == "BEGIN:VEVENT":
                begin = number
            elif word == "END:VEVENT" and begin >= 0:
                self._event("\r\n".join(lines[begin : number + 1]), begin + 1)
                begin = -1
            elif word in ("BEGIN:VTODO", "BEGIN:VJOURNAL", "BEGIN:VFREEBUSY"):
                self.others += 1
        if begin >= 0:
            self.bad.append(begin + 1)

    def _event(self, text: str, line: int) -> None:
        import icalendar

        try:
            fields: Any = icalendar.Event.from_ical(text)
            if str(fields.get("CLASS", "PUBLIC")).upper() in ("PRIVATE", "CONFIDENTIAL"):
                self.private += 1
                return
            start, all_day = self._moment(fields["DTSTART"].dt)
            end = self._end(fields, start, all_day)
        except _BROKEN:
            self.bad.append(line)
            return
        self.events.append(_Event(line, fields, start, end, all_day))

    def _end(self, fields: Any, start: dt.datetime, all_day: bool) -> dt.datetime:
        if "DTEND" in fields:
            end = self._moment(fields["DTEND"].dt)[0]
        elif "DURATION" in fields:
            end = start + fields["DURATION"].dt
        else:
            return start
        if all_day and end > start:
            end -= dt.timedelta(days=1)  # the end of a day is written as the morning after
        return max(start, end)

    def _moment(self, moment: dt.date | dt.datetime) -> tuple[dt.datetime, bool]:
        """Return what the clock of the place shows, and whether only the day is said."""
        if not isinstance(moment, dt.datetime):
            return dt.datetime.combine(moment, dt.time()), True
        if (
            moment.tzinfo is not None
            and moment.utcoffset() == dt.timedelta()
            and str(moment.tzinfo).startswith(("UTC", "Z", "Etc"))
        ):
            self.moved += not self.zone
            moment = moment.astimezone(self._place())
        return moment.replace(tzinfo=None), False

    def _place(self) -> dt.tzinfo:
        try:
            return zoneinfo.ZoneInfo(self.zone or _HOME)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            return zoneinfo.ZoneInfo(_HOME)

    def rows(self) -> list[Row]:
        """Return a row per date of each event, in the order of time."""
        if not self.events:
            return []
        self.until = max(e.start for e in self.events)
        for event in self.events:
            for key in ("DTSTAMP", "LAST-MODIFIED", "CREATED"):
                stamp = getattr(event.fields.get(key), "dt", None)
                if isinstance(stamp, dt.datetime):
                    self.until = max(self.until, stamp.replace(tzinfo=None))
        self.until += _AHEAD if self.until.year < 9000 else dt.timedelta()
        replaced = {
            (str(e.fields.get("UID", "")), self._moment(e.fields["RECURRENCE-ID"].dt)[0])
            for e in self.events
            if hasattr(e.fields.get("RECURRENCE-ID"), "dt")
        }
        days = all(e.all_day for e in self.events)
        out = []
        for event in self.events:
            key = str(event.fields.get("UID", ""))
            for start in self._dates(event):
                if (key, start) not in replaced or "RECURRENCE-ID" in event.fields:
                    out.append((start, (event.line, _row(event, start, days))))
        return [row for _, row in sorted(out, key=lambda pair: pair[0])]

    def _dates(self, event: _Event) -> Iterator[dt.datetime]:
        rule = event.fields.get("RRULE")
        extra = {self._moment(m)[0] for m in _listed(event.fields.get("RDATE"))}
        if rule is None or "RECURRENCE-ID" in event.fields:
            yield from sorted({event.start, *extra})
            return
        gone = {self._moment(m)[0] for m in _listed(event.fields.get("EXDATE"))}
        try:
            dates = {*self._repeated(rule, event), *extra} or {event.start}
        except _BROKEN:
            self.bad.append(event.line)
            dates = {event.start}
        yield from sorted(dates - gone)

    def _repeated(self, rule: Any, event: _Event) -> list[dt.datetime]:
        from dateutil.rrule import rrulestr

        if isinstance(rule, list):
            rule = rule[0]
        if str(rule.get("FREQ", [""])[0]).upper() not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
            raise ValueError("a rule that no agenda needs")
        if not _possible(rule):
            raise ValueError("a day that never comes")
        until = self._moment(rule["UNTIL"][0])[0] if "UNTIL" in rule else None
        if until is not None and not isinstance(rule["UNTIL"][0], dt.datetime):
            until = until.replace(hour=23, minute=59)
        most = int(rule["COUNT"][0]) if "COUNT" in rule else _MOST + 1
        parts = rule.to_ical().decode().split(";")
        text = ";".join(p for p in parts if not p.upper().startswith(("UNTIL=", "COUNT=")))
        beyond = self.until + _MARGIN if self.until.year < 9000 else self.until
        made: Any = rrulestr(text, dtstart=event.start).replace(
            until=beyond
        )  # an impossible rule would be sought for ever
        out: list[dt.datetime] = []
        for date in islice(made, most):
            if until is not None and date > until:
                break
            if date > self.until or len(out) >= _MOST:
                self.endless += date > self.until
                self.cut += date <= self.until
                break
            out.append(date)
        return out

    def remarks(self) -> Iterator[Finding]:
        if self.private:
            yield Finding(
                "ical.private",
                Severity.WARN,
                msg("Événements marqués privés ou confidentiels, laissés de côté : {count}."),
                values={"count": self.private},
                hint=msg("Dans l'agenda, rendez publics ceux qui doivent être publiés."),
                count=self.private,
            )
        if self.bad:
            yield Finding(
                "ical.broken",
                Severity.WARN,
                msg("Événements mal écrits, lus en partie ou laissés de côté : {count} (le premier, ligne {line})."),
                Place(line=self.bad[0]),
                {"count": len(self.bad), "line": self.bad[0]},
                msg("Corrigez-les dans l'agenda, puis exportez-le à nouveau."),
                count=len(self.bad),
            )
        if self.endless:
            yield Finding(
                "ical.endless",
                Severity.INFO,
                msg("Événements répétés sans fin proche : {count}. Leurs dates ont été écrites jusqu'au {until}."),
                values={"count": self.endless, "until": self.until.strftime("%d/%m/%Y")},
                count=self.endless,
            )
        if self.cut:
            yield Finding(
                "ical.cut",
                Severity.WARN,
                msg("Événements répétés plus de {most} fois, dont la suite n'a pas été écrite : {count}."),
                values={"most": _MOST, "count": self.cut},
                hint=msg("Donnez-leur une date de fin dans l'agenda, puis exportez-le à nouveau."),
                count=self.cut,
            )
        if self.moved:
            yield Finding(
                "ical.zone",
                Severity.INFO,
                msg(
                    "Cet agenda donne des heures universelles sans dire le fuseau : elles ont été écrites à l'heure de Paris."
                ),
                hint=msg("Outre-mer, indiquez le fuseau de la commune dans l'agenda, puis exportez-le à nouveau."),
            )
        if self.others:
            yield Finding(
                "ical.others",
                Severity.INFO,
                msg("Tâches, journaux et disponibilités de l'agenda, qui n'ont pas été lus : {count}."),
                values={"count": self.others},
                count=self.others,
            )


def _possible(rule: Any) -> bool:
    """False for 30 February and its like, which would be sought in every year until 9999."""
    months = [int(m) for m in rule.get("BYMONTH", range(1, 13))]
    days = [abs(int(d)) for d in rule.get("BYMONTHDAY", [1])]
    return any(d <= (29 if m == 2 else 30 if m in (4, 6, 9, 11) else 31) for m in months for d in days)


def _listed(dates: Any) -> Iterator[Any]:
    for group in dates if isinstance(dates, list) else [dates]:
        for moment in getattr(group, "dts", ()):
            yield moment.dt[0] if isinstance(moment.dt, tuple) else moment.dt


def _row(event: _Event, start: dt.datetime, days: bool) -> dict[str, str]:
    fields = event.fields
    end = start + (event.end - event.start)
    place = fields.get("GEO")
    return {
        "Titre": _text(fields.get("SUMMARY")),
        "Début": start.date().isoformat() if days else start.isoformat(),
        "Fin": end.date().isoformat() if days else end.isoformat(),
        "Journée entière": "oui" if event.all_day and not days else "" if days else "non",
        "Lieu": _text(fields.get("LOCATION")),
        "Description": _text(fields.get("DESCRIPTION")),
        "Catégories": _categories(fields.get("CATEGORIES")),
        "Adresse web": _text(fields.get("URL")),
        "Statut": _STATUS.get(_text(fields.get("STATUS")).upper(), _text(fields.get("STATUS"))),
        "Organisateur": _people(fields.get("ORGANIZER")),
        "Participants": _people(fields.get("ATTENDEE")),
        "longitude": str(place.longitude) if hasattr(place, "longitude") else "",
        "latitude": str(place.latitude) if hasattr(place, "latitude") else "",
        "Identifiant": _text(fields.get("UID")),
    }


def _text(value: Any) -> str:
    first = value[0] if isinstance(value, list) and value else value
    return "" if first is None else str(first).strip()


def _categories(value: Any) -> str:
    groups = value if isinstance(value, list) else [value]
    return "|".join(str(c).strip() for g in groups if g is not None for c in getattr(g, "cats", [g]))


def _people(value: Any) -> str:
    people = value if isinstance(value, list) else [value] if value is not None else []
    return "|".join(
        str(p.params.get("CN", "") or str(p).removeprefix("mailto:").removeprefix("MAILTO:")) for p in people
    )
