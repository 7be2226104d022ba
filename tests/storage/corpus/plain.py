"""Plain text in the encodings that people have, and what is no text."""

from collections.abc import Iterator

from tests.storage.corpus.sample import TEXT, Sample, good
from tests.world import a_docx

SAID = "Lebenslauf Käthe Großmann\r\n\r\n\t1998–2004 Köln, 3 < 5 & „zitiert“\r\n"


def good_ones() -> Iterator[tuple[str, bytes]]:
    yield "UTF-8", SAID.encode()
    yield "Editor on Windows", SAID.encode("utf-8-sig")
    yield "an old Editor", SAID.encode("cp1252")
    yield "Latin-1", "Größe, Köln, Straße\n".encode("latin-1")
    yield "UTF-16 with its mark", SAID.encode("utf-16")
    yield "UTF-16 the other way", b"\xfe\xff" + SAID.encode("utf-16-be")
    yield "UTF-16 without its mark", SAID.encode("utf-16-le")
    yield "an end as on DOS", SAID.encode("cp1252") + b"\x1a"
    yield "a page's end", SAID.encode() + b"\f" + SAID.encode()
    yield "another alphabet", "Биография: Köln, 履歴書\n".encode()
    yield "about tags", b"Kenntnisse: <html>, <script>, <?php\r\nund <b>fett</b>\r\n"
    yield "an example of a page", SAID.encode() * 20 + b"<html>\n<script>1</script>\n</html>\n"
    yield "a template", b"<Vorname Nachname>\n<Strasse>\n"
    yield "notes that begin with a comment", b"<!-- Entwurf -->\n\n# Lebenslauf\n"
    yield "long", SAID.encode() * 9_000


def bad_ones() -> Iterator[tuple[str, str, bytes]]:
    yield "text-script", "a page", b"<!DOCTYPE html>\n<html><body>x</body></html>"
    yield "text-script", "a page after blanks", b"\xef\xbb\xbf\n\n <html><script>1</script>"
    yield "text-script", "a page after a comment", b"<!-- a -->\n<!-- b --> <html>x</html>"
    yield "text-script", "a page after a word", b"x<script>alert(1)</script>"
    yield "text-script", "a page's element", SAID.encode() + b" <iframe src='https://e'>"
    yield "text-script", "an element first", "<img src=a onerror=alert(1)>".encode("utf-16")
    yield "text-script", "a server's script, later", SAID.encode() * 999 + b"\n<?php system(1);"
    yield "text-script", "a shell's script", b"#!/bin/sh\nrm -rf /\n"
    yield "text-script", "a batch file", b"@echo off\r\nstart calc\r\n"
    yield "text-script", "a script in UTF-16", '<?xml version="1.0"?><a/>'.encode("utf-16")
    yield "text-script", "a script for Windows", b'Set a = CreateObject("WScript.Shell")\r\n'
    yield "text-script", "a picture that runs", b'<svg xmlns="a" onload="alert(1)"/>'
    yield "text-broken", "bytes that are none", SAID.encode() * 30 + b"\0\1\2"
    yield "text-broken", "half a character", SAID.encode("utf-16")[:-1] + b"\xd8"
    yield "text-broken", "UTF-32", SAID.encode("utf-32")
    yield "empty", "nothing", b""
    yield "empty", "blanks", b" \r\n\t\r\n"
    yield "empty", "only a mark", b"\xef\xbb\xbf"
    yield "disguised", "a program", b"MZ\x90\x00" + bytes(90)


def samples() -> Iterator[Sample]:
    for why, content in good_ones():
        yield good(why, "Lebenslauf.txt", content, TEXT)
    yield good("no ending", "Lebenslauf", SAID.encode(), TEXT)
    yield good("what looks like an ending", "Lebenslauf 2.0 final", SAID.encode(), TEXT)
    for code, why, content in bad_ones():
        yield Sample(why, "Lebenslauf.txt", content, code)
    yield Sample("a page called .pdf", "cv.pdf", b"<html><body>x</body></html>", "disguised")
    yield Sample("a script called .jpg", "a.jpg", b"<?php system(1);", "disguised")
    yield good("an IT person's", "cv.txt", b"PowerShell -Skripte, Invoke-Expression\n:: a", TEXT)
    yield Sample("text called .pdf", "cv.pdf", SAID.encode(), "misnamed")
    yield Sample("a program's source", "cv.py", b"import os\n", "type-not-accepted")
    yield Sample("a program", "cv.exe", b"MZ\x90\x00" + bytes(90), "type-not-accepted")
    yield Sample("a docx called .txt", "cv.txt", a_docx(), "misnamed")
