"""The second factor: passkeys, codes of an app, recovery codes, and that nobody works without one.

allauth asks for it at log-in. That it is there at all is seen to at one place: middleware.py.
"""
