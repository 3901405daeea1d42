"""Who may act: a person, the organisation, and the role that binds them; and the journal of what was done."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """A person who signs in. Visitors have no row and no cookie."""

    email = models.EmailField(_("adresse électronique"), unique=True)
    name = models.CharField(_("nom"), max_length=150)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = UserManager()

    class Meta:
        verbose_name = _("personne")

    def __str__(self) -> str:
        return self.name or self.email


class Organisation(models.Model):
    """A commune or a grouping: the owner of everything. One installation hosts many."""

    slug = models.SlugField(unique=True, max_length=80)
    name = models.CharField(_("nom"), max_length=200)
    insee = models.CharField(_("code INSEE"), max_length=5, blank=True)
    siret = models.CharField(max_length=14, blank=True)
    population = models.PositiveIntegerField(null=True, blank=True)
    email = models.EmailField(_("adresse du service"), blank=True)
    description = models.TextField(blank=True)
    publisher = models.CharField(_("responsable de la publication"), max_length=200, blank=True)
    address = models.CharField(_("adresse"), max_length=300, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    AGENT = "agent", _("Agent")
    REFERENT = "referent", _("Référent")
    ADMINISTRATOR = "administrator", _("Administrateur")


class Membership(models.Model):
    """What a person may do in an organisation."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "organisation"], name="one_role")]

    def __str__(self) -> str:
        return f"{self.user} · {self.organisation} · {self.role}"


class Token(models.Model):
    """A key by which programs ask in the name of a person, with her rights. Only its digest is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("à quoi elle sert"), max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    start = models.CharField(max_length=8)  # its first signs, by which she knows it again
    created_at = models.DateTimeField(auto_now_add=True)
    used_on = models.DateField(null=True)  # the last day

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return f"{self.start}…"


class Act(models.Model):
    """One line of the journal: who did what to what, when. Only added to."""

    at = models.DateTimeField(auto_now_add=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True)
    by = models.CharField(max_length=150)  # the name as it was
    verb = models.CharField(max_length=40)
    target = models.CharField(max_length=100, blank=True, db_index=True)  # "dataset:3f2a...", "draft:12"
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.by} {self.verb} {self.target}"
