"""Where in an encrypted recording which bytes of the recording are: lengths, segments and ranges."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm

from panzoto.errors import AudioDamaged

PREFIX, TAG = 7, 16
MOST_SEGMENTS = 2**32


@dataclass(frozen=True)
class Span:
    """The segments that hold a range of a recording, and what of them is outside of the range."""

    first: int  # the index of the first segment
    start: int  # where in the encrypted file the segments begin
    stop: int  # and where they end: the byte after their last
    skip: int  # what of the first segment's plaintext comes before the range
    length: int  # of the range, in bytes of plaintext
    is_last: bool  # whether the last of the segments is the file's last


@dataclass(frozen=True)
class Layout:
    """The parameters of Tink's format. A recording has the defaults; the others are there for Tink's own examples."""

    secret_bytes: int = 32
    key_bytes: int = 32
    segment_bytes: int = 1024 * 1024
    hash_type: type[HashAlgorithm] = SHA256

    @property
    def header_bytes(self) -> int:
        """The length of a header; its salt is as long as the derived key."""
        return 1 + self.key_bytes + PREFIX

    def plaintext_length(self, ciphertext_length: int) -> int:
        """How long a recording is whose encrypted file is this long; `AudioDamaged` when no file has this length."""
        count = -(-ciphertext_length // self.segment_bytes)
        last = ciphertext_length - (count - 1) * self.segment_bytes
        if last < TAG or ciphertext_length < self.header_bytes + TAG or count > MOST_SEGMENTS:
            raise AudioDamaged
        return ciphertext_length - self.header_bytes - TAG * count

    def ciphertext_length(self, plaintext_length: int) -> int:
        """How long the encrypted file is of a recording that is this long."""
        count = max(1, -(-(plaintext_length + self.header_bytes) // (self.segment_bytes - TAG)))
        return plaintext_length + self.header_bytes + TAG * count

    def span(self, start: int, stop: int, ciphertext_length: int) -> Span:
        """The segments that hold the recording's bytes from `start` to before `stop`; at least one byte is asked for.

        Whether `ciphertext_length` is the file's true length is known once a span has been opened that `is_last`.
        """
        if not 0 <= start < stop <= self.plaintext_length(ciphertext_length):
            raise ValueError("a range begins and ends within the recording, and is not empty")
        each = self.segment_bytes - TAG
        first, last = (start + self.header_bytes) // each, (stop - 1 + self.header_bytes) // each
        return self._segments(first, last, ciphertext_length, start, stop)

    def last_span(self, ciphertext_length: int) -> Span:
        """The last segment: a file that opens there is as long as it says."""
        stop = self.plaintext_length(ciphertext_length)
        last = (ciphertext_length - 1) // self.segment_bytes
        start = max(0, last * (self.segment_bytes - TAG) - self.header_bytes)
        return self._segments(last, last, ciphertext_length, start, stop)

    def _segments(self, first: int, last: int, ciphertext_length: int, start: int, stop: int) -> Span:
        end = (last + 1) * self.segment_bytes
        return Span(
            first=first,
            start=first * self.segment_bytes or self.header_bytes,
            stop=min(end, ciphertext_length),
            skip=start - max(0, first * (self.segment_bytes - TAG) - self.header_bytes),
            length=stop - start,
            is_last=end >= ciphertext_length,
        )


AUDIO = Layout()
