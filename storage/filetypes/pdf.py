"""PDF (ISO 32000-1): opened by qpdf, which reads what damaged files have left, as viewers do.

Proves: it opens without a password, comes to its end, has a page, and is no other file as well.
Refuses what runs on opening (scripts, launches, calls elsewhere) and programs within it. What a
form's field or a link does when somebody clicks is normal.
"""

import re
import zlib
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Stream, String
from pikepdf.settings import set_qpdf_limits

from storage.filetypes import embedded, programs
from storage.filetypes.family import HEAD, Kind, Refusal

TYPE = "application/pdf"
PROPOSED = frozenset({TYPE})
REFUSALS = frozenset(
    f"pdf-{fault}" for fault in ("active", "broken", "no-pages", "password", "program")
)

MB = 1024 * 1024
#: Objects looked at in one file. A book of 2,000 pages with links has fewer.
MAX_STEPS = 300_000
#: What a form, or an embedded file, may unpack to.
MAX_FORM = 16 * MB
#: Filters that change how bytes are written, and nothing else.
HARMLESS_FILTERS = {
    *("/FlateDecode", "/Fl", "/ASCII85Decode", "/A85", "/ASCIIHexDecode", "/AHx"),
    *("/LZWDecode", "/LZW", "/RunLengthDecode", "/RL"),
}
#: What old converters made of a link: a launch of an address.
ADDRESS = re.compile(r"(https?:/|mailto:|www\.)", re.IGNORECASE)

#: Formats with which a file can also begin: then it is two at once.
OTHER_STARTS = (
    *programs.STARTS,
    *(b"PK\x03\x04", b"GIF8", b"\x89PNG", b"\xff\xd8\xff", b"Rar!", b"7z\xbc\xaf", b"{\\rtf"),
    *(b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"BZh", b"%!", b"/*", b"@echo"),
)

#: What must not happen by itself (ISO 32000-1, 12.6.4): scripts, programs, and calls elsewhere.
ACTIVE = {
    "/JavaScript",
    "/Launch",
    "/SubmitForm",
    "/ImportData",
    "/GoToR",
    "/GoToE",
    "/URI",
    "/RichMediaExecute",
}
#: Triggers of an annotation that come with its page, not from a person (12.6.3, table 194).
BY_ITSELF = ("/PO", "/PC", "/PV", "/PI")
#: Events of an XFA form that come with opening it.
XFA_STARTS = re.compile(
    rb"""activity\s*=\s*["'](initialize|docReady|ready|preOpen|enter)["']""", re.IGNORECASE
)

# A stream that unpacks to more is damaged to qpdf. For the whole process: qpdf knows no other way.
set_qpdf_limits(
    flate_max_memory=40 * MB,
    run_length_max_memory=40 * MB,
    png_max_memory=40 * MB,
    tiff_max_memory=40 * MB,
    max_stream_filters=8,
    doc_max_warnings=10_000,
)


def claims(path: Path, head: bytes) -> bool:
    return b"%PDF-" in head[:HEAD]


def prove(path: Path, name: str) -> Kind:
    with path.open("rb") as file:
        with mmap(file.fileno(), 0, access=ACCESS_READ) as content:
            _check_surroundings(content)
        file.seek(0)
        try:
            with pikepdf.open(file) as document:
                Check(document).all()
        except (pikepdf.PasswordError, pikepdf.PdfError) as error:
            raise Refusal(_why(error)) from error
    return Kind(TYPE, ".pdf")


def _why(error: Exception) -> str:
    # With a certificate instead of a password, qpdf does not support the encryption.
    if isinstance(error, pikepdf.PasswordError) or "encryption" in str(error):
        return "pdf-password"
    return "pdf-no-pages" if "no pages found" in str(error) else "pdf-broken"


# Before and after ---------------------------------------------------------------------------


def _check_surroundings(content: mmap) -> None:
    """Refuse a file that is another one as well, before or after the PDF in it.

    Other bytes there are normal: printers' commands, headers of mails, blank lines. But a file
    that never comes to its end is half of one, however much of it qpdf can read.
    """
    if content.find(b"startxref") < 0:
        raise Refusal("pdf-broken")
    before = content[: content.find(b"%PDF-", 0, HEAD)]
    if before.lstrip(b"\xef\xbb\xbf \t\r\n\0").startswith(OTHER_STARTS):
        raise Refusal("disguised")
    end = content.rfind(b"%%EOF")
    after = content[end + len(b"%%EOF") :] if end >= 0 else b""
    starts = programs.starts_like_one(after.lstrip())
    if starts or any(mark in after for mark in programs.ARCHIVE_STARTS):
        raise Refusal("disguised")
    if any(map(programs.holds_markup, (before, after))) or programs.ends_as_zip(content):
        raise Refusal("disguised")


# Inside ---------------------------------------------------------------------------------------


class Check:
    """Looks through an open document for what runs by itself and for embedded programs."""

    def __init__(self, document: pikepdf.Pdf) -> None:
        self.document = document
        self.root = document.Root
        self.steps = 0

    def all(self) -> None:
        self.pages()
        self.starting()
        self.files(_get(_get(self.root, "/Names"), "/EmbeddedFiles"))
        self.associated(self.root)
        self.form()

    def pages(self) -> None:
        try:
            pages = [page.obj for page in self.document.pages]
        except (RuntimeError, TypeError, ValueError) as error:
            raise Refusal("pdf-broken") from error
        if not pages:
            raise Refusal("pdf-no-pages")
        for page in pages:
            self.step()
            self.associated(page)
            self.triggers(_get(page, "/AA"))
            for annotation in _items(_get(page, "/Annots")):
                self.annotation(annotation)

    def starting(self) -> None:
        self.action(_get(self.root, "/OpenAction"))
        self.triggers(_get(self.root, "/AA"))
        for _script in self.leaves(_get(_get(self.root, "/Names"), "/JavaScript")):
            raise Refusal("pdf-active")

    def annotation(self, annotation: Object) -> None:
        self.step()
        triggers = _get(annotation, "/AA")
        for trigger in BY_ITSELF:
            self.action(_get(triggers, trigger))
        clicked = _get(annotation, "/A")
        if _get(clicked, "/S") == "/Launch" and _starts_program(clicked):
            raise Refusal("pdf-program")
        self.file(_get(annotation, "/FS"))
        self.files(_get(_get(annotation, "/RichMediaContent"), "/Assets"))
        if _get(_get(annotation, "/3DD"), "/OnInstantiate") is not None:
            raise Refusal("pdf-active")

    def triggers(self, triggers: Object | None) -> None:
        if isinstance(triggers, Dictionary):
            for action in triggers.values():
                self.action(action)

    def action(self, first: Object | None) -> None:
        """Refuse an action that must not happen by itself, or one that follows it."""
        waiting = [first]
        while waiting:
            self.step()
            action = waiting.pop()
            if not isinstance(action, Dictionary):
                continue  # a place in the document, or nothing
            if str(action.get("/S", "")) in ACTIVE or "/JS" in action:
                raise Refusal("pdf-active")
            following = action.get("/Next")
            waiting += _items(following) if isinstance(following, Array) else [following]

    def files(self, tree: Object | None) -> None:
        for specification in self.leaves(tree):
            self.file(specification)

    def associated(self, owner: Object) -> None:
        for specification in _items(_get(owner, "/AF")):
            self.file(specification)

    def file(self, specification: Object | None) -> None:
        """Refuse an embedded file that is a program by its name or its first bytes."""
        if not isinstance(specification, Dictionary):
            return
        for name in _names(specification):
            if programs.is_named_like_one(name) or programs.is_named_like_macros(name):
                raise Refusal("pdf-program")
        for stream in _values(_get(specification, "/EF")):
            self.step()
            if isinstance(stream, Stream) and _is_program(stream):
                raise Refusal("pdf-program")

    def form(self) -> None:
        """Refuse an XFA form whose scripts run when it is opened; those of its fields may stay."""
        packets = _get(_get(self.root, "/AcroForm"), "/XFA")
        streams = [packets] if isinstance(packets, Stream) else _items(packets)
        for stream in streams:
            self.step()
            if isinstance(stream, Stream):
                content = _unpacked(stream, MAX_FORM)
                if b"<script" in content and XFA_STARTS.search(content):
                    raise Refusal("pdf-active")

    def leaves(self, tree: Object | None) -> Iterator[Object]:
        """Yield the values of a name tree (7.9.6), however it is grown."""
        waiting = [tree]
        while waiting:
            self.step()
            node = waiting.pop()
            yield from _items(_get(node, "/Names"))[1::2]
            waiting += _items(_get(node, "/Kids"))

    def step(self) -> None:
        """Count, since what refers to itself never ends."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise Refusal("pdf-broken")


def _get(owner: Object | None, name: str) -> Object | None:
    return owner.get(name) if isinstance(owner, Dictionary | Stream) else None


def _items(array: Object | None) -> list[Object]:
    return list(array) if isinstance(array, Array) else []


def _values(owner: Object | None) -> list[Object]:
    return list(owner.values()) if isinstance(owner, Dictionary) else []


def _names(specification: Object) -> Iterator[str]:
    for key in ("/F", "/UF", "/DOS", "/Mac", "/Unix"):
        name = _get(specification, key)
        if isinstance(name, String):
            yield str(name)


def _starts_program(launch: Object | None) -> bool:
    """Say whether a click would start more than the viewer of a document."""
    target = _get(launch, "/F")
    names = [str(target)] if isinstance(target, String) else []
    if isinstance(target, Dictionary):
        names += _names(target)
    windows = _get(launch, "/Win")
    names += _names(windows) if isinstance(windows, Dictionary) else []
    names = [name for name in names if not ADDRESS.match(name)]
    return _get(windows, "/P") is not None or any(map(programs.is_named_like_one, names))


def _is_program(stream: Stream) -> bool:
    head = _unpacked(stream, 64)
    if head.startswith((embedded.OLE, embedded.ZIP)):
        head = _unpacked(stream, MAX_FORM)
        return len(head) < MAX_FORM and embedded.fault(head) in {"program", "macro"}
    return programs.starts_like_one(head)


def _unpacked(stream: Stream, size: int) -> bytes:
    """Return the first bytes of a stream, without unpacking the rest of it."""
    raw = stream.read_raw_bytes()
    filters = _get(stream, "/Filter")
    names = [str(name) for name in _items(filters)] if isinstance(filters, Array) else []
    names = [str(filters)] if isinstance(filters, Name) else names
    if not names:
        return raw[:size]
    if names in (["/FlateDecode"], ["/Fl"]):
        return _inflated(raw, size)
    if len(names) > 3 or not HARMLESS_FILTERS.issuperset(names):
        # Nobody packs it like that but to hide it.
        raise Refusal("pdf-program")
    return stream.read_bytes()[:size]


def _inflated(raw: bytes, size: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(raw, size)
    except zlib.error:
        return b""
