"""What starts a program: by ending, for people who click; by first bytes, for systems that look."""

ENDINGS = frozenset(
    {
        *(
            "bat",
            "cmd",
            "com",
            "cpl",
            "dll",
            "exe",
            "lnk",
            "msc",
            "msi",
            "msp",
            "pif",
            "reg",
            "scr",
        ),
        *("hta", "js", "jse", "ps1", "psm1", "scf", "url", "vb", "vbe", "vbs", "ws", "wsf", "wsh"),
        *("scr", "apk", "app", "jar", "sh", "swf"),
    }
)

STARTS = (
    b"MZ",  # Windows
    b"\x7fELF",
    b"#!",
    b"\xca\xfe\xba\xbe",  # Java, and macOS for two processors
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"L\x00\x00\x00\x01\x14\x02\x00",  # a Windows shortcut
    b"FWS",
    b"CWS",
)

#: What a browser would run, wherever it stands.
MARKUP = (b"<script", b"<html", b"<!doctype", b"<?php", b"<svg", b"<body", b"<iframe")


def is_named_like_one(name: str) -> bool:
    # Windows drops dots and blanks at the end of a name.
    return name.rstrip(". \0").rpartition(".")[2].lower() in ENDINGS


def starts_like_one(head: bytes) -> bool:
    return head.startswith(STARTS)


def holds_markup(content: bytes) -> bool:
    content = content.lower()
    return any(mark in content for mark in MARKUP)
