"""Branches: a workspace of its own that begins with another's project, and its rows if asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mini_tb.diagnostics import UserError

if TYPE_CHECKING:
    from mini_tb.project import Datasource
    from mini_tb.workspace.jobs import Handle, Job
    from mini_tb.workspace.workspace import Workspace

NONE, LAST_PARTITION, ALL_PARTITIONS = "", "last_partition", "all_partitions"


def fill_branch(parent: Workspace, branch: Workspace, data: str = NONE) -> Job:
    """Deploy the parent's project in the branch, then copy rows: none, those of each data source's
    last partition, or all. The job belongs to the parent, and has ended when this returns.

    Raises `UserError` RT206 for another word for `data`.
    """
    if data not in (NONE, LAST_PARTITION, ALL_PARTITIONS):
        hint = f"`{LAST_PARTITION}` or `{ALL_PARTITIONS}`"
        raise UserError.of("RT206", f"a branch cannot be filled with `{data}`", hint=hint)

    def work(handle: Handle) -> dict[str, Any]:
        for secret in parent.secrets.list():
            branch.secrets.save(secret.name, secret.value)
        made = branch.deploy(parent.live.files)
        if made.errors:
            raise UserError(*made.errors)
        rows = 0
        if data:
            for datasource in parent.project.datasources.values():
                handle.check()
                rows += _copy_rows(parent, branch, datasource, data)
        return {"rows": rows}

    return parent.jobs.run("data_branch", work, branch_id=branch.id, branch_name=branch.name)


def _copy_rows(parent: Workspace, branch: Workspace, datasource: Datasource, data: str) -> int:
    name, key = f"`{datasource.name}`", datasource.engine.partition_key
    query = f"SELECT * FROM {name}"
    if data == LAST_PARTITION and key and key.strip() not in ("", "tuple()"):
        query += f" WHERE ({key}) = (SELECT max({key}) FROM {name})"
    with parent.sql(query, timeout_s=0) as result:
        rows = result.arrow()
    if not rows.num_rows:
        return 0
    with branch.engine.transaction() as tx:
        # As stored: materialisations of the branch get their rows from the parent's targets.
        return tx.insert_arrow(datasource.name, rows)
