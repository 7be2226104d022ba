"""Settings: read from the environment here and nowhere else. docs/operation.md explains each.

Every setting has a default that runs on a bare machine, or refuses to start with a sentence
that says what to set. A secret may come from a file: `ATS_SECRET_KEY_FILE=/run/secrets/key`.
"""

import json
import os
import re
from base64 import b64decode
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _
from environ import Env

BASE_DIR = Path(__file__).resolve().parent.parent


def refuse(name: str, what: str) -> ImproperlyConfigured:
    """Return the error for a wrong setting. It quotes no value that may hold a password."""
    return ImproperlyConfigured(f"{name} {what} See docs/operation.md.")


def text(name: str, default: str = "") -> str:
    """Return a setting, from the file that NAME_FILE names or from NAME; empty is not set."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip() or default
        except (OSError, ValueError) as error:
            raise refuse(
                f"{name}_FILE", f"names {path!r}, which cannot be read. Set it to a text file."
            ) from error
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool) -> bool:
    value = text(name, str(default)).lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise refuse(name, f"is {value!r}. Set it to true or false.")


def number(name: str, default: int, low: int, high: int) -> int:
    value = text(name, str(default))
    digits = value.isascii() and value.isdigit() and len(value) < 10
    if not (digits and low <= int(value) <= high):
        raise refuse(name, f"is {value!r}. Set it to a whole number from {low} to {high}.")
    return int(value)


def secret(name: str, what: str) -> str:
    value = text(name, "insecure-and-only-for-debugging" if DEBUG else "")
    if not DEBUG and len(value) < 32:
        raise refuse(name, f"is missing or short. Set it to {what} of 32 characters or more.")
    return value


def url(name: str, value: str, *, schemes: set[str], example: str) -> SplitResult:
    """Return a URL in its parts. Raises ImproperlyConfigured with the example."""
    try:
        parts = urlsplit(value)
        valid = parts.scheme in schemes and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid:
        raise refuse(name, f"is missing or not such a URL. Set it to one like {example}")
    return parts


# The site ---------------------------------------------------------------------------------

DEBUG = flag("ATS_DEBUG", False)
SECRET_KEY = secret("ATS_SECRET_KEY", "a random text")
ATS_LEDGER_KEY = secret("ATS_LEDGER_KEY", "a random text, another than ATS_SECRET_KEY,")
if SECRET_KEY == ATS_LEDGER_KEY and not DEBUG:
    raise refuse("ATS_LEDGER_KEY", "is that of ATS_SECRET_KEY. Set it to another random text.")
#: Keys that lines of the ledger were written with before, one a line: they can still be found.
ATS_FORMER_LEDGER_KEYS = text("ATS_FORMER_LEDGER_KEYS").splitlines()


def signing_keys(name: str, default: str = "") -> list[bytes]:
    """Return Ed25519 keys, 32 bytes each, given in base64 with spaces or lines between."""
    try:
        keys = [b64decode(each, validate=True) for each in text(name, default).split()]
    except ValueError:
        keys = [b""]
    if any(len(key) != 32 for key in keys):
        raise refuse(name, "is no key. Set it to 32 random bytes in base64 (openssl rand).")
    return keys


#: What certificates of deletion are signed with, and what they were signed with before.
FOR_DEBUGGING = "aW5zZWN1cmUtYW5kLW9ubHktZm9yLWRlYnVnZ2luZyE="
ATS_CERTIFICATE_KEY = b"".join(
    signing_keys("ATS_CERTIFICATE_KEY", FOR_DEBUGGING if DEBUG else "")[:1]
)
if not ATS_CERTIFICATE_KEY:
    raise refuse(
        "ATS_CERTIFICATE_KEY",
        "is missing. Set it to 32 random bytes in base64: openssl rand -base64 32.",
    )
ATS_FORMER_CERTIFICATE_KEYS = signing_keys("ATS_FORMER_CERTIFICATE_KEYS")
#: Who may read /metrics/; nobody if it is not set.
ATS_METRICS_TOKEN = text("ATS_METRICS_TOKEN")


def site_url() -> str:
    """Return where the site is: links in mails begin with it."""
    value = text("ATS_SITE_URL", "http://localhost:8000" if DEBUG else "").rstrip("/")
    example = "https://jobs.example.org (no path)."
    parts = url("ATS_SITE_URL", value, schemes={"http", "https"}, example=example)
    if not parts.hostname or value != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc:
        raise refuse("ATS_SITE_URL", f"is not the start of an address. Set it to {example}")
    return value


ATS_SITE_URL = site_url()
SITE_HOST = urlsplit(ATS_SITE_URL).hostname or ""


def allowed_hosts() -> list[str]:
    """Return the host names that the site answers to: that of its URL if nothing else is set."""
    local = "localhost,127.0.0.1,[::1]" if DEBUG else ""
    given = text("ATS_ALLOWED_HOSTS", f"{SITE_HOST},{local}").split(",")
    hosts = [host.strip() for host in given if host.strip()]
    if not hosts or any("/" in host or " " in host for host in hosts):
        raise refuse(
            "ATS_ALLOWED_HOSTS",
            "holds no list of host names. Set it to names with commas between, such as"
            " jobs.example.org,www.example.org.",
        )
    return hosts


ALLOWED_HOSTS = allowed_hosts()
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
    try:
        given = json.loads(text("ATS_OPERATOR", json.dumps(default) if DEBUG else ""))
        found = {key: str(given.get(key) or "").strip() for key in default}
    except (ValueError, AttributeError, RecursionError):
        found = dict.fromkeys(default, "")
    if missing := [key for key, value in found.items() if not value.isprintable() or not value]:
        raise refuse(
            "ATS_OPERATOR",
            f"lacks {', '.join(missing)}. Set it to a JSON object on one line of "
            '{"name": …, "address": …, "email": …, "data_protection_officer": …}.',
        )
    try:
        validate_email(found["email"])
    except ValidationError as error:
        raise refuse("ATS_OPERATOR", "has an email that is none. Set it to an address.") from error
    return found


ATS_OPERATOR = operator()


def mail_address() -> str:
    """Return the mailbox that applications and replies come to, with tags after a plus."""
    value = text("ATS_MAIL_ADDRESS", ATS_OPERATOR["email"])
    name, _at, host = value.rpartition("@")
    try:
        validate_email(value)
    except ValidationError as error:
        raise refuse("ATS_MAIL_ADDRESS", "is no address. Set it to one.") from error
    # A tag has up to 52 letters and a plus, and 64 characters fit before the @ (RFC 5321).
    if len(name) > 11 or "+" in name or not host.isascii():
        raise refuse(
            "ATS_MAIL_ADDRESS",
            "cannot take tags. Set it to an address with at most 11 characters and no plus before"
            " the @, such as jobs@example.org; mails to jobs+anything@example.org must reach it.",
        )
    return value


ATS_MAIL_ADDRESS = mail_address()


def brand() -> tuple[str, str]:
    """Return the colours for what can be done, on light and on dark ground, or none of ours."""
    values = text("ATS_ACCENT").lower().split()
    if not values:
        return "", ""
    if len(values) != 2 or not all(re.fullmatch("#[0-9a-f]{6}", each) for each in values):
        raise refuse("ATS_ACCENT", "holds no two colours. Set it to two as #1f5c45 #8fd6b4.")
    return values[0], values[1]


#: The operator's colours in place of ours; ats/checks.py refuses what is hard to read.
ATS_ACCENT = brand()
#: An SVG, PNG or WebP file that stands in the head of the public pages.
ATS_LOGO = text("ATS_LOGO")
#: Who processes data for the operator, one a line: named in the privacy notice.
ATS_PROCESSORS = [each.strip() for each in text("ATS_PROCESSORS").splitlines() if each.strip()]
#: The data protection authority that is responsible for the operator (Art. 77 GDPR).
ATS_SUPERVISORY_AUTHORITY = text("ATS_SUPERVISORY_AUTHORITY")
#: Whether applicants see in their room when somebody first opened their application.
ATS_SHOW_FIRST_OPENED = flag("ATS_SHOW_FIRST_OPENED", True)

# The clock --------------------------------------------------------------------------------

ATS_RETENTION_MONTHS = number("ATS_RETENTION_MONTHS", 6, 1, 6)
ATS_OPEN_MONTHS = number("ATS_OPEN_MONTHS", 6, 1, 24)
#: For how many days after a deletion a backup may still hold what was deleted.
ATS_BACKUP_DAYS = number("ATS_BACKUP_DAYS", 30, 0, 365)
ATS_TIME_ZONE = text("ATS_TIME_ZONE", "Europe/Berlin")
try:
    ZoneInfo(ATS_TIME_ZONE)
except (LookupError, ValueError, OSError) as error:
    raise refuse(
        "ATS_TIME_ZONE", f"is {ATS_TIME_ZONE!r}. Set it to a name such as Europe/Berlin."
    ) from error

#: The privacy policy's version, stored with each application. Change it with the policy.
ATS_POLICY_VERSION = text("ATS_POLICY_VERSION", "2026-11")
if len(ATS_POLICY_VERSION) > 20 or not ATS_POLICY_VERSION.isprintable():
    raise refuse("ATS_POLICY_VERSION", "is too long. Set it to 20 characters at most.")
#: Also name § 26(1) BDSG as legal basis; off by default, doubtful since CJEU C-34/21.
ATS_LEGAL_BASIS_BDSG = flag("ATS_LEGAL_BASIS_BDSG", False)

# Attachments ------------------------------------------------------------------------------

ATS_MAX_FILE_MB = number("ATS_MAX_FILE_MB", 10, 1, 100)
ATS_MAX_FILES = number("ATS_MAX_FILES", 10, 1, 50)


def attachment_storage() -> dict[str, Any]:
    """Return Django's storage entry for ATS_STORAGE_URL: a folder or an S3 bucket."""
    value = text("ATS_STORAGE_URL", f"file://{BASE_DIR / 'var' / 'storage'}")
    example = "file:///srv/halbjahr/files or s3://bucket?endpoint_url=https://s3.example.org."
    parts = url("ATS_STORAGE_URL", value, schemes={"file", "s3"}, example=example)
    return folder(parts, example) if parts.scheme == "file" else bucket(parts, example)


def folder(parts: SplitResult, example: str) -> dict[str, Any]:
    location = unquote(parts.path)
    if parts.netloc or location.strip("/") == "" or "\0" in location:
        raise refuse("ATS_STORAGE_URL", f"names no folder of its own. Set it to {example}")
    return {"BACKEND": "storage.backends.Folder", "OPTIONS": {"location": location}}


def bucket(parts: SplitResult, example: str) -> dict[str, Any]:
    options = {key: values[0] for key, values in parse_qs(parts.query).items()}
    endpoint, region = options.pop("endpoint_url", None), options.pop("region", None)
    if not parts.hostname or parts.path.strip("/") or "@" in parts.netloc or options:
        raise refuse(
            "ATS_STORAGE_URL",
            f"names no bucket, or more than that. Set it to {example} Keys come from"
            " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        )
    if endpoint is not None:
        url("ATS_STORAGE_URL", endpoint, schemes={"http", "https"}, example=example)
    return {
        "BACKEND": "storage.backends.Bucket",
        "OPTIONS": {
            "bucket_name": parts.hostname,
            "endpoint_url": endpoint,
            "region_name": region,
        },
    }


def is_port(parts: SplitResult) -> bool:
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    bare = parts._replace(scheme="", path=parts.path.strip("/")).geturl()
    return bool(parts.hostname and parts.port) and bare.lower() == f"//{host}:{parts.port}"


def is_socket(parts: SplitResult) -> bool:
    """Return whether a URL names a path that fits into a socket's address."""
    path = os.fsencode(unquote(parts.path))
    alone = not (parts.netloc or parts.query or parts.fragment)
    return alone and 1 < len(path) < 108 and b"\0" not in path


def clamd() -> str:
    """Return where clamd listens, or "" if files are not scanned for viruses."""
    value = text("CLAMD_URL")
    if not value:
        return ""
    example = "tcp://127.0.0.1:3310 or unix:///run/clamav/clamd.ctl."
    parts = url("CLAMD_URL", value, schemes={"tcp", "unix"}, example=example)
    if not (is_port(parts) if parts.scheme == "tcp" else is_socket(parts)):
        raise refuse("CLAMD_URL", f"names no port or socket. Set it to one like {example}")
    return value


CLAMD_URL = clamd()

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
DATA_UPLOAD_MAX_NUMBER_FIELDS = 250  # 200 applications may be chosen at once
DATA_UPLOAD_MAX_NUMBER_FILES = 2 * ATS_MAX_FILES
FILE_UPLOAD_MAX_MEMORY_SIZE = 0  # always a temporary file: libmagic reads the whole of it


def upload_folder() -> str:
    """Return the folder of those temporary files: one of our own, so that we can clear it."""
    value = text("ATS_UPLOAD_DIR", f"{gettempdir()}/halbjahr-{os.geteuid()}")
    if not Path(value).is_absolute() or not value.isprintable():
        raise refuse("ATS_UPLOAD_DIR", "is no path from the root. Set it to one as /srv/uploads.")
    return value


FILE_UPLOAD_TEMP_DIR = upload_folder()  # made at the start, see ats/checks.py

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
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_htmx",
    "django_q",
    "lucide",
]

MIDDLEWARE = [
    "ats.middleware.AccessLog",
    "ats.middleware.KeepPrivate",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    # Behind what serves static files, and before anything that asks the database.
    "ats.gate.ClosedWhileBehind",
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
    # Behind what asks for a log-in, and the first to hear of what its pages raise.
    "ats.factors.middleware.SecondFactor",
    "django_htmx.middleware.HtmxMiddleware",
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

#: Compiling a statement takes longer than any of ours takes to run; and rows are fetched by an
#: index from memory or a disk that does not turn, which costs little more than in a row. What is
#: prepared (`candidates.statements`) is planned once, whoever asks.
POSTGRESQL = "-c jit=off -c random_page_cost=1.1 -c plan_cache_mode=force_generic_plan"
SQLITE_OPTIONS = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
        "PRAGMA secure_delete=ON; PRAGMA busy_timeout=20000;"
    ),
}


def database() -> dict[str, Any]:
    """Return Django's entry for DATABASE_URL: SQLite in a file, or PostgreSQL."""
    value = text("DATABASE_URL", f"sqlite:///{BASE_DIR / 'var' / 'halbjahr.sqlite3'}")
    example = "postgres://user:password@host/name or sqlite:////srv/halbjahr/db.sqlite3."
    schemes = {"postgres", "postgresql", "sqlite"}
    url("DATABASE_URL", value, schemes=schemes, example=example)
    entry: dict[str, Any] = dict(Env.db_url_config(value))
    if entry.get("NAME") in {None, "", ":memory:"}:  # the job cluster must find it too
        raise refuse("DATABASE_URL", f"names no database. Set it to one like {example}")
    entry["CONN_HEALTH_CHECKS"] = True
    if entry["ENGINE"] == "django.db.backends.sqlite3":
        return entry | {"OPTIONS": SQLITE_OPTIONS, "CONN_MAX_AGE": 0}
    options = {"connect_timeout": 5, "options": POSTGRESQL, "prepare_threshold": 0}
    options |= entry.get("OPTIONS", {})
    return entry | {"OPTIONS": options, "CONN_MAX_AGE": 60}


DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = text("REDIS_URL")
if REDIS_URL:
    url("REDIS_URL", REDIS_URL, schemes={"redis", "rediss", "unix"}, example="redis://host:6379/0.")
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
EMAIL_URL = text("EMAIL_URL")
EMAIL_PORTS = {"smtp": 25, "smtps": 587, "smtp+tls": 587, "smtp+ssl": 465}


def email() -> dict[str, Any]:
    """Return Django's settings for EMAIL_URL: a mail server, a folder, or the console."""
    example = "smtp+tls://user:password@host:587."
    schemes = {*EMAIL_PORTS, "filemail", "consolemail"}
    parts = url("EMAIL_URL", EMAIL_URL, schemes=schemes, example=example)
    found: dict[str, Any] = dict(Env.email_url_config(EMAIL_URL))
    if parts.scheme in EMAIL_PORTS and not parts.hostname:
        raise refuse("EMAIL_URL", f"names no mail server. Set it to one like {example}")
    if parts.scheme == "filemail":
        found["EMAIL_FILE_PATH"] = unquote(parts.path)
    found["EMAIL_PORT"] = found["EMAIL_PORT"] or EMAIL_PORTS.get(parts.scheme)
    return found


if DEBUG and not EMAIL_URL:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = DEV_MAIL_DIR
else:
    vars().update(email())
EMAIL_TIMEOUT = 15


def mailbox() -> str:
    """Return where the mails to ATS_MAIL_ADDRESS are fetched, or "" if they are not."""
    value = text("IMAP_URL")
    if not value:
        return ""
    example = "imaps://user:password@imap.example.org or imap://user:password@127.0.0.1:143."
    parts = url("IMAP_URL", value, schemes={"imap", "imaps"}, example=example)
    if not (parts.hostname and parts.username and parts.password):
        raise refuse("IMAP_URL", f"lacks server, user or password. Set it to one like {example}")
    is_here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.scheme == "imap" and not (is_here or parts.query == "starttls=1"):
        raise refuse(
            "IMAP_URL",
            "would send password and mails readable to everybody on the way. Set it to one with"
            " imaps://, or end it with ?starttls=1.",
        )
    return value


IMAP_URL = mailbox()
EMAIL_USE_LOCALTIME = True
SENDER = ATS_OPERATOR["name"].replace("\\", "").replace('"', "'")
DEFAULT_FROM_EMAIL = f'"{SENDER}" <{ATS_OPERATOR["email"]}>'

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

#: Whether nobody works here without a second factor. Off is for trying it out.
ATS_SECOND_FACTOR = flag("ATS_SECOND_FACTOR", not DEBUG)
MFA_ADAPTER = "ats.factors.adapter.Adapter"
MFA_FORMS = {
    "authenticate": "ats.factors.forms.Code",
    "reauthenticate": "ats.factors.forms.CodeAgain",
    "add_webauthn": "ats.factors.forms.NewPasskey",
    "authenticate_webauthn": "ats.factors.forms.Passkey",
    "login_webauthn": "ats.factors.forms.PasskeyAlone",
    "reauthenticate_webauthn": "ats.factors.forms.PasskeyAgain",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# With its PIN or finger a passkey is two factors; without, whoever finds it has it.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # clocks differ; ats/factors/forms.py takes no code twice


def identity_provider(*, url: str, client_id: str, secret: str, name: str) -> dict[str, Any]:
    """Return allauth's entry for a provider of OpenID Connect."""
    app = {
        "provider_id": "oidc",
        "name": name,
        "client_id": client_id,
        "secret": secret,
        "settings": {"server_url": url.rstrip("/")},
    }
    return {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}


def oidc() -> dict[str, Any]:
    """Return the settings' entry for ATS_OIDC_URL, or {} if everybody logs in here."""
    given = {name: text(f"ATS_OIDC_{name}") for name in ("URL", "CLIENT_ID", "SECRET")}
    if not any(given.values()):
        return {}
    if missing := [f"ATS_OIDC_{name}" for name, value in given.items() if not value]:
        raise refuse(missing[0], "is missing. Set all of ATS_OIDC_URL, _CLIENT_ID and _SECRET.")
    example = "https://login.example.org/realms/firm (without /.well-known/…)."
    parts = url("ATS_OIDC_URL", given["URL"], schemes={"https", "http"}, example=example)
    if parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise refuse("ATS_OIDC_URL", f"would send secrets readable. Set it to one like {example}")
    if not parts.hostname or parts.query or parts.fragment:
        raise refuse("ATS_OIDC_URL", f"names no provider. Set it to one like {example}")
    return identity_provider(
        url=given["URL"],
        client_id=given["CLIENT_ID"],
        secret=given["SECRET"],
        name=ATS_OIDC_NAME,
    )


#: What the button says: „Log in with …“.
ATS_OIDC_NAME = text("ATS_OIDC_NAME", "OpenID Connect")
#: Whether the provider asks everybody for a second factor, so that we need not.
ATS_OIDC_SECOND_FACTOR = flag("ATS_OIDC_SECOND_FACTOR", False)
SOCIALACCOUNT_PROVIDERS = oidc()
SOCIALACCOUNT_ADAPTER = "ats.oidc.Adapter"
# A link, since a form that leads to another site is against our policy of contents.
SOCIALACCOUNT_LOGIN_ON_GET = True

# Cookies and headers: only strictly necessary cookies, none past 20 days (policy 2.5) -------

HTTPS = ATS_SITE_URL.startswith("https://")
# Messages name nobody; a session's row would outlast what they tell of.
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
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
        "django.server": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        "gunicorn.error": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django-q": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "ats": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "ats.access": {"handlers": ["access"], "level": "INFO", "propagate": False},
    },
}
