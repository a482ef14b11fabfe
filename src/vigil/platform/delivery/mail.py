"""E-mail by SMTP. The message id is the delivery's, so that a repeat is one message to a mail program."""

from __future__ import annotations

import smtplib
from email.utils import format_datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from vigil.platform.delivery.carrier import TIMEOUT_SECONDS, Message, NotTaken

STARTTLS, TLS = "starttls", "tls"


class Mail:
    """The carrier. Every message has one subject and one text; nothing in its headers tells them apart."""

    def is_set_up(self) -> bool:
        """Server and sender are named."""
        return bool(settings.VIGIL_SMTP_HOST and settings.VIGIL_SMTP_FROM)

    def carry(self, message: Message) -> None:
        """One SMTP session a message."""
        host = settings.VIGIL_SMTP_FROM.rpartition("@")[2]
        mail = EmailMessage(
            subject=message.subject,
            body=message.text + "\n",
            from_email=settings.VIGIL_SMTP_FROM,
            to=[message.to],
            headers={
                "Message-ID": f"<{message.id}@{host}>",
                "Date": format_datetime(message.at),
                "Auto-Submitted": "auto-generated",
            },
        )
        try:
            connection().send_messages([mail])
        except smtplib.SMTPRecipientsRefused as refused:
            codes = [code for code, _ in refused.recipients.values()]
            raise NotTaken(f"smtp_{max(codes)}", for_good=min(codes) >= 500) from None
        except smtplib.SMTPResponseException as refused:
            raise NotTaken(f"smtp_{refused.smtp_code}") from None


def connection() -> EmailBackend:
    """To the operator's server, by the settings."""
    security = settings.VIGIL_SMTP_SECURITY
    return EmailBackend(
        host=settings.VIGIL_SMTP_HOST,
        port=settings.VIGIL_SMTP_PORT,
        username=settings.VIGIL_SMTP_USER,
        password=settings.VIGIL_SMTP_PASSWORD,
        use_tls=security == STARTTLS,
        use_ssl=security == TLS,
        timeout=TIMEOUT_SECONDS,
        fail_silently=False,
    )
