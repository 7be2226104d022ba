"""The demo: an invented firm's jobs, people and applications, so that a newcomer sees a day of it.

Nobody in it exists. Addresses end in `.example`, telephone numbers carry the invented 555.
"""
