"""All settings. What changes between machines comes from the environment, as ENCORE_*, and is read here and nowhere else."""

import os
import secrets
from pathlib import Path
from typing import Any

from encore.config.database import database

SOURCE = Path(__file__).resolve().parent.parent

# Folder of the database, keys, files and logs. A backup is this folder (and a dump, where PostgreSQL is used).
ENCORE_HOME = Path(os.environ.get("ENCORE_HOME", "var")).resolve()
# Where the data lie: postgresql://user@host/name or sqlite:////absolute/path. Default: SQLite in ENCORE_HOME.
ENCORE_DATABASE = os.environ.get("ENCORE_DATABASE", f"sqlite:///{ENCORE_HOME / 'encore.sqlite3'}")
# File with the secret that signs cookies and forms. Default: made in ENCORE_HOME at the first start.
ENCORE_SECRET_FILE = Path(os.environ.get("ENCORE_SECRET_FILE", ENCORE_HOME / "keys" / "secret"))
# Host names that the server answers to, separated by commas. Default: this machine only.
ENCORE_HOSTS = os.environ.get("ENCORE_HOSTS", "localhost,127.0.0.1,[::1]")
# Address under which guests reach the server, where something before it speaks https: https://complaints.example
ENCORE_BASE_URL = os.environ.get("ENCORE_BASE_URL", "")
# How much is logged: debug, info, warning or error.
ENCORE_LOG = os.environ.get("ENCORE_LOG", "info")


def _secret(path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    if not path.exists():
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123 - the mode
            file.write(secrets.token_urlsafe(50))
        try:
            os.link(fresh, path)  # of several processes that start at once, one wins
        except FileExistsError:
            pass
        fresh.unlink()
    return path.read_text()


SECRET_KEY = _secret(ENCORE_SECRET_FILE)
DEBUG = False
if ENCORE_LOG not in ("debug", "info", "warning", "error"):
    raise SystemExit(f"ENCORE_LOG is debug, info, warning or error, not {ENCORE_LOG!r}.")
ALLOWED_HOSTS = [host.strip() for host in ENCORE_HOSTS.split(",")]
ROOT_URLCONF = "encore.config.urls"
WSGI_APPLICATION = "encore.config.wsgi.application"
APPEND_SLASH = True

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.staticfiles",
    "django_htmx",
    "encore.web",
    "encore.accounts",
    "encore.ledger",
    "encore.contracts",
    "encore.complaints",
    "encore.home",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "encore.config.middleware.RequestLog",
    "django.middleware.gzip.GZipMiddleware",
    "encore.config.middleware.ContentPolicy",
    "django.middleware.locale.LocaleMiddleware",
    "encore.config.middleware.Faults",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "encore.accounts.middleware.PersonAtTheMachine",
    "django_htmx.middleware.HtmxMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": sorted(SOURCE.glob("*/templates")),
        "OPTIONS": {
            "environment": "encore.web.environment.environment",
            "context_processors": ["encore.web.environment.reader"],
        },
    }
]

DATABASES = {"default": database(ENCORE_DATABASE, ENCORE_HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("zh-hant", "繁體中文"), ("en", "English")]
LOCALE_PATHS = [SOURCE / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

CSRF_FAILURE_VIEW = "encore.web.errors.forged"
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [ENCORE_BASE_URL.rstrip("/")] if ENCORE_BASE_URL else []
CSRF_COOKIE_SECURE = ENCORE_BASE_URL.startswith("https:")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "encore.config.log.Lines"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "json"},
        "none": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": ENCORE_LOG.upper()},
    "loggers": {
        # Django's own request log names paths, and a path may hold a guest's token; ours names routes.
        "django.request": {"handlers": ["none"], "propagate": False},
        "django.security": {"handlers": ["none"], "propagate": False},
        "django.server": {"handlers": ["none"], "propagate": False},
        "django": {"handlers": [], "propagate": True},
    },
}
