"""Schema 0001: patients, keys, records, blobs, blind index, documents, audit log. Released schemas never change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Make the tables of an empty database."""
    _patients()
    _records()
    _documents()
    _log()


def _id(name: str, *, key: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(16), primary_key=key, nullable=False)


def _patients() -> None:
    op.create_table(
        "patient",
        _id("id", key=True),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("chart", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "data_key",
        _id("patient", key=True),
        sa.Column("generation", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kek", sa.String(200), nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["patient"], ["patient.id"]),
    )
    op.create_index("data_key_kek", "data_key", ["kek"])
    op.create_table(
        "blind",
        sa.Column("tag", sa.LargeBinary(16), primary_key=True),
        _id("patient", key=True),
        sa.ForeignKeyConstraint(["patient"], ["patient.id"]),
    )
    op.create_index("blind_patient", "blind", ["patient"])


def _records() -> None:
    op.create_table(
        "record",
        _id("patient", key=True),
        _id("id", key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("withdrawn", sa.SmallInteger, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("tag", sa.LargeBinary(8), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("mac", sa.LargeBinary(16), nullable=False),
        sa.ForeignKeyConstraint(["patient"], ["patient.id"]),
    )
    op.create_table(
        "blob",
        _id("id", key=True),
        _id("patient"),
        _id("record"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("stored", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["patient", "record", "version"], ["record.patient", "record.id", "record.version"]),
    )
    op.create_index("blob_record", "blob", ["patient", "record", "version"])


def _documents() -> None:
    op.create_table(
        "document",
        sa.Column("kind", sa.String(40), primary_key=True),
        _id("id", key=True),
        sa.Column("first", sa.LargeBinary(16)),
        sa.Column("second", sa.LargeBinary(16)),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("document_first", "document", ["kind", "first", "second"])
    op.create_index("document_second", "document", ["kind", "second"])


def _log() -> None:
    op.create_table(
        "entry",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("subject", sa.LargeBinary(16), nullable=False),
        sa.Column("actor", sa.LargeBinary(16), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("leaf", sa.LargeBinary(32), nullable=False),
    )
    op.create_index("entry_subject", "entry", ["subject"])
    op.create_index("entry_actor", "entry", ["actor"])
    op.create_table(
        "tile",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
        sa.Column("register", sa.LargeBinary, nullable=False),
        sa.Column("checkpoint", sa.String, nullable=False),
    )
