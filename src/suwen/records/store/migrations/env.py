"""Run by Alembic: the migrations go through the connection that the store hands over."""

from __future__ import annotations

from alembic import context

from suwen.records.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, transactional_ddl=True)
context.run_migrations()
