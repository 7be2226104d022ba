"""Settings: read from the environment here and nowhere else. docs/operation.md explains each.

Every setting has a default that runs on a bare machine, or refuses to start with a sentence
that says what to set. A secret may come from a file: `ATS_SECRET_KEY_FILE=/run/secrets/key`.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environ import FileAwareEnv

BASE_DIR = Path(__file__).resolve().parent.parent
env = FileAwareEnv()


def refuse(name: str, what: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} {what} See docs/operation.md.")


def flag(name: str, default: bool) -> bool:
    value = env.str(name, default=str(default)).strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"", "0", "false", "no", "off"}:
        return False
    raise refuse(name, f"is {value!r}. Set it to true or false.")


def number(name: str, default: int, low: int, high: int) -> int:
    value = env.str(name, default=str(default)).strip()
    if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
        raise refuse(name, f"is {value!r}. Set it to a whole number from {low} to {high}.")
    return int(value)


def secret(name: str, what: str) -> str:
    value: str = env.str(name, default="insecure-and-only-for-debugging" if DEBUG else "")
    if not DEBUG and len(value) < 32:
        raise refuse(name, f"is missing or short. Set it to {what} of 32 characters or more.")
    return value


def url(name: str, default: str, schemes: set[str]) -> str:
    value: str = env.str(name, default=default)
    if urlsplit(value).scheme not in schemes:
        raise refuse(name, f"is missing or not a URL. It starts with one of {sorted(schemes)}.")
    return value


# The site ---------------------------------------------------------------------------------

DEBUG = flag("ATS_DEBUG", False)
SECRET_KEY = secret("ATS_SECRET_KEY", "a random text")
ATS_LEDGER_KEY = secret("ATS_LEDGER_KEY", "a random text, another than ATS_SECRET_KEY,")
ATS_SITE_URL = url(
    "ATS_SITE_URL", "http://localhost:8000" if DEBUG else "", {"http", "https"}
).rstrip("/")
SITE_HOST = urlsplit(ATS_SITE_URL).hostname or ""
ALLOWED_HOSTS = env.list(
    "ATS_ALLOWED_HOSTS", default=[SITE_HOST, "localhost", "127.0.0.1"] if DEBUG else [SITE_HOST]
)
#: How many proxies of ours stand before the web process, each adding to X-Forwarded-For.
ATS_TRUSTED_PROXIES = number("ATS_TRUSTED_PROXIES", 0, 0, 9)


def operator() -> dict[str, str]:
    """Return who runs this site: the controller in the sense of Art. 4(7) GDPR."""
    default = {
        "name": "Musterwerk",
        "address": "Musterwerk GmbH, Lindenstraße 12, 04109 Leipzig",
        "email": "jobs@musterwerk.example",
        "data_protection_officer": "Miriam Falk, datenschutz@musterwerk.example",
    }
    text = env.str("ATS_OPERATOR", default=json.dumps(default) if DEBUG else "")
    try:
        given = json.loads(text)
        missing = [key for key in default if not str(given.get(key, "")).strip()]
    except (ValueError, AttributeError):
        missing = list(default)
    if missing:
        raise refuse(
            "ATS_OPERATOR",
            f"lacks {', '.join(missing)}. Set it to a JSON object of "
            '{"name": …, "address": …, "email": …, "data_protection_officer": …}.',
        )
    return {key: str(given[key]) for key in default}


ATS_OPERATOR = operator()

# The clock --------------------------------------------------------------------------------

ATS_RETENTION_MONTHS = number("ATS_RETENTION_MONTHS", 6, 1, 6)
ATS_OPEN_MONTHS = number("ATS_OPEN_MONTHS", 6, 1, 24)
ATS_TIME_ZONE = env.str("ATS_TIME_ZONE", default="Europe/Berlin")
try:
    ZoneInfo(ATS_TIME_ZONE)
except (ZoneInfoNotFoundError, ValueError, OSError) as error:
    raise refuse(
        "ATS_TIME_ZONE", f"is {ATS_TIME_ZONE!r}. Set it to a name such as Europe/Berlin."
    ) from error

#: The privacy policy's version, stored with each application. Change it with the policy.
ATS_POLICY_VERSION = env.str("ATS_POLICY_VERSION", default="2026-11")
#: Also name § 26(1) BDSG as legal basis; off by default, doubtful since CJEU C-34/21.
ATS_LEGAL_BASIS_BDSG = flag("ATS_LEGAL_BASIS_BDSG", False)

# Attachments ------------------------------------------------------------------------------

ATS_MAX_FILE_MB = number("ATS_MAX_FILE_MB", 10, 1, 100)
ATS_MAX_FILES = number("ATS_MAX_FILES", 10, 1, 50)


def attachment_storage() -> dict[str, Any]:
    """Return Django's storage entry for ATS_STORAGE_URL: a folder or an S3 bucket."""
    text = url("ATS_STORAGE_URL", f"file://{BASE_DIR / 'var' / 'storage'}", {"file", "s3"})
    parts = urlsplit(text)
    if parts.scheme == "file":
        return {
            "BACKEND": "storage.backends.Folder",
            "OPTIONS": {"location": unquote(parts.path)},
        }
    if not parts.hostname:
        raise refuse("ATS_STORAGE_URL", "names no bucket. Write s3://bucket?endpoint_url=…")
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    return {
        "BACKEND": "storage.backends.Bucket",
        "OPTIONS": {
            "bucket_name": parts.hostname,
            "endpoint_url": query.get("endpoint_url"),
            "region_name": query.get("region"),
        },
    }


STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "attachments": attachment_storage(),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 2 * ATS_MAX_FILES
FILE_UPLOAD_MAX_MEMORY_SIZE = 0  # always a temporary file: libmagic reads the whole of it

# Applications and middleware --------------------------------------------------------------

INSTALLED_APPS = [
    "candidates",
    "storage",
    "ats",
    "ats.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.forms",  # the templates of widgets
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "csp",
    "django_q",
    "lucide",
]

MIDDLEWARE = [
    "ats.middleware.AccessLog",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "ats.middleware.RefuseUnreadable",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "ats.urls"
WSGI_APPLICATION = "ats.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ats.context.site",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    }
]

# Database, cache, jobs --------------------------------------------------------------------

SQLITE_OPTIONS = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
        "PRAGMA secure_delete=ON; PRAGMA busy_timeout=20000;"
    ),
}
DATABASES = {
    "default": env.db_url("DATABASE_URL", f"sqlite:///{BASE_DIR / 'var' / 'halbjahr.sqlite3'}")
}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["CONN_MAX_AGE"] = 60
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
    DATABASES["default"]["CONN_MAX_AGE"] = 0
elif DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise refuse("DATABASE_URL", "names another database. Use postgres:// or sqlite:///.")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    # A table, since limits must hold across processes.
    else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
}

Q_CLUSTER: dict[str, Any] = {
    "name": "halbjahr",
    "workers": 2,
    "timeout": 300,
    "retry": 360,  # above the timeout, or a slow task runs twice at once
    "max_attempts": 3,
    "ack_failures": True,
    "save_limit": 100,
    "catch_up": False,
    "bulk": 1,
    "poll": 1,
} | ({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"})

# Mail -------------------------------------------------------------------------------------

#: Under DEBUG, without EMAIL_URL, mails are files in this folder, shown at /dev/mail/.
DEV_MAIL_DIR = BASE_DIR / "var" / "mail"
EMAIL_URL = env.str("EMAIL_URL", default="")
if EMAIL_URL:
    vars().update(env.email_url("EMAIL_URL"))
elif DEBUG:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = DEV_MAIL_DIR
else:
    raise refuse("EMAIL_URL", "is missing. Set it to smtp+tls://user:password@host:587.")
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = f"{ATS_OPERATOR['name']} <{ATS_OPERATOR['email']}>"

# Language and time ------------------------------------------------------------------------

LANGUAGE_CODE = "de"
LANGUAGES = [("de", _("German")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "ats" / "locale"]
FORMAT_MODULE_PATH = ["ats.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = ATS_TIME_ZONE

# Log-in -----------------------------------------------------------------------------------

AUTH_USER_MODEL = "candidates.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "hr:today"
ACCOUNT_ADAPTER = "ats.accounts.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # no mails to strangers on anybody's word
RESET_TOKENS = "django.contrib.auth.tokens.PasswordResetTokenGenerator"
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = RESET_TOKENS
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""

# Cookies and headers: only strictly necessary cookies, none past 20 days (policy 2.5) -------

HTTPS = ATS_SITE_URL.startswith("https://")
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_AGE = None  # Django's default is a year
CSRF_TRUSTED_ORIGINS = [ATS_SITE_URL]
CSRF_FAILURE_VIEW = "ats.errors.csrf_failure"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if ATS_TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG

# Logs: no personal data, see ats/logs.py ----------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "ats.logs.Masked", "format": "%(levelname)s %(name)s %(message)s"},
        "access": {"format": "%(message)s"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "plain"},
        "access": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "access",
        },
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django-q": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "ats": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "ats.access": {"handlers": ["access"], "level": "INFO", "propagate": False},
    },
}
