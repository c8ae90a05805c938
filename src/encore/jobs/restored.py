"""After a restore nobody knows what left the house since the backup: that is for people to say, before anything goes out."""

from datetime import datetime

from django.db.backends.base.base import BaseDatabaseWrapper


def hold(database: BaseDatabaseWrapper, at: datetime) -> None:
    """Clears the leases of a time that is gone. What was to go out is unclear, and nothing goes out until it is let.

    Other jobs begin again: what they had written went with them.
    """
    moment = database.ops.adapt_datetimefield_value(at)
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE jobs_job SET state = 'unclear', ended_at = %s, error = 'Restored'"
            " WHERE outside AND state IN ('ready', 'running')",
            [moment],
        )
        cursor.execute("UPDATE jobs_job SET state = 'ready', attempts = attempts - 1 WHERE state = 'running'")
        cursor.execute("UPDATE jobs_job SET token = '', lease_until = NULL WHERE token <> '' AND state <> 'done'")
        cursor.execute("DELETE FROM jobs_hold")
        cursor.execute("INSERT INTO jobs_hold (since) VALUES (%s)", [moment])
