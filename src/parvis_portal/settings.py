"""Settings of the portal: one file, the same code for one commune on one machine and for a département."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from parvis.store import retention
from parvis_portal import environment

try:  # Debian 12's own SQLite has a bug of the write-ahead log that a later one mends
    import pysqlite3

    sys.modules.setdefault("sqlite3", pysqlite3)
except ImportError:
    pass

BASE = Path(__file__).resolve().parent
DATA = Path(environment.text("PARVIS_DATA", "parvis-data")).absolute()

SECRET_KEY = environment.text("PARVIS_SECRET_KEY") or environment.kept_secret(DATA / "secret_key")
DEBUG = environment.flag("PARVIS_DEBUG")
ALLOWED_HOSTS = environment.words("PARVIS_HOSTS", "127.0.0.1,localhost,[::1]")
# https://data.ville.fr: where the portal is seen from; empty on a machine of one's own.
ADDRESS = environment.text("PARVIS_ADDRESS").rstrip("/")
SECURE = ADDRESS.startswith("https://")
CSRF_TRUSTED_ORIGINS = [ADDRESS] if ADDRESS else []
if ADDRESS:
    ALLOWED_HOSTS.append(ADDRESS.split("://", 1)[1].split("/")[0].rsplit(":", 1)[0])

# The order of the apps is the order of the house: each knows only those before it.
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_tasks",
    "django_tasks_db",
    "parvis_portal.people",
    "parvis_portal.jobs",
    "parvis_portal.catalogue",
    "parvis_portal.intake",
    "parvis_portal.api",
    "parvis_portal.site",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "parvis_portal.site.middleware.visitors_without_cookie",
    "parvis_portal.api.counting.downloads",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "parvis_portal.site.middleware.french_signs",
    "parvis_portal.site.middleware.kind_errors",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "parvis_portal.urls"
WSGI_APPLICATION = "parvis_portal.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "parvis_portal.site.context.everywhere",
            ],
            "builtins": ["parvis_portal.site.templatetags.parvis"],
        },
    }
]
if not DEBUG:
    TEMPLATES[0]["OPTIONS"]["loaders"] = [
        ("django.template.loaders.cached.Loader", ["django.template.loaders.filesystem.Loader"])
    ]

DATABASES = {"default": environment.database(DATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "outside"]}}
FILES_AFTER = 10.0  # seconds without a release, after which its files are written: what comes together goes together
# Jobs that wait for other machines, or that nobody waits for, have a lane of their own: they never stop a clerk's file.
JOBS_OUTSIDE = ("intake.collect", "catalogue.write_files")

# --- People -----------------------------------------------------------------------------------------

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "people:sign_in"
LOGIN_REDIRECT_URL = "intake:desk"
LOGOUT_REDIRECT_URL = "site:home"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "parvis_portal.people.views.locked_out"
AXES_USERNAME_FORM_FIELD = (
    "username"  # what the form sends; axes would look for the model's "email", and lock nobody out
)
AXES_VERBOSE = False
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_AGE = None  # gone with the browser: who only saw the sign-in page keeps nothing of us
CSRF_FAILURE_VIEW = "parvis_portal.site.views.not_from_here"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- The web ----------------------------------------------------------------------------------------

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
BEHIND_PROXY = environment.flag("PARVIS_BEHIND_PROXY")  # then what it says of the asker is believed, never otherwise
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
X_FRAME_OPTIONS = "DENY"
MCP_ORIGINS = environment.words("PARVIS_MCP_ORIGINS")  # https://assistant.example: sites whose pages may ask /mcp
MAP_TILES = environment.text("PARVIS_MAP_TILES")  # address of raster tiles, {z}/{x}/{y}; none by default
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:", *([MAP_TILES.split("{")[0]] if MAP_TILES else [])],
        "worker-src": [SELF, "blob:"],
        "connect-src": [SELF, *([MAP_TILES.split("{")[0]] if MAP_TILES else [])],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 << 20  # fields; files go to the disk as they come
DATA_UPLOAD_MAX_NUMBER_FILES = 300  # a whole folder of an office is dropped at once
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
UPLOAD_LIMIT = environment.number("PARVIS_UPLOAD_LIMIT", 2 << 30)  # bytes of one file
APPEND_SLASH = True
# Calls of the Opendatasoft addresses that one caller may make in a day; 0 counts nobody.
CALLS_PER_DAY = environment.number("PARVIS_CALLS_PER_DAY", 0)

# --- Sources ----------------------------------------------------------------------------------------

# What sources may reach of the inner network: nas.mairie.lan, 10.1.2.3:5432, 10.1.0.0/16; nothing by default.
INSIDE = environment.words("PARVIS_INSIDE")
# Folder of this machine opened to watched folders, one subfolder a town (its slug); none by default.
FOLDERS = environment.text("PARVIS_FOLDERS")

# --- The vault --------------------------------------------------------------------------------------

VAULT_DAYS = environment.number("PARVIS_VAULT_DAYS", retention.DAYS)  # that an original is kept once all is decided

# --- Words and files --------------------------------------------------------------------------------

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", _("Français")), ("en", _("English"))]
LOCALE_PATHS = [BASE / "locale"]
TIME_ZONE = "Europe/Paris"
USE_I18N = USE_TZ = True
USE_THOUSAND_SEPARATOR = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600
WHITENOISE_AUTOREFRESH = DEBUG

# --- The engine -------------------------------------------------------------------------------------

QUERY_WORKERS = environment.number("PARVIS_QUERY_WORKERS", 2)
JOB_WORKERS = environment.number("PARVIS_JOB_WORKERS", 1)
CACHE_BYTES = environment.number("PARVIS_CACHE_BYTES", 64 << 20)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django.request": {"level": "ERROR"},  # a page that does not exist is no event
        "axes": {"level": "WARNING"},
        "parvis": {"level": environment.text("PARVIS_LOG", "WARNING")},
    },
}
