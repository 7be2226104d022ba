"""Word processors' documents as PDF, by LibreOffice, where the machine has it."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from storage.steps import Unreadable, kernel

#: What it must never do for a document: run its macros, load what it links to, look for updates.
SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableActiveContent" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>2</value></prop></item>
<item oor:path="/org.openoffice.Office.Jobs/Jobs/org.openoffice.Office.Jobs:Job['UpdateCheck']/Arguments"><prop oor:name="AutoCheckEnabled" oor:op="fuse"><value>false</value></prop></item>
</oor:items>
"""  # noqa: E501


def to_pdf(place: Path, *, extension: str) -> dict[str, Any]:
    """Write the document as `view`, a PDF."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        raise Unreadable
    # It starts others of its own, which would go on writing down what stands in the document.
    kernel.end_with_parent(os.getppid(), with_children=True)
    profile, out = place / "profile", place / "out"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(SETTINGS)
    # The ending decides how it is read.
    source = place / f"document{extension}"
    os.link(place / "in", source)
    subprocess.run(  # noqa: S603  our own command, no shell
        [
            program,
            f"-env:UserInstallation={profile.as_uri()}",
            *("--headless", "--norestore", "--nologo", "--nodefault", "--nofirststartwizard"),
            *("--convert-to", "pdf:writer_pdf_Export", "--outdir", str(out), str(source)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    made = out / "document.pdf"
    if not made.is_file() or not made.stat().st_size:
        raise Unreadable
    made.rename(place / "view")
    return {}
