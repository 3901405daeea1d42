"""The form of a source, drawn from what its connector asks: nothing of a connector is written here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from parvis import connectors
from parvis.connectors.setting import Setting
from parvis.errors import InputError, ParvisError
from parvis_portal.intake import schedule
from parvis_portal.intake.models import Source

_LONGEST_SECRET = 20_000
RHYTHMS = (
    ("", _("Quand on le demande")),
    ("minutes", _("Toutes les quelques minutes")),
    ("hourly", _("Chaque heure")),
    ("daily", _("Chaque jour")),
    ("weekly", _("Chaque semaine")),
    ("monthly", _("Chaque mois")),
)
_days = lazy(lambda: tuple((str(n), d) for n, d in schedule.days().items()), tuple)


class SourceForm(forms.Form):
    """A source's name, its connector's settings, its secret and its rhythm."""

    name = forms.CharField(
        label=_("Nom de la source"), max_length=200, help_text=_("Par exemple : Marchés, export de l'éditeur.")
    )
    rhythm = forms.ChoiceField(label=_("Parvis y va"), choices=RHYTHMS, required=False)
    every = forms.IntegerField(
        label=_("Minutes entre deux visites"),
        min_value=schedule.LEAST,
        max_value=schedule.MOST,
        required=False,
        initial=15,
    )
    at = forms.TimeField(
        label=_("À quelle heure"),
        required=False,
        initial=dt.time(6, 30),
        input_formats=["%H:%M", "%Hh%M", "%Hh", "%H:%M:%S"],
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("Pour « chaque heure », seules les minutes comptent."),
        error_messages={"invalid": _("Écrivez l'heure ainsi : 06:30.")},
    )
    weekday = forms.ChoiceField(label=_("Quel jour de la semaine"), choices=_days, required=False)
    day = forms.IntegerField(
        label=_("Quel jour du mois"),
        min_value=1,
        max_value=31,
        required=False,
        initial=1,
        help_text=_("31 : le dernier jour du mois."),
    )

    def __init__(self, plugin: ModuleType, *args: Any, source: Source | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plugin, self.source = plugin, source
        self.settled: Mapping[str, Any] = {}
        for setting in plugin.SETTINGS:
            self.fields[_place(setting)] = field(setting)
        if plugin.SECRET is not None:
            kept = source is not None and bool(source.secret)
            self.fields["secret"] = _secret_field(plugin.SECRET, kept)

    @property
    def told(self) -> list[Any]:
        """The fields of the connector, in its order, the secret last."""
        asked = [self[_place(s)] for s in self.plugin.SETTINGS]
        return [*asked, self["secret"]] if self.plugin.SECRET is not None else asked

    @property
    def when(self) -> list[Any]:
        """The fields that one rhythm or another asks."""
        return [self[n] for n in ("every", "at", "weekday", "day")]

    @staticmethod
    def initial_of(source: Source) -> dict[str, Any]:
        told = {f"set_{k}": "\n".join(v) if isinstance(v, list) else v or "" for k, v in source.settings.items()}
        rhythm, _sep, _rest = source.schedule.partition(":")
        out: dict[str, Any] = {"name": source.name, "rhythm": rhythm, **told}
        numbers = schedule.read(source.schedule) if source.schedule else []
        if rhythm == "minutes":
            out["every"] = numbers[0]
        elif rhythm:
            out["at"] = dt.time(0 if rhythm == "hourly" else numbers[-2], numbers[-1])
            out |= {"weekday": str(numbers[0])} if rhythm == "weekly" else {}
            out |= {"day": numbers[0]} if rhythm == "monthly" else {}
        return out

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        try:
            given = {s.name: cleaned.get(_place(s)) for s in self.plugin.SETTINGS}
            self.settled = connectors.settled(self.plugin.__name__.rpartition(".")[2], given)
        except InputError as error:
            self.refuse(error)
        if cleaned.get("rhythm") == "minutes" and not cleaned.get("every"):
            self.add_error("every", gettext("Dites toutes les combien de minutes."))
        if cleaned.get("rhythm") in ("hourly", "daily", "weekly", "monthly") and cleaned.get("at") is None:
            self.add_error("at", gettext("Dites à quelle heure."))
        if cleaned.get("rhythm") == "monthly" and not cleaned.get("day"):
            self.add_error("day", gettext("Dites quel jour du mois."))
        return cleaned

    def refuse(self, error: ParvisError) -> None:
        """Show an error beside the field that it names, above the form otherwise."""
        name = str(error.values.get("field", ""))
        place = name if name == "secret" else f"set_{name}"
        self.add_error(place if place in self.fields else None, error.text)

    @property
    def rhythm_written(self) -> str:
        """The schedule as a source keeps it. The form must be valid."""
        told = self.cleaned_data
        rhythm, at = told["rhythm"], told["at"] or dt.time(0, 0)
        hour = f"{at.hour:02d}:{at.minute:02d}"
        return {
            "": "",
            "minutes": f"minutes:{told['every'] or 15}",
            "hourly": f"hourly:{at.minute}",
            "daily": f"daily:{hour}",
            "weekly": f"weekly:{told['weekday'] or 1}:{hour}",
            "monthly": f"monthly:{told['day'] or 1}:{hour}",
        }[rhythm]


def field(setting: Setting) -> forms.Field:
    """Return the form field of a setting; whether it is right is judged by the connectors, in one place."""
    common: dict[str, Any] = {
        "label": _(setting.label),
        "help_text": _(setting.help) if setting.help else "",
        "required": setting.required and setting.kind != "flag",
    }
    if setting.kind == "flag":
        return forms.BooleanField(initial=bool(setting.default), **common)
    if setting.kind == "choice":
        return forms.ChoiceField(initial=setting.default, choices=[(v, _(t)) for v, t in setting.choices], **common)
    if setting.kind in ("lines", "long"):
        rows = 5 if setting.kind == "long" else 3
        return forms.CharField(widget=forms.Textarea(attrs={"rows": rows, "spellcheck": "false"}), **common)
    if setting.kind == "number":
        default = setting.default if setting.default != "" else None
        return forms.IntegerField(initial=default, min_value=setting.least, max_value=setting.most, **common)
    widget = forms.URLInput() if setting.kind == "address" else forms.TextInput()
    widget.attrs |= {"spellcheck": "false", "autocapitalize": "none"}
    return forms.CharField(initial=setting.default, max_length=2000, widget=widget, **common)


def _secret_field(setting: Setting, kept: bool) -> forms.Field:
    """Return the field of a secret: never filled in, and said to be kept when it is."""
    helped: Sequence[Any] = [_(setting.help)] if setting.help else []
    if kept:
        helped = [*helped, _("Il est enregistré et n'est jamais montré. Laissez vide pour le garder.")]
    attributes = {"autocomplete": "new-password", "spellcheck": "false"}
    widget: forms.Widget = forms.PasswordInput(attrs=attributes)
    if setting.kind == "long":  # a private key has several lines
        widget = forms.Textarea(attrs={"rows": 4, **attributes})
    return forms.CharField(
        label=_(setting.label),
        help_text=" ".join(str(h) for h in helped),
        required=setting.required and not kept,
        max_length=_LONGEST_SECRET,
        strip=False,
        widget=widget,
    )


def _place(setting: Setting) -> str:
    return f"set_{setting.name}"
