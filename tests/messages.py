"""The German catalogue: `python -m tests.messages` brings it up to date with the strings in use.

New strings come in untranslated, those no longer used go. With `--check` nothing is written, and
each string that is missing, untranslated, fuzzy or broken is named. Needs GNU gettext.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from tests import machine

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = Path("ats/locale/de/LC_MESSAGES/django.po")
#: Where strings that people see may stand.
SOURCES = ("ats", "candidates", "storage", "templates", "manage.py")

HEADER = r"""# German, for Halbjahr.
msgid ""
msgstr ""
"Project-Id-Version: Halbjahr\n"
"Language: de\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

"""


def extract(root: Path = ROOT) -> Catalog:
    """Return all strings marked in the sources, untranslated. Raises `machine.Missing`."""
    machine.program("xgettext", package="gettext")
    with tempfile.TemporaryDirectory(prefix="halbjahr-messages-") as name:
        copy = Path(name)
        for source in SOURCES:
            if (root / source).is_dir():
                ignore = shutil.ignore_patterns("__pycache__", "*.po", "*.mo")
                shutil.copytree(root / source, copy / source, ignore=ignore)
            else:
                shutil.copy(root / source, copy / source)
        command = ["makemessages", "--locale", "de", "--add-location", "file"]
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=copy,
            check=True,
            stdout=subprocess.DEVNULL,
            env=os.environ | machine.production_like(),
        )
        return _read(copy / CATALOGUE)


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="de", domain="django")


def _key(message: Message) -> tuple[str, str | None]:
    single = message.id if isinstance(message.id, str) else message.id[0]
    return single, message.context


def _fault(message: Message | None) -> str | None:
    """Say what is wrong with a string's translation."""
    if message is None:
        return "missing"
    if message.fuzzy:
        return "fuzzy"
    texts = [message.string] if isinstance(message.string, str) else message.string
    if not texts or not all(texts):
        return "untranslated"
    # The singular may do without its number; no other form may lose what is put in.
    ids = [message.id] if isinstance(message.id, str) else message.id
    if lost := _placeholders(ids[-1]) - _placeholders(texts[-1]):
        return f"lost {', '.join(sorted(lost))}"
    errors = message.check()
    return str(errors[0]) if errors else None


def _placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)", text))


def faults(used: Catalog, catalogue: Catalog) -> list[str]:
    """Return a line for each string that is not rightly translated, or no longer used."""
    lines = []
    for message in used:
        if message.id and (fault := _fault(catalogue.get(*_key(message)))):
            where = ", ".join(file for file, _ in message.locations[:2])
            lines.append(f"{fault}: {_key(message)[0]!r} in {where}")
    lines += [
        f"no longer used: {_key(message)[0]!r}"
        for message in catalogue
        if message.id and used.get(*_key(message)) is None
    ]
    return lines


def check() -> list[str]:
    """Return the faults of the German catalogue as it stands."""
    path = ROOT / CATALOGUE
    if not path.exists():
        return [f"{CATALOGUE} is not there. Make it with: python -m tests.messages"]
    return faults(extract(), _read(path))


def update() -> Catalog:
    """Write the catalogue anew: every string in use, with the translations that there are."""
    path, used = ROOT / CATALOGUE, extract()
    catalogue = _read(path) if path.exists() else Catalog(locale="de", domain="django")
    for message in used:
        if message.id and (known := catalogue.get(*_key(message))) and known.string:
            message.string = known.string
            message.flags |= known.flags & {"fuzzy"}
            message.user_comments = known.user_comments
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(HEADER.encode())
        # Neither line numbers nor dates, so that a diff shows texts alone.
        write_po(file, used, width=100, include_lineno=False, omit_header=True, sort_output=True)
    return used


def main() -> int:
    if "--check" not in sys.argv[1:]:
        update()
    lines = check()
    print("\n".join(lines) or "The German catalogue is complete.")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
