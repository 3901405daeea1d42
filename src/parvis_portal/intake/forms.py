"""What an agent fills in."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from parvis.catalogue.frequencies import FREQUENCIES
from parvis.catalogue.licences import LICENCES
from parvis.catalogue.themes import THEMES
from parvis.values import Metadata
from parvis_portal.catalogue.models import Dataset

if TYPE_CHECKING:
    _DatasetField = forms.ModelChoiceField[Dataset]
else:  # the class takes no parameter when it runs
    _DatasetField = forms.ModelChoiceField


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One or many files, as a browser sends them."""

    widget = SeveralFiles(attrs={"multiple": True})

    def clean(self, data: Any, initial: Any = None) -> Any:
        if isinstance(data, list | tuple):
            return [forms.FileField.clean(self, d, initial) for d in data] or forms.FileField.clean(self, None)
        return [super().clean(data, initial)]


class DatasetField(_DatasetField):
    """A dataset to renew, said as an agent thinks of it."""

    def label_from_instance(self, obj: Any) -> str:
        return _("une nouvelle version de « %(title)s »") % {"title": obj.described.title or obj.slug}


class DropForm(forms.Form):
    documents = FilesField(
        label=_("Vos fichiers"),
        error_messages={
            "required": _("Choisissez au moins un fichier."),
            "empty": _("Ce fichier est vide : vérifiez qu'il a bien été enregistré."),
        },
    )


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        error_messages={"invalid": _("Écrivez cette date ainsi : 31/12/2026.")},
    )


class MetadataForm(forms.Form):
    """Metadata as an agent reads them."""

    title = forms.CharField(label=_("Titre"), max_length=150)
    description = forms.CharField(
        label=_("Description"), required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 4})
    )
    theme = forms.ChoiceField(
        label=_("Thème"), required=False, choices=[("", "—"), *((k, _(t.title)) for k, t in THEMES.items())]
    )
    keywords = forms.CharField(label=_("Mots-clés"), required=False, help_text=_("Séparés par des virgules."))
    licence = forms.ChoiceField(label=_("Licence"), choices=[(k, _(v.title)) for k, v in LICENCES.items()])
    producer = forms.CharField(label=_("Producteur"), required=False, max_length=200)
    service = forms.CharField(label=_("Service"), required=False, max_length=200)
    contact = forms.EmailField(
        label=_("Adresse de contact"), required=False, help_text=_("Celle d'un service, jamais celle d'une personne.")
    )
    frequency = forms.ChoiceField(
        label=_("Mise à jour"), required=False, choices=[(k, _(v.title)) for k, v in FREQUENCIES.items()]
    )
    temporal_start = _day(_("Premier jour couvert"))
    temporal_end = _day(_("Dernier jour couvert"))
    dataset = DatasetField(
        label=_("Publier comme"),
        queryset=Dataset.objects.none(),
        required=False,
        empty_label=_("un nouveau jeu de données"),
    )

    def __init__(self, *args: Any, datasets: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["dataset"]
        if isinstance(field, DatasetField) and datasets is not None:
            field.queryset = datasets

    @staticmethod
    def initial_of(metadata: Metadata, dataset: Dataset | None) -> dict[str, Any]:
        return {
            "title": metadata.title,
            "description": metadata.description,
            "theme": metadata.theme,
            "keywords": ", ".join(metadata.keywords),
            "licence": metadata.licence,
            "producer": metadata.producer,
            "service": metadata.service,
            "contact": metadata.contact,
            "frequency": metadata.frequency,
            "temporal_start": metadata.temporal_start,
            "temporal_end": metadata.temporal_end,
            "dataset": dataset,
        }

    def metadata(self, before: Metadata) -> Metadata:
        """Return the metadata as filled in. The form must be valid."""
        told = self.cleaned_data
        days = {n: told[n].isoformat() if told[n] else "" for n in ("temporal_start", "temporal_end")}
        words = tuple(w.strip() for w in told["keywords"].split(",") if w.strip())
        plain = {
            n: told[n]
            for n in ("title", "description", "theme", "licence", "producer", "service", "contact", "frequency")
        }
        return dataclasses.replace(before, **plain, **days, keywords=words)


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label=_("Raison du retrait"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Elle sera affichée à la place des données."),
    )
