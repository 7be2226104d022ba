"""Mails in: an application by e-mail, a reply, a bounce; each taken in exactly once."""
