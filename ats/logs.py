import logging


class Masked(logging.Formatter):
    pass
