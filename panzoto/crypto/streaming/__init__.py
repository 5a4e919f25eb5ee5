"""Recordings as the app encrypts them: Tink's AES256-GCM-HKDF streaming format with segments of 1 MiB, raw.

A file is `header ‖ segment 0 ‖ segment 1 ‖ …`. The header is `40 ‖ salt[32] ‖ prefix[7]`; the 40 is its own length. The
file's key is HKDF-SHA256 of the audio key: this salt, info the UTF-8 of the `s3_key`, 32 bytes out. A segment is
AES-256-GCM with a tag of 16 bytes and no associated data of its own; its nonce is `prefix ‖ index ‖ last`, the index 32
bits big-endian, `last` one byte, 1 in the last segment and 0 before. Header and segment 0 together, and every other
segment, have exactly 1 MiB; the last has what is left. So a file that was cut, put in another order, changed, mixed
with another, or moved to another `s3_key`, opens nowhere.
"""
