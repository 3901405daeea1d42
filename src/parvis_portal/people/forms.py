from __future__ import annotations

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _


class SignInForm(AuthenticationForm):
    """Address and password, in words of ours."""

    username = forms.EmailField(
        label=_("Adresse électronique"),
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=_("Mot de passe"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    error_messages = {  # noqa: RUF012  (Django's own shape)
        "invalid_login": _("Cette adresse et ce mot de passe ne vont pas ensemble. Vérifiez-les, puis réessayez."),
        "inactive": _("Ce compte est fermé."),
    }

    def clean_username(self) -> str:
        """Return the address as accounts keep it: written in capitals, it would be given as many more tries."""
        return str(self.cleaned_data["username"]).lower()


class TokenForm(forms.Form):
    """What a key is for, in the words of who will hold it."""

    name = forms.CharField(
        label=_("À quoi servira cette clé ?"),
        help_text=_("Par exemple : « carte du site de la commune ». Vous saurez laquelle supprimer."),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
