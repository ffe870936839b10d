"""${message}"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from omnitrack.storage.sql.tables import Tables

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade(tables: Tables) -> None:
    ${upgrades if upgrades else "pass"}


def downgrade(tables: Tables) -> None:
    ${downgrades if downgrades else "pass"}
