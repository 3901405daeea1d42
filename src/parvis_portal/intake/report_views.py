"""What was found in a table, to take away: a web page, a PDF, SARIF, and the spreadsheet with its cells marked."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from pathlib import Path, PurePath

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from parvis.privacy import proof as proving
from parvis.reports import html, pdf, sarif
from parvis.reports import sheet as sheets
from parvis.reports.report import Part, report
from parvis.store import proofs, sealed
from parvis.store.folder import Folder
from parvis.values import Reception
from parvis_portal.catalogue import queries as catalogue
from parvis_portal.intake import actions, queries
from parvis_portal.intake.models import Draft
from parvis_portal.jobs.models import JobRun, State
from parvis_portal.people.access import needs
from parvis_portal.people.models import Membership

_TYPES = {"html": "text/html; charset=utf-8", "pdf": "application/pdf", "sarif": "application/sarif+json"}
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def part(draft: Draft) -> Part:
    """Return where a draft's table stands, in the reader's language: level, score, what is missing, what to do first."""
    return report(_reception(draft), day=_today(), say=_say).parts[0]


@never_cache
@require_safe
@needs("review")
def download(request: HttpRequest, member: Membership, pk: int, kind: str) -> HttpResponseBase:
    """The report of a draft as a file of one's own; it is never shown inside the portal's pages."""
    found = _open(request, pk)
    if kind not in _TYPES:
        raise Http404
    reception = _reception(found)
    if kind == "sarif":
        content = json.dumps(sarif.log(reception, say=_say), ensure_ascii=False, indent=1).encode()
    else:
        told = report(reception, day=_today(), say=_say)
        language = get_language() or "fr"
        page = html.page(told, say=_say, language=language) if kind == "html" else ""
        content = page.encode() or pdf.document(told, say=_say, language=language)
    name = f"{PurePath(found.submission.name).stem}-rapport.{kind}"
    headers = {"Content-Disposition": content_disposition_header(True, name) or "attachment"}
    return HttpResponse(content, content_type=_TYPES[kind], headers=headers)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs("review")
def copy(request: HttpRequest, member: Membership, pk: int) -> HttpResponseBase:
    """The marked copy: POST asks for it, GET says how far it is, then gives it."""
    found = _open(request, pk)
    job = JobRun.objects.filter(name="intake.annotate", argument=str(found.pk)).order_by("-pk").first()
    if request.method == "POST":
        if job is None or job.state in (State.DONE, State.FAILED):
            actions.annotate(found)
        return redirect("intake:copy", found.pk)
    if job is None:
        return redirect("intake:draft", found.pk)
    place = _copy_of(found)
    if job.state == State.DONE and place.is_file():
        if "fichier" in request.GET:
            name = f"{PurePath(found.submission.name).stem}-annote.xlsx"
            headers = {"Content-Disposition": content_disposition_header(True, name) or "attachment"}
            content = sealed.pieces(Folder(settings.DATA), place)
            return StreamingHttpResponse(content, content_type=_SHEET, headers=headers)
        return render(request, "intake/copy.html", {"draft": found, "ready": True})
    waiting = job.state in (State.WAITING, State.RUNNING)
    return render(request, "intake/copy.html", {"draft": found, "job": job, "waiting": waiting})


@never_cache
@require_safe
@needs("review")
def progress(request: HttpRequest, member: Membership, pk: int) -> HttpResponseBase:
    """The same for the page's script: {share, said, state, next}."""
    found = _open(request, pk)
    job = JobRun.objects.filter(name="intake.annotate", argument=str(found.pk)).order_by("-pk").first()
    ended = job is None or job.state in (State.DONE, State.FAILED)
    share, said = (job.share, job.said) if job is not None else (0, "")
    following = reverse("intake:copy", args=[pk]) if ended else ""
    return JsonResponse({"share": share, "said": said, "state": "done" if ended else "running", "next": following})


@never_cache
@require_safe
@needs("review")
def register(request: HttpRequest, member: Membership, slug: str, number: int) -> HttpResponseBase:
    """The entry of a version for the RGPD register, with the whole proof that stays in the town hall."""
    dataset = get_object_or_404(catalogue.managed(request.user).select_related("organisation"), slug=slug)
    release = get_object_or_404(dataset.releases.all(), number=number)
    told = proofs.whole(Folder(settings.DATA), release.version_id)
    if told is None:
        raise Http404
    # Nobody has told who the data protection officer is: the line is left for the town to fill in.
    entry = proving.register_entry(told, controller=dataset.organisation.name)
    lines = [(_(label), entry.entries[name]) for name, label in proving.FIELDS.items()]
    if request.GET.get("format") == "csv":
        rows = io.StringIO()
        csv.writer(rows, delimiter=";").writerows([(label, _remark(said)) for label, said in lines])
        name = content_disposition_header(True, f"{slug}-v{number}-registre.csv") or "attachment"
        content = "\ufeff" + rows.getvalue()
        return HttpResponse(content, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})
    context = {
        "dataset": dataset,
        "number": number,
        "lines": [(label, _remark(said)) for label, said in lines],
        "sheet": sheets.sheet(told, say=_say),
    }
    return render(request, "intake/register.html", context)


def _remark(remark: proving.Remark) -> str:
    return _(remark.message).format(**remark.values)


# --- Steps ----------------------------------------------------------------------------------------


def _open(request: HttpRequest, pk: int) -> Draft:
    """Return a draft that this person may review and that is not decided yet: afterwards its file is out of reach."""
    found: Draft = get_object_or_404(queries.drafts(request.user), pk=pk)
    if not found.open:
        raise Http404
    return found


def _reception(draft: Draft) -> Reception:
    preparation = dataclasses.replace(draft.prepared, findings=tuple(queries.findings(draft)))
    return Reception(preparation.parcel, draft.submission.remarks, (preparation,))


def _copy_of(draft: Draft) -> Path:
    return Folder(settings.DATA).staged / f"{draft.prepared.id}-copy.xlsx{sealed.SUFFIX}"


def _today() -> str:
    return timezone.localdate().isoformat()


def _say(sentence: str) -> str:
    return _(sentence) if sentence else ""
