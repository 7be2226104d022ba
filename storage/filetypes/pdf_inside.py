"""What a PDF does by itself, and what it carries: actions, forms and embedded files.

Refuses what runs on opening (scripts, launches, calls elsewhere) and programs within it. What a
form's field or a link does when somebody clicks is normal, unless it starts a program.
"""

import re
import zlib
from collections.abc import Callable, Iterator

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Stream, String

from storage.filetypes import embedded, programs
from storage.filetypes.family import Refusal

MB = 1024 * 1024
#: Objects looked at in one file. A book of 2,000 pages with links has fewer.
MAX_STEPS = 300_000
#: Pages of a document that is not kept in memory at once.
BOOK = 600
#: Pages looked at before a book is opened anew.
AT_A_TIME = 80
#: What a form, or an embedded file, may unpack to.
MAX_FORM = 16 * MB
#: Filters that change how bytes are written, and nothing else.
HARMLESS_FILTERS = {
    *("/FlateDecode", "/Fl", "/ASCII85Decode", "/A85", "/ASCIIHexDecode", "/AHx"),
    *("/LZWDecode", "/LZW", "/RunLengthDecode", "/RL"),
}
#: What old converters made of a link: a launch of an address.
ADDRESS = re.compile(r"(https?:/|mailto:|www\.)", re.IGNORECASE)

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
#: What an annotation can do something with.
TELLING = {"/A", "/AA", "/FS", "/RichMediaContent", "/3DD"}
#: Events of an XFA form that come with opening it.
XFA_STARTS = re.compile(
    rb"""activity\s*=\s*["'](initialize|docReady|ready|preOpen|enter)["']""", re.IGNORECASE
)


class Check:
    """Looks through an open document for what runs by itself and for embedded programs."""

    def __init__(self, document: pikepdf.Pdf, steps: int = 0) -> None:
        self.document = document
        self.root = document.Root
        self.steps = steps

    def all(self) -> None:
        self.pages()
        self.but_pages()

    def but_pages(self) -> None:
        self.starting()
        self.bookmarks()
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
            self.page(page)

    def page(self, page: Object) -> None:
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
        if not isinstance(annotation, Dictionary):
            return
        # Most are links: a long book has tens of thousands.
        held = TELLING & annotation.keys()
        if held == {"/A"}:
            self.click(annotation["/A"])
        elif held:
            self.unusual(annotation)

    def unusual(self, annotation: Object) -> None:
        triggers = _get(annotation, "/AA")
        for trigger in BY_ITSELF:
            self.action(_get(triggers, trigger))
        for clicked in (_get(annotation, "/A"), *_values(triggers)):
            self.click(clicked)
        self.file(_get(annotation, "/FS"))
        self.files(_get(_get(annotation, "/RichMediaContent"), "/Assets"))
        if _get(_get(annotation, "/3DD"), "/OnInstantiate") is not None:
            raise Refusal("pdf-active")

    def bookmarks(self) -> None:
        """Refuse a table of contents with an entry that starts a program."""
        waiting = [_get(_get(self.root, "/Outlines"), "/First")]
        seen: set[tuple[int, int]] = set()
        while waiting:
            entry = waiting.pop()
            if isinstance(entry, Dictionary) and entry.objgen not in seen:
                self.step()
                seen |= {entry.objgen} if entry.is_indirect else set()
                self.click(entry.get("/A"))
                waiting += [entry.get("/Next"), entry.get("/First")]

    def click(self, clicked: Object | None) -> None:
        """Refuse an action of somebody's that starts a program, or one that follows it."""
        seen = set()
        for action in self.following(clicked):
            if action.get("/S") == "/Launch" and _starts_program(action):
                raise Refusal("pdf-program")
            if action.is_indirect and action.objgen in seen:
                return  # in circles, which hurts nobody before a click
            seen.add(action.objgen)

    def triggers(self, triggers: Object | None) -> None:
        if isinstance(triggers, Dictionary):
            for action in triggers.values():
                self.action(action)

    def action(self, first: Object | None) -> None:
        """Refuse an action that must not happen by itself, or one that follows it."""
        for action in self.following(first):
            if str(action.get("/S", "")) in ACTIVE or "/JS" in action:
                raise Refusal("pdf-active")

    def following(self, first: Object | None) -> Iterator[Dictionary]:
        """Yield an action and all that follow it; a place in the document is none."""
        waiting = [first]
        while waiting:
            action = waiting.pop()
            if isinstance(action, Dictionary):
                self.step()
                yield action
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


def check(opened: Callable[[], pikepdf.Pdf]) -> None:
    """Refuse a document for what is in it. `opened` opens it, each time from the beginning."""
    with opened() as document:
        if not _is_a_book(document):
            Check(document).all()
            return
    _check_in_pieces(opened)


def _is_a_book(document: pikepdf.Pdf) -> bool:
    count: object = _get(_get(document.Root, "/Pages"), "/Count")
    return isinstance(count, int) and count > BOOK


def _check_in_pieces(opened: Callable[[], pikepdf.Pdf]) -> None:
    """Look through a book: qpdf keeps what it has read, so open it anew after some pages."""
    with opened() as document:
        Check(document).but_pages()
        waiting = [_number(_get(document.Root, "/Pages"))]
    steps = 0
    while waiting:
        with opened() as document:
            check = Check(document, steps)
            for _turn in range(AT_A_TIME):
                if waiting:
                    node = document.get_object(waiting.pop())
                    waiting += [_number(kid) for kid in _items(_get(node, "/Kids"))]
                    check.page(node)
            steps = check.steps


def _number(node: Object | None) -> tuple[int, int]:
    """Return what an object is referred to by."""
    if node is None or not node.is_indirect:
        raise Refusal("pdf-broken")
    return node.objgen


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
