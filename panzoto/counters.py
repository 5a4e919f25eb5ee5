"""What is counted besides requests, for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter

MESSAGES = Counter("panzoto_messages_total", "Mails and SMS that were handed over, or were not.", ["kind", "outcome"])
SMS_BREAKER = Counter("panzoto_sms_breaker_opened_total", "How often a burst of SMS has opened the breaker.")
DECRYPTS = Counter("panzoto_decrypts_total", "Recordings that were decrypted, or were not.", ["way", "outcome"])
DECRYPTED_BYTES = Counter("panzoto_decrypted_bytes_total", "Bytes of recordings that were decrypted.", ["way"])
AUDIO_JOBS = Counter("panzoto_audio_jobs_total", "Jobs of recordings, by what became of each try.", ["kind", "outcome"])
OAUTH_STEPS = Counter("panzoto_oauth_steps_total", "Steps of OAuth flows.", ["provider", "step"])
KMS = Counter("panzoto_kms_calls_total", "Calls of KMS for the vault.", ["call"])
