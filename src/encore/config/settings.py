"""All settings. What changes between machines comes from the environment, as ENCORE_*, and is read here and nowhere else."""

import os
import re
import secrets
from pathlib import Path
from typing import Any

from encore.config.database import database

SOURCE = Path(__file__).resolve().parent.parent

# Folder of the database, keys, files and logs. See docs/operate.md for what to back up.
ENCORE_HOME = Path(os.environ.get("ENCORE_HOME", "var")).resolve()
# Where the data lie: postgresql://user@host/name or sqlite:////absolute/path. Default: SQLite in ENCORE_HOME.
ENCORE_DATABASE = os.environ.get("ENCORE_DATABASE", f"sqlite:///{ENCORE_HOME / 'encore.sqlite3'}")
# File with the secret that signs cookies and forms. Default: made in ENCORE_HOME at the first start.
ENCORE_SECRET_FILE = Path(os.environ.get("ENCORE_SECRET_FILE", ENCORE_HOME / "keys" / "secret"))
# Host names that the server answers to, separated by commas. Default: this machine only.
ENCORE_HOSTS = os.environ.get("ENCORE_HOSTS", "localhost,127.0.0.1,[::1]")
# Address under which guests reach the server, where something before it speaks https: https://complaints.example
ENCORE_BASE_URL = os.environ.get("ENCORE_BASE_URL", "")
# Mail server for what leaves the house: smtp://user:password@host:587/?from=house@example.com, or smtps://. Default: none, and
# e-mail is only pretended, on a page.
ENCORE_MAIL = os.environ.get("ENCORE_MAIL", "")
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
if ENCORE_MAIL and not re.fullmatch(r"smtps?://[^\s]+\?from=[^\s@&]+@[^\s@&]+", ENCORE_MAIL):
    raise SystemExit(
        "ENCORE_MAIL is like smtp://user:password@host:587/?from=house@example.com."
    )  # it holds a password
ALLOWED_HOSTS = [host.strip() for host in ENCORE_HOSTS.split(",")]
ROOT_URLCONF = "encore.config.urls"
WSGI_APPLICATION = "encore.config.wsgi.application"
APPEND_SLASH = True

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "django_tasks",
    "encore.web",
    "encore.accounts",
    "encore.jobs",
    "encore.ledger",
    "encore.running",
    "encore.files",
    "encore.search",
    "encore.statistics",
    "encore.documents",
    "encore.approvals",
    "encore.books",
    "encore.channels",
    "encore.imports",
    "encore.people",
    "encore.venues",
    "encore.customers",
    "encore.contracts",
    "encore.complaints",
    "encore.workflows",
    "encore.home",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # also of what WhiteNoise serves: the lines of guests are slow
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "encore.config.middleware.RequestLog",
    "encore.config.middleware.ContentPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "encore.config.middleware.Faults",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
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
TASKS = {"default": {"BACKEND": "encore.jobs.backend.DatabaseBackend"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Nothing lies here that may not vanish; what counts tries must be the same for all processes.
CACHES = {
    "default": {
        "BACKEND": "encore.accounts.cache.Cache",
        "LOCATION": "cache",
    }
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["encore.accounts.signin.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name", "email", "phone")},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",  # costs a guesser memory as well
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "encore.accounts.signin.Accounts"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]  # nobody signs up; the sign-in form reads it
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "20/m/ip,5/5m/key"}  # a house has one address for its shift
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if ENCORE_BASE_URL else 0
MFA_ADAPTER = "encore.accounts.signin.SecondSteps"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
SESSION_COOKIE_SECURE = ENCORE_BASE_URL.startswith("https:")
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

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
