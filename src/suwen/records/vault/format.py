"""The written promise of the vault: what sealed bytes look like, what they are bound to, what stays readable."""

# Format numbers and their promise
# --------------------------------
# A sealed thing starts with its format number. A number, once released, is read for ever: its golden file under
# tests/golden/records stays, and so does the code that opens it. To change a format: add the next number, write only
# that, keep opening the old ones, add a golden file, and name the change in the changelog. Integers are big-endian.
#
# Keys of one patient. A data key is 32 random bytes, made for one patient and one generation (raised by each
# rotation), and stored only wrapped by the key-encryption key. Never used itself, it is expanded by HKDF-SHA256
# (RFC 5869, no salt) with these infos:
#     "suwen record 1"   seals records
#     "suwen type 1"     tags of record types: the first 8 bytes of HMAC-SHA256 of the type
#     "suwen chart 1"    authenticates which records there are; expanded again with "suwen chart seal 1", seals that
#     "suwen stream 1"   parent of the keys of images and signals
#
# Record, format 1:  01 | nonce, 12 random bytes | AES-256-GCM of the envelope, with its tag of 16 bytes
#     Envelope: length of the type (2) | type, UTF-8 | number of blobs (2) | per blob: id (16), size (8) | payload
#     Associated data: "suwen record 1" | patient (16) | generation (4) | record (16) | version (4) |
#     time in microseconds (8) | flags (1; 1 = the record was withdrawn) | type tag (8)
#     So a record cannot pass for another patient's, another record's, another version's or another time's.
#     Random nonces: NIST SP 800-38D 8.3 allows 2^32 under one key; a patient's records stay far below.
#
# Chart, format 1: which (record, version) pairs a patient has, so that none can vanish or be set back unseen. The sum
#     modulo 2^256 of HMAC-SHA256(chart key, record | version | last 16 bytes of the sealed record), an additive
#     multiset hash (Clarke et al., ASIACRYPT 2003: secure while key and sum are secret), with the number of pairs,
#     sealed as 01 | nonce | AES-256-GCM of count (8) | sum (32);
#     associated data: "suwen chart 1" | patient | generation | revision (8)
#
# Stream (image or signal), format 1: a head, then chunks, each of which opens alone.
#     Head (58 bytes): "SUWENSTR" | 01 | log2 of the chunk size (1) | plaintext size (8) | salt (32) |
#     first 8 bytes of the blob id
#     Chunk key: HKDF-SHA256(stream key, salt, "suwen stream 1" | patient | generation | blob id)
#     Chunk i: AES-256-GCM under nonce i (11 bytes) | 1 if last else 0; associated data: the head. The idea is STREAM
#     (Hoang, Reyhanitabar, Rogaway, Vizar, CRYPTO 2015): chunks cannot be changed, reordered, repeated or cut off.
#     Every chunk key is used for one stream only, so counting nonces never repeat.
#
# Document (account, device, session, care relationship ...), format 1: 01 | nonce | AES-256-GCM of JSON;
#     associated data: "suwen document 1" | kind | id | look-up tags | revision, each with its length (2) before it.
#
# Frames, format 1: see frames.py. Bundle for another hospital and its public key, format 1: see bundle.py.
# Audit entries: see the room audit.

from __future__ import annotations

__all__ = ["FORMAT", "ID_BYTES", "NONCE_BYTES", "TAG_BYTES"]

FORMAT = 1
ID_BYTES = 16
NONCE_BYTES = 12
TAG_BYTES = 16
