"""What is counted besides requests, for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter

MESSAGES = Counter("panzoto_messages_total", "Mails and SMS that were handed over, or were not.", ["kind", "outcome"])
SMS_BREAKER = Counter("panzoto_sms_breaker_opened_total", "How often a burst of SMS has opened the breaker.")
