"""Settings: each wrong one stops the start with a sentence that says what to set."""

import json
import os
import runpy
import subprocess
import sys
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage

from tests.machine import production_like

ROOT = Path(__file__).resolve().parent.parent.parent
OPERATOR = json.loads(production_like()["ATS_OPERATOR"])


@pytest.fixture(autouse=True)
def _production(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("ATS_") or name.endswith("_URL"):
            monkeypatch.delenv(name)
    for name, value in production_like().items():
        monkeypatch.setenv(name, value)


def load(**environ: str | None) -> dict[str, Any]:
    """Read the settings with these in the environment; None takes one away."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            if value is None:
                patch.delenv(name, raising=False)
            else:
                patch.setenv(name, value)
        return runpy.run_path(str(ROOT / "ats" / "settings.py"))


def operator(**changes: Any) -> str:
    return json.dumps(OPERATOR | changes)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("ATS_RETENTION_MONTHS", v) for v in ("0", "7", "six", "-1", "6.0", "٣", "9" * 5000)],
        *[("ATS_OPEN_MONTHS", v) for v in ("0", "25", "x")],
        *[("ATS_MAX_FILE_MB", v) for v in ("0", "101", "10MB")],
        *[("ATS_MAX_FILES", v) for v in ("0", "51")],
        *[("ATS_UPLOAD_DIR", v) for v in ("uploads", "./uploads", "/srv/a\tb")],
        *[("ATS_TRUSTED_PROXIES", v) for v in ("-1", "10", "all")],
        *[("ATS_DEBUG", v) for v in ("maybe", "2", "wahr")],
        ("ATS_LEGAL_BASIS_BDSG", "perhaps"),
        *[
            ("ATS_TIME_ZONE", v)
            for v in ("Berlin", "Europe", "../etc/passwd", "/etc/passwd", "Mars/Olympus", "x" * 999)
        ],
        *[("ATS_POLICY_VERSION", v) for v in ("x" * 21, "a\tb")],
        *[("ATS_SECRET_KEY", v) for v in (None, "", "   ", "short")],
        *[("ATS_LEDGER_KEY", v) for v in (None, "short", production_like()["ATS_SECRET_KEY"])],
        *[
            ("ATS_SITE_URL", v)
            for v in (
                None,
                "jobs.example.org",
                "https://",
                "ftp://jobs.example.org",
                "https://jobs.example.org/careers",
                "https://jobs.example.org?x",
                "https://u:p@jobs.example.org",
                "https://[broken",
                "https://jobs.example.org:port",
            )
        ],
        *[("ATS_ALLOWED_HOSTS", v) for v in (",", " , ", "https://jobs.example.org", "a b")],
        *[
            ("ATS_OPERATOR", v)
            for v in (
                None,
                "{",
                "[]",
                "null",
                '"Musterwerk"',
                "{}",
                "[" * 100_000,
                operator(name=" "),
                operator(address=None),
                operator(email="nobody"),
                operator(email="a@b.example\nBcc: x@y.example"),
                operator(name="A\r\nBcc: x"),
                json.dumps({"name": "Musterwerk"}),
            )
        ],
        *[
            ("ATS_STORAGE_URL", v)
            for v in (
                "/srv/files",
                "http://bucket",
                "file://srv/files",
                "file://",
                "file:///",
                "file:///a%00b",
                "s3://",
                "s3://bucket/prefix",
                "s3://key:secret@bucket",
                "s3://bucket?endpont_url=https://s3.example.org",
                "s3://bucket?endpoint_url=s3.example.org",
                "s3://[broken",
            )
        ],
        *[
            ("IMAP_URL", v)
            for v in (
                "imap.example.org",
                "pop3://jobs:secret@mail.example.org",
                "imaps://imap.example.org",
                "imaps://jobs@imap.example.org",
                "imap://jobs:secret@imap.example.org",
                "imap://jobs:secret@imap.example.org?starttls=0",
            )
        ],
        *[
            ("CLAMD_URL", v)
            for v in (
                "127.0.0.1:3310",
                "http://127.0.0.1:3310",
                "tcp://127.0.0.1",
                "tcp://:3310",
                "tcp://127.0.0.1:port",
                "tcp://127.0.0.1:0",
                "tcp://127.0.0.1:3310/clamd",
                "tcp://user:word@127.0.0.1:3310",
                "tcp://[broken:3310",
                "unix://run/clamd.ctl",
                "unix:///",
                "unix:",
                "unix:///a%00b",
                "unix:///" + "x" * 107,
                "unix:///run/clamd.ctl?x=1",
            )
        ],
        *[
            ("DATABASE_URL", v)
            for v in (
                "halbjahr.sqlite3",
                "mysql://u:p@h/n",
                "postgres://u:p@h:port/n",
                "postgres://u:p@h",
                "postgres://[broken/n",
                "sqlite://",
                "://",
            )
        ],
        *[
            ("EMAIL_URL", v)
            for v in (
                None,
                "mail.example.org",
                "http://mail.example.org",
                "smtp://",
                "smtp+tls://u:p@:587",
                "smtp+tls://u:p@h:port",
                "smtp://[broken",
            )
        ],
        *[("REDIS_URL", v) for v in ("localhost:6379", "http://redis", "redis://h:x")],
    ],
)
def test_a_wrong_setting_is_refused_with_what_to_set(name: str, value: str | None) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        load(**{name: value})
    text = str(refusal.value)
    assert text.startswith(f"{name} ")
    assert "Set it to " in text
    assert text.endswith("See docs/operation.md.")
    assert "\n" not in text
    # Passwords stand in such values.
    assert "u:p@" not in (value or "") or "u:p@" not in text


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from a file, and it is long enough for us\n")
    found = load(ATS_SECRET_KEY=None, ATS_SECRET_KEY_FILE=str(tmp_path / "key"))
    assert found["SECRET_KEY"] == "from a file, and it is long enough for us"


@pytest.mark.parametrize("name", ["ATS_SECRET_KEY", "DATABASE_URL", "EMAIL_URL"])
def test_a_file_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"{name}_FILE names .*missing.*Set it to"):
        load(**{f"{name}_FILE": str(tmp_path / "missing")})
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(ImproperlyConfigured, match=f"{name}_FILE"):
        load(**{f"{name}_FILE": str(tmp_path / "binary")})


def test_what_is_set_to_nothing_is_not_set() -> None:
    found = load(ATS_TIME_ZONE="", ATS_RETENTION_MONTHS=" ", REDIS_URL="", ATS_ALLOWED_HOSTS="")
    assert (found["TIME_ZONE"], found["ATS_RETENTION_MONTHS"]) == ("Europe/Berlin", 6)
    assert found["ALLOWED_HOSTS"] == ["localhost"]


def test_debug_needs_nothing_set() -> None:
    for name in production_like():
        os.environ.pop(name, None)
    found = load(ATS_DEBUG="1")
    assert found["DATABASES"]["default"]["NAME"].endswith("var/halbjahr.sqlite3")
    assert found["EMAIL_BACKEND"].endswith("filebased.EmailBackend")
    assert found["ATS_SITE_URL"] == "http://localhost:8000"
    assert {"localhost", "127.0.0.1"} <= set(found["ALLOWED_HOSTS"])


def test_mail_servers_have_their_usual_ports() -> None:
    for scheme, port, tls, ssl in (
        ("smtp", 25, None, None),
        ("smtp+tls", 587, True, None),
        ("smtp+ssl", 465, None, True),
    ):
        found = load(EMAIL_URL=f"{scheme}://a%40b:p%2Fw@mail.example.org")
        assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == ("mail.example.org", port)
        assert (found.get("EMAIL_USE_TLS"), found.get("EMAIL_USE_SSL")) == (tls, ssl)
        assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("a@b", "p/w")


@pytest.mark.parametrize("name", ["Müller, Söhne & Co. KG", 'The "Mill"', "a\\b", "日本"])
def test_mails_come_from_the_operator_whatever_the_name(name: str) -> None:
    found = load(ATS_OPERATOR=operator(name=name))
    message = EmailMessage("s", "b", found["DEFAULT_FROM_EMAIL"], ["a@b.example"]).message()
    assert parseaddr(str(message["From"]))[1] == OPERATOR["email"]


def test_postgres_and_s3_take_their_parts() -> None:
    found = load(
        DATABASE_URL="postgres://u:p@db.example.org:5433/halbjahr?sslmode=require",
        ATS_STORAGE_URL="s3://files?endpoint_url=https://s3.example.org&region=eu-1",
    )
    database = found["DATABASES"]["default"]
    assert (database["HOST"], database["PORT"], database["NAME"]) == (
        "db.example.org",
        5433,
        "halbjahr",
    )
    assert database["OPTIONS"] == {
        "connect_timeout": 5,
        "options": "-c jit=off -c random_page_cost=1.1 -c plan_cache_mode=force_generic_plan",
        "prepare_threshold": 0,
        "sslmode": "require",
    }
    assert found["STORAGES"]["attachments"]["OPTIONS"] == {
        "bucket_name": "files",
        "endpoint_url": "https://s3.example.org",
        "region_name": "eu-1",
    }


@pytest.mark.parametrize(
    "value",
    [
        "tcp://127.0.0.1:3310",
        "tcp://Scanner.example.org:3310/",
        "tcp://[::1]:3310",
        "unix:///run/clamav/clamd.ctl",
        "",
    ],
)
def test_clamd_listens_on_a_port_or_a_socket_or_nowhere(value: str) -> None:
    assert load(CLAMD_URL=value)["CLAMD_URL"] == value


def test_a_second_factor_is_needed_unless_somebody_only_tries_it_out() -> None:
    assert load(ATS_SECOND_FACTOR=None)["ATS_SECOND_FACTOR"] is True
    assert load(ATS_SECOND_FACTOR=None, ATS_DEBUG="true")["ATS_SECOND_FACTOR"] is False
    assert load(ATS_SECOND_FACTOR="true", ATS_DEBUG="true")["ATS_SECOND_FACTOR"] is True


OIDC = {
    "ATS_OIDC_URL": "https://login.example.org/realms/firm/",
    "ATS_OIDC_CLIENT_ID": "halbjahr",
    "ATS_OIDC_SECRET": "the secret that both know",
}


def test_a_provider_for_log_in_is_set_as_a_whole_or_not_at_all() -> None:
    assert load()["SOCIALACCOUNT_PROVIDERS"] == {}
    (app,) = load(**OIDC)["SOCIALACCOUNT_PROVIDERS"]["openid_connect"]["APPS"]
    assert app["settings"]["server_url"] == "https://login.example.org/realms/firm"
    for name in OIDC:
        with pytest.raises(ImproperlyConfigured, match=f"{name} is missing"):
            load(**OIDC | {name: ""})


@pytest.mark.parametrize(
    "url",
    [
        "login.example.org",
        "http://login.example.org",
        "https://",
        "https://login.example.org/?x=1",
        "https://[broken",
    ],
)
def test_a_provider_that_is_none_or_could_be_read_along_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"ATS_OIDC_URL .* Set it to one like https://"):
        load(**OIDC | {"ATS_OIDC_URL": url})


def test_https_makes_cookies_secure_and_http_does_not() -> None:
    found = load(ATS_SITE_URL="https://jobs.example.org")
    assert found["SESSION_COOKIE_SECURE"]
    assert found["SECURE_SSL_REDIRECT"]
    assert not load()["SESSION_COOKIE_SECURE"]


def test_the_command_line_ends_with_the_sentence() -> None:
    for command in ("check", "migrate", "qcluster"):
        done = subprocess.run(
            [sys.executable, "manage.py", command],
            cwd=ROOT,
            env=os.environ | {"ATS_RETENTION_MONTHS": "7"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode != 0
        assert (
            done.stderr.strip()
            .splitlines()[-1]
            .endswith(
                "ATS_RETENTION_MONTHS is '7'. Set it to a whole number from 1 to 6."
                " See docs/operation.md."
            )
        )


@pytest.mark.parametrize(
    "value",
    [
        "imaps://jobs%40example.org:secret@imap.example.org/Bewerbungen",
        "imap://jobs:secret@imap.example.org?starttls=1",
        "imap://jobs:secret@127.0.0.1:1143",
    ],
)
def test_a_mailbox_is_read_where_nobody_on_the_way_can_read_along(value: str) -> None:
    assert load(IMAP_URL=value)["IMAP_URL"] == value
