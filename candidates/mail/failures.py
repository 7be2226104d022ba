"""What a failure to send says: to whom reads of it, and of where the mail may be."""

import smtplib
import socket
import ssl

#: What fails before a mail server has been given a mail.
BEFORE_THE_MAIL = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)
#: What a mail server may answer, or fail to, when it has the mail.
AFTER_THE_MAIL = (smtplib.SMTPDataError, smtplib.SMTPServerDisconnected)


def code(error: Exception) -> str:
    """Return what went wrong without the address that a server's answer may quote."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"SMTP {next(iter(error.recipients.values()))[0]}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"SMTP {error.smtp_code}"
    return type(error).__name__


def may_have_gone(error: Exception) -> bool:
    """Whether a mail that failed so may be on its way all the same."""
    if isinstance(error, smtplib.SMTPException):
        return isinstance(error, AFTER_THE_MAIL)
    return isinstance(error, OSError) and not isinstance(error, BEFORE_THE_MAIL)
