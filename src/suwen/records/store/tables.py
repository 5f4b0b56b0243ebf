"""The tables of the store: whatever could name a person is sealed; what stands in the clear is for finding rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    SmallInteger,
    String,
    Table,
)

__all__ = ["BLIND", "BLOB", "DATA_KEY", "DOCUMENT", "ENTRY", "HEAD", "METADATA", "PATIENT", "RECORD", "TILE", "AnyRow"]

METADATA = MetaData()
AnyRow = Row[*tuple[Any, ...]]

# Ids are 16 random bytes. Times are microseconds since 1970, UTC.

PATIENT = Table(
    "patient",
    METADATA,
    Column("id", LargeBinary(16), primary_key=True),
    Column("generation", Integer, nullable=False),  # of the data key in use; 0 once erased
    Column("revision", BigInteger, nullable=False),  # raised by every change of the chart
    Column("chart", LargeBinary, nullable=False),  # sealed: which record versions there are
    Column("created", BigInteger, nullable=False),
)

DATA_KEY = Table(
    "data_key",
    METADATA,
    Column("patient", LargeBinary(16), primary_key=True),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("kek", String(200), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    ForeignKeyConstraint(["patient"], ["patient.id"]),
    Index("data_key_kek", "kek"),
)

RECORD = Table(
    "record",
    METADATA,
    Column("patient", LargeBinary(16), primary_key=True),
    Column("id", LargeBinary(16), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("withdrawn", SmallInteger, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("tag", LargeBinary(8), nullable=False),  # keyed tag of the type
    Column("body", LargeBinary, nullable=False),  # sealed, without its last 16 bytes,
    Column("mac", LargeBinary(16), nullable=False),  # which stand here, so that a chart is checked without bodies
    ForeignKeyConstraint(["patient"], ["patient.id"]),
)

BLOB = Table(
    "blob",
    METADATA,
    Column("id", LargeBinary(16), primary_key=True),
    Column("patient", LargeBinary(16), nullable=False),
    Column("record", LargeBinary(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("generation", Integer, nullable=False),  # of the key; with the id it makes the object's name
    Column("stored", BigInteger, nullable=False),  # bytes of the sealed object
    ForeignKeyConstraint(["patient", "record", "version"], ["record.patient", "record.id", "record.version"]),
    Index("blob_record", "patient", "record", "version"),
)

BLIND = Table(
    "blind",
    METADATA,
    Column("tag", LargeBinary(16), primary_key=True),
    Column("patient", LargeBinary(16), primary_key=True),
    ForeignKeyConstraint(["patient"], ["patient.id"]),
    Index("blind_patient", "patient"),
)

DOCUMENT = Table(
    "document",
    METADATA,
    Column("kind", String(40), primary_key=True),
    Column("id", LargeBinary(16), primary_key=True),
    Column("first", LargeBinary(16)),  # look-up tags: which they are depends on the kind
    Column("second", LargeBinary(16)),
    Column("revision", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("document_first", "kind", "first", "second"),  # both together: whether somebody cares for a patient
    Index("document_second", "kind", "second"),
)

ENTRY = Table(
    "entry",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("subject", LargeBinary(16), nullable=False),
    Column("actor", LargeBinary(16), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("leaf", LargeBinary(32), nullable=False),
    Index("entry_subject", "subject"),
    Index("entry_actor", "actor"),
)

TILE = Table(
    "tile",
    METADATA,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
)

HEAD = Table(
    "head",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("register", LargeBinary, nullable=False),  # sealed: which documents there are
    Column("checkpoint", String, nullable=False),
)
