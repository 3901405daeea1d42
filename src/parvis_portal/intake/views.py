"""The town hall's pages: drop a file, look at what it is, decide, withdraw, read what was done."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import connection
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from parvis.errors import ParvisError
from parvis.privacy.meanings import GROUNDS
from parvis.store import originals
from parvis.store.folder import Folder
from parvis.validation import standing
from parvis.values import Finding
from parvis_portal.catalogue import actions as cataloguing
from parvis_portal.catalogue import queries as catalogue
from parvis_portal.catalogue.models import Dataset
from parvis_portal.intake import actions, choices, queries, repairing, report_views, review
from parvis_portal.intake.forms import DropForm, MetadataForm, WithdrawForm
from parvis_portal.intake.models import Draft, Submission
from parvis_portal.jobs.models import JobRun, State
from parvis_portal.people.access import may, needs, rights
from parvis_portal.people.models import Act, Membership

PATIENCE = 2.5  # seconds


SHOWN = 50  # lines of a list of the desk: what is older is in the catalogue


@never_cache
@require_safe
@needs("review")
def desk(request: HttpRequest, member: Membership) -> HttpResponseBase:
    """What waits, what is under way, what was released and refused."""
    drafts = queries.drafts(request.user)
    submissions = queries.submissions(request.user)
    open_ones = drafts.filter(state__in=[Draft.State.WAITING, Draft.State.PROPOSED])
    context = {
        "waiting": [line for line in map(review.line, open_ones) if not line.within],
        "running": [
            *submissions.filter(state=Submission.State.WAITING),
            *drafts.filter(state__in=[Draft.State.COMMITTING, Draft.State.WORKING]),
        ],
        "released": [review.line(d) for d in drafts.filter(state=Draft.State.RELEASED)[:SHOWN]],
        "refused": submissions.filter(state=Submission.State.REFUSED)[:SHOWN],
        "counts": {
            "released": drafts.filter(state=Draft.State.RELEASED).count(),
            "refused": submissions.filter(state=Submission.State.REFUSED).count(),
        },
        "shown": SHOWN,
        "withdrawn": catalogue.managed(request.user).filter(current=None, withdrawn_at__isnull=False),
        "form": DropForm(),
        "failing": queries.sources(request.user).filter(enabled=True).exclude(failed=""),
    }
    return render(request, "intake/desk.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs("drop")
def drop(request: HttpRequest, member: Membership) -> HttpResponseBase:
    """Take files in; each is examined by a job."""
    form = DropForm(request.POST or None, request.FILES or None)
    dataset = _managed(request, request.GET.get("jeu", "")) if request.GET.get("jeu") else None
    if request.method == "POST" and form.is_valid():
        received, folder = [], Folder(settings.DATA)
        for file in form.cleaned_data["documents"]:
            try:
                received.append(
                    actions.receive(
                        folder, member.organisation, member.user, file.name, file, origin="upload", dataset=dataset
                    )
                )
            except ParvisError as error:
                form.add_error("documents", f"{file.name} : {error.text}")
        if received and not form.errors:
            if len(received) == 1:
                return redirect("intake:submission", received[0].pk)
            return redirect("intake:desk")
    status = 400 if form.errors else 200
    return render(request, "intake/drop.html", {"form": form, "dataset": dataset}, status=status)


@never_cache
@require_safe
@needs("review")
def submission(request: HttpRequest, member: Membership, pk: int) -> HttpResponseBase:
    """How far the examination of a file is, then what came of it."""
    found = get_object_or_404(queries.submissions(request.user), pk=pk)
    drafts = list(queries.drafts(request.user).filter(submission=found))
    if found.state == Submission.State.READY and len(drafts) == 1:
        return redirect("intake:draft", drafts[0].pk)
    context = {
        "submission": found,
        "drafts": [review.line(d) for d in drafts],
        "findings": [review.remark(f) for f in found.remarks],
    }
    return render(request, "intake/submission.html", context)


@never_cache
@require_safe
@needs("review")
def progress(request: HttpRequest, member: Membership, kind: str, pk: int) -> HttpResponseBase:
    """The same for the page's script: {share, said, state, next}."""
    if kind == "fichier":
        found: Any = get_object_or_404(queries.submissions(request.user), pk=pk)
        busy = found.state == Submission.State.WAITING
        following = reverse("intake:submission", args=[pk])
    else:
        found = get_object_or_404(queries.drafts(request.user), pk=pk)
        busy = found.state in (Draft.State.COMMITTING, Draft.State.WORKING)
        following = reverse("intake:draft", args=[pk])
    job = found.job
    ended = not busy or (job is not None and job.state in (State.DONE, State.FAILED))
    return JsonResponse(
        {
            "share": job.share if job else 0,
            "said": job.said if job else "",
            "state": "done" if ended else "running",
            "next": following if ended else "",
        }
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs("review")
def draft(request: HttpRequest, member: Membership, pk: int) -> HttpResponseBase:
    """All that is to be seen of a table before deciding; POST keeps what was changed."""
    found = get_object_or_404(queries.drafts(request.user), pk=pk)
    if not found.open:
        return _decided(request, found)
    if request.method == "POST" and request.POST.get("recipe"):
        return _repair(request, found, member)
    if request.method == "POST" and request.POST.get("then") == "compare":
        return _compare(request, found, member)
    datasets = _datasets(request, found)
    initial = MetadataForm.initial_of(found.described, found.dataset)
    form = MetadataForm(request.POST or None, initial=initial, datasets=datasets)
    if request.method == "POST" and form.is_valid():
        try:
            found = _save(request, found, member, form)
            return _next(request, found, member)
        except ParvisError as error:
            form.add_error(None, error.text)
    status = 400 if form.errors else 200
    return render(request, "intake/review.html", _review(request, found, form), status=status)


def _save(request: HttpRequest, found: Draft, member: Membership, form: MetadataForm) -> Draft:
    """Keep what a valid form says. Raises: RefusedError, InputError."""
    metadata = form.metadata(found.described)
    rules = review.chosen(request.POST, found)
    if request.POST.get("then") == "accept":
        rules = {**queries.proposed(found), **review.chosen(request.POST, found, every=True)}
    override = (request.POST["override"], request.POST.get("why", "")) if "override" in request.POST else None
    return actions.save(
        found,
        member.user,
        metadata,
        rules,
        form.cleaned_data["dataset"],
        override,
        choices.wishes(request.POST, found),
        request.POST.get("original") == "1" if "original:asked" in request.POST else None,
    )


def _repair(request: HttpRequest, found: Draft, member: Membership) -> HttpResponseBase:
    """Change a step."""
    found = _typed(request, found, member)
    act, given = request.POST["recipe"], _given(request)
    try:
        found = repairing.change(found, member.user, act, given)
    except ParvisError as error:
        form = MetadataForm(None, initial=MetadataForm.initial_of(found.described, found.dataset))
        name = act.removeprefix("add:") if act.startswith("add:") else ""
        context = _review(request, found, form) | {"adding": review.adding(found, name, given), "refused": error.text}
        return render(request, "intake/review.html", context, status=400)
    _wait(found)
    part = "quoi" if act.startswith("schema:") else "reparations"
    return redirect(reverse("intake:draft", args=[found.pk]) + f"#{part}")


def _typed(request: HttpRequest, found: Draft, member: Membership) -> Draft:
    """Keep what was typed elsewhere on the page, when it may be."""
    form = MetadataForm(request.POST, datasets=_datasets(request, found))
    if form.is_valid():
        try:
            return _save(request, found, member, form)
        except ParvisError as error:
            messages.warning(request, error.text)
    return found


def _compare(request: HttpRequest, found: Draft, member: Membership) -> HttpResponseBase:
    """Hold the table against the town's others as they are now."""
    _patiently(actions.compare(_typed(request, found, member)))
    return redirect(reverse("intake:draft", args=[found.pk]) + "#voisins")


def _patiently(job: JobRun | None) -> None:
    """Give a short work the time to end."""
    limit = time.monotonic() + PATIENCE
    while job is not None and time.monotonic() < limit and not connection.in_atomic_block:
        job.refresh_from_db(fields=["state"])
        if job.state in (State.DONE, State.FAILED):
            return
        time.sleep(0.05)


def _wait(found: Draft) -> None:
    """Give a quick change the time to be made: the page then comes back with it, without a page in between."""
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit and not connection.in_atomic_block:
        found.refresh_from_db(fields=["state"])
        if found.state != Draft.State.WORKING:
            return
        time.sleep(0.1)


def _given(request: HttpRequest) -> dict[str, list[str]]:
    """Return the answers to the form of a step: they are sent under names of their own."""
    return {k.removeprefix("p:"): request.POST.getlist(k) for k in request.POST if k.startswith("p:")}


def _datasets(request: HttpRequest, found: Draft) -> QuerySet[Dataset]:
    return catalogue.managed(request.user).filter(organisation=found.submission.organisation, current__isnull=False)


def _next(request: HttpRequest, found: Draft, member: Membership) -> HttpResponseBase:
    """Go on after what was changed was kept: approve, ask for approval, or look again."""
    wanted = request.POST.get("then", "")
    if wanted == "approve" and may(request.user, "approve", found.organisation):
        actions.approve(found, member.user)
        return redirect("intake:draft", found.pk)
    if wanted in ("approve", "propose"):
        actions.propose(found, member.user)
        messages.success(request, _("C'est transmis : votre référent peut approuver la publication."))
        return redirect("intake:desk")
    _patiently(queries.rehearsing(found))
    if wanted == "accept":
        return redirect(reverse("intake:draft", args=[found.pk]) + "#personnes")
    messages.success(request, _("Vos choix sont enregistrés."))
    return redirect("intake:draft", found.pk)


def _review(request: HttpRequest, found: Draft, form: MetadataForm) -> dict[str, Any]:
    preparation = found.prepared
    return {
        "draft": found,
        "preparation": preparation,
        "part": report_views.part(found),
        "profile": preparation.profile,
        "columns": preparation.profile.columns,
        "findings": review.grouped(_remarks(found), len(found.submission.remarks)),
        "schema": review.schema(found),
        "beside": review.beside(found),
        "steps": review.steps(preparation),
        "ideas": review.ideas(preparation),
        "kinds": review.kinds(),
        "adding": review.adding(found, request.GET.get("etape", ""), {}),
        "change": review.change(preparation, found.dataset),
        "shape": review.shape(preparation),
        "ready": review.ready(found),
        "stopped": [review.remark(f) for f in review.waiting(preparation)],
        "rules": review.rules(found, request.GET.get("colonne", "")),
        "others": review.others(found),
        "telling": review.telling(found),
        "risk": review.risk(found),
        "group": choices.group(found),
        "means": choices.means(found),
        "copy": choices.copy(found),
        "counts": choices.counts(found),
        "places": choices.places(found),
        "original": review.original(found),
        "grounds": [(name, _(said)) for name, said in GROUNDS.items()],
        "form": form,
        "preview": review.preview(found),
        "undecided": queries.undecided(found),
        "can": rights(request.user),
    }


def _remarks(found: Draft) -> Sequence[Finding]:
    return [*found.submission.remarks, *queries.findings(found)]


def _decided(request: HttpRequest, found: Draft) -> HttpResponseBase:
    return render(request, "intake/decided.html", {"draft": found, "line": review.line(found)})


@never_cache
@require_POST
@needs("approve")
def approve(request: HttpRequest, member: Membership, pk: int) -> HttpResponseBase:
    """Approve as it stands."""
    found = get_object_or_404(queries.drafts(request.user), pk=pk)
    try:
        actions.approve(found, member.user)
    except ParvisError as error:
        messages.error(request, error.text)
    return redirect("intake:draft", pk)


@never_cache
@require_POST
@needs("review")
def discard(request: HttpRequest, member: Membership, pk: int) -> HttpResponseBase:
    found = get_object_or_404(queries.drafts(request.user), pk=pk)
    try:
        actions.discard(found, member.user)
        messages.success(request, _("« %(title)s » est écarté : rien n'en sera publié.") % {"title": found.title})
    except ParvisError as error:
        messages.error(request, error.text)
    return redirect("intake:desk")


@never_cache
@require_POST
@needs("review")
def restore(request: HttpRequest, member: Membership, pk: int) -> HttpResponseBase:
    """Take up again a table that was put aside, by a person or as the last time."""
    found = get_object_or_404(queries.drafts(request.user), pk=pk)
    try:
        _wait(repairing.restore(found, member.user))
    except ParvisError as error:
        messages.error(request, error.text)
    return redirect("intake:draft", pk)


@never_cache
@require_safe
@needs("review")
def history(request: HttpRequest, member: Membership, slug: str) -> HttpResponseBase:
    """All that was done to a dataset: versions, who decided, what was withdrawn and why."""
    dataset = _managed(request, slug)
    drafts = [f"draft:{pk}" for pk in dataset.drafts.values_list("pk", flat=True)]
    received = [f"submission:{pk}" for pk in dataset.drafts.values_list("submission_id", flat=True)]
    acts = Act.objects.filter(
        organisation=dataset.organisation, target__in=[f"dataset:{dataset.pk}", *drafts, *received]
    )
    releases, folder = list(dataset.releases.all()), Folder(settings.DATA)
    scores = {
        v.id: (
            total,
            [(_(standing.DIMENSIONS[n][0]), share) for n, share in v.quality.items() if n in standing.DIMENSIONS],
        )
        for v, total in standing.history([r.version for r in releases if not r.withdrawn_at])
    }
    context = {
        "dataset": dataset,
        "releases": [(r, scores.get(r.version_id)) for r in releases],
        "originals": [(r.number, found) for r in releases if (found := originals.of(folder, r.version_id)) is not None],
        "acts": [review.act(a) for a in acts],
    }
    return render(request, "intake/history.html", context)


@never_cache
@require_POST
@needs("withdraw")
def stop_original(request: HttpRequest, member: Membership, slug: str, number: int) -> HttpResponseBase:
    """Give the file that a version was made of no longer; the version stays."""
    dataset = _managed(request, slug)
    release = get_object_or_404(dataset.releases, number=number)
    why = _("Une personne l'a décidé.")
    cataloguing.stop_original(Folder(settings.DATA), dataset, release.version_id, why, by=member.user)
    messages.success(request, _("Le fichier d'origine n'est plus donné. Le tableau publié reste."))
    return redirect("intake:history", dataset.slug)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs("withdraw")
def withdraw(request: HttpRequest, member: Membership, slug: str) -> HttpResponseBase:
    """Withdraw a dataset, or one of its versions, with its reason."""
    dataset = _managed(request, slug)
    if dataset.current is None:
        raise Http404
    version = request.GET.get("version", "")
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            cataloguing.withdraw(
                Folder(settings.DATA),
                dataset,
                form.cleaned_data["reason"],
                by=member.user,
                now=actions.now(),
                version=version,
            )
            messages.success(request, _("C'est retiré : les données ne sont plus lisibles par personne."))
            return redirect("intake:history", dataset.slug)
        except ParvisError as error:
            form.add_error(None, error.text)
    return render(request, "intake/withdraw.html", {"dataset": dataset, "form": form, "version": version})


def _managed(request: HttpRequest, slug: str) -> Dataset:
    return get_object_or_404(catalogue.managed(request.user).select_related("organisation", "current"), slug=slug)
