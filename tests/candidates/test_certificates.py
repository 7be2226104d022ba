import json
from base64 import b64decode, b64encode
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pypdfium2
import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from candidates import certificates, purge, retention
from candidates.certificates.drawing import pdf
from candidates.models import CertificateMail, LedgerLine
from tests.conftest import MailSink
from tests.world import NOW, TODAY, a_ledger_line, a_user, an_application, log_in

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite")]

ANOTHER_KEY = b"another key, also of 32 letters!"


def ordered(line: LedgerLine, *, email: str = "mira@posteo.example") -> CertificateMail:
    application = an_application(email=email)
    certificates.order([(application, line.pk, NOW + timedelta(days=1))], now=NOW)
    return CertificateMail.objects.get(line=line)


# What it says ---------------------------------------------------------------------------------


def test_a_certificate_says_what_the_line_and_its_proof_say(settings: Settings) -> None:
    settings.ATS_BACKUP_DAYS = 30
    line = a_ledger_line(proven_on=TODAY + timedelta(days=1))
    certificate = certificates.compose(line)
    assert json.loads(certificate.json()) == {
        "form": "Halbjahr certificate of deletion 1",
        "controller": "Musterwerk",
        "line": line.sequence,
        "hash": line.hash,
        "kind": "application",
        "record": line.record,
        "rule": "retention",
        "erased_on": "2026-09-17",
        "rows": 14,
        "objects": 3,
        "proven_on": "2026-09-18",
        "checked": "database, storage, sessions, job queue",
        "backups_until": "2026-10-17",
        "policy": "2026-11",
        "signature": json.loads(certificate.json())["signature"],
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"is_proven": False, "proven_on": None},
        {"sequence": None, "previous": "", "hash": ""},
        {"kind": LedgerLine.Kind.PROOF, "rule": LedgerLine.Rule.ABSENT},
    ],
)
def test_what_is_not_proven_or_not_sealed_is_not_certified(fields: dict[str, Any]) -> None:
    with pytest.raises(certificates.NotProven):
        certificates.compose(a_ledger_line(**fields))


def words(content: bytes) -> str:
    document = pypdfium2.PdfDocument(BytesIO(content))
    assert len(document) == 1
    return str(document[0].get_textpage().get_text_bounded())


@pytest.mark.parametrize(
    ("language", "said"), [("de", "17. September 2026"), ("en", "17 September 2026")]
)
def test_the_pdf_is_one_page_that_says_it_in_the_persons_language(
    language: str, said: str, settings: Settings
) -> None:
    settings.ATS_OPERATOR = settings.ATS_OPERATOR | {"name": "Łódź Ćwiczenia & Söhne Šapkā"}
    text = words(pdf(certificates.compose(a_ledger_line()), language))
    assert said in text
    assert "Łódź Ćwiczenia & Söhne Šapkā" in text


# Checking it ----------------------------------------------------------------------------------


def test_the_file_and_the_lines_on_paper_are_both_taken() -> None:
    certificate = certificates.compose(a_ledger_line())
    code = words(pdf(certificate, "de"))
    printed = code[code.index("eyJ") :]
    printed = printed[: printed.rindex("=") + 1] if "=" in printed else printed
    block = "".join(line for line in printed.splitlines() if " " not in line.strip())
    assert certificates.verify(certificate.json()) == certificate
    assert certificates.verify(f"Hello,\n> {certificate.json()}\n-- \nMira") == certificate
    assert certificates.verify(certificate.code()) == certificate
    assert certificates.verify(block) == certificate


def test_a_certificate_with_any_part_changed_is_none_of_ours() -> None:
    plain = json.loads(certificates.compose(a_ledger_line()).json())
    for name, value in plain.items():
        changed = plain | {name: value + 1 if isinstance(value, int) else changed_text(value)}
        with pytest.raises(certificates.NotACertificate):
            certificates.verify(json.dumps(changed))


def changed_text(value: str) -> str:
    """Return the text with one letter or digit changed, still of its kind."""
    at = 0 if value.endswith("=") else len(value) - 1
    return value[:at] + ("1" if value[at] != "1" else "2") + value[at + 1 :]


def test_a_certificate_with_a_part_missing_or_added_is_none() -> None:
    plain = json.loads(certificates.compose(a_ledger_line()).json())
    for name in plain:
        with pytest.raises(certificates.NotACertificate):
            certificates.verify(json.dumps({key: plain[key] for key in plain if key != name}))
    with pytest.raises(certificates.NotACertificate):
        certificates.verify(json.dumps(plain | {"name": "Mira"}))


@pytest.mark.parametrize(
    "text",
    [
        *("", "?", "{}", "[]", "null", '{"form": 1}', "{" * 9000, "[" * 9000, "a" * 20_000),
        b64encode(b"[1]").decode(),
        b64encode(b"\xff\xfe").decode(),
        '{"signature": null, "erased_on": 3}',
        "\x00",
    ],
)
def test_what_is_no_certificate_is_told_so(text: str, english: None) -> None:
    with pytest.raises(certificates.NotACertificate, match="certificate"):
        certificates.verify(text)


def test_a_certificate_of_a_former_key_stays_valid_and_one_of_another_is_not(
    settings: Settings,
) -> None:
    certificate = certificates.compose(a_ledger_line())
    text, first = certificate.json(), settings.ATS_CERTIFICATE_KEY
    settings.ATS_CERTIFICATE_KEY = ANOTHER_KEY
    with pytest.raises(certificates.NotACertificate):
        certificates.verify(text)
    settings.ATS_FORMER_CERTIFICATE_KEYS = [first]
    assert certificates.verify(text) == certificate


def test_the_public_key_checks_it_without_us() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    plain = json.loads(certificates.compose(a_ledger_line()).json())
    signature = b64decode(plain.pop("signature"))
    signed = json.dumps(plain, sort_keys=True, separators=(",", ":")).encode("ascii")
    key = Ed25519PublicKey.from_public_bytes(b64decode(certificates.public_key()))
    key.verify(signature, signed)


def test_whoever_pastes_a_certificate_reads_what_it_certifies(client: Client) -> None:
    line = a_ledger_line()
    page = client.post(reverse("verify"), {"text": certificates.compose(line).json()})
    assert page.status_code == 200
    assert "17.\u00a0September 2026" in page.text
    assert line.record[:4] in page.text


def test_a_certificate_whose_line_is_gone_says_so(client: Client) -> None:
    line = a_ledger_line()
    text = certificates.compose(line).json()
    assert certificates.verify(text).stands_in_ledger
    LedgerLine.objects.filter(pk=line.pk).update(hash="f" * 64)
    assert not certificates.verify(text).stands_in_ledger


@pytest.mark.parametrize("value", ["[" * 600 + "]" * 600, "[]", "null", "1.5", '{"a": 1}'])
def test_a_part_that_is_no_text_is_told_as_no_certificate(client: Client, value: str) -> None:
    text = certificates.compose(a_ledger_line()).json()
    name = json.dumps(json.loads(text)["controller"], ensure_ascii=False)
    assert name in text
    page = client.post(reverse("verify"), {"text": text.replace(name, value)})
    assert page.status_code == 422


def test_what_was_pasted_wrongly_is_still_there(client: Client) -> None:
    page = client.post(reverse("verify"), {"text": "my <certificate>"})
    assert page.status_code == 422
    assert "my &lt;certificate&gt;" in page.text


# Its way --------------------------------------------------------------------------------------


def test_a_proven_certificate_goes_out_once_and_the_address_goes_with_it(
    mail_sink: MailSink,
) -> None:
    row = ordered(a_ledger_line())
    assert row.keep_until == retention.end_of(TODAY)
    assert [certificates.send_due(NOW), certificates.send_due(NOW)] == [1, 0]
    (message,) = mail_sink.messages
    assert message["To"] == "mira@posteo.example"
    files = {part.get_filename(): part.get_content() for part in message.iter_attachments()}
    assert certificates.verify(files["halbjahr.json"].decode()).line == row.line.sequence
    assert files["halbjahr.pdf"].startswith(b"%PDF-")
    assert not CertificateMail.objects.exists()


def test_the_address_is_never_kept_past_the_last_day() -> None:
    for decided_on in (date(2026, 3, 16), date(2026, 3, 17)):
        an_application(
            email=f"{decided_on}@posteo.example",
            status="rejected",
            decided_on=decided_on,
            wants_certificate=True,
        )
    purge.run(now=NOW)
    row = CertificateMail.objects.get()
    assert (row.to, row.keep_until) == ("2026-03-17@posteo.example", retention.end_of(TODAY))


def test_a_certificate_waits_for_the_proof(mail_sink: MailSink) -> None:
    line = a_ledger_line(is_proven=False, proven_on=None)
    ordered(line)
    assert certificates.send_due(NOW) == 0
    LedgerLine.objects.filter(pk=line.pk).update(is_proven=True, proven_on=TODAY)
    assert certificates.send_due(NOW) == 1


def test_a_refused_certificate_is_tried_again_until_the_day_ends_and_no_longer(
    mail_sink: MailSink,
) -> None:
    mail_sink.refusal = "451 mira@posteo.example is busy"
    row = ordered(a_ledger_line())
    assert certificates.send_due(NOW) == 0
    row.refresh_from_db()
    assert (row.error, row.next_try_at) == ("SMTP 451", NOW + timedelta(minutes=1))
    assert certificates.send_due(NOW + timedelta(seconds=59)) == 0
    row.refresh_from_db()
    assert row.attempts == 1
    assert certificates.send_due(retention.end_of(TODAY)) == 0
    assert not CertificateMail.objects.exists()


def test_one_address_that_no_server_takes_keeps_no_other(mail_sink: MailSink) -> None:
    ordered(a_ledger_line(), email=f"a@{'ä' * 60}.de")
    ordered(a_ledger_line())
    assert certificates.send_due(NOW) == 1


def test_the_privacy_officer_takes_the_certificate_of_a_ledger_line(client: Client) -> None:
    line = a_ledger_line()
    log_in(client, a_user("privacy_officer"))
    text = client.get(reverse("hr:certificate_json", args=[line.sequence])).text
    assert certificates.verify(text).record == line.record
    sheet = client.get(reverse("hr:certificate", args=[line.sequence]))
    assert sheet["Content-Disposition"] == f'attachment; filename="halbjahr-{line.sequence}.pdf"'
    assert client.get(reverse("hr:certificate", args=[99])).status_code == 404
