"""What clients of ClickHouse ask beside SELECT: `SHOW TABLES`, `DESCRIBE`, `EXISTS`, …

Each is answered by a SELECT that gives the same columns.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mini_tb.sql.naming import quoted
from mini_tb.workspace.access import READ_DATASOURCE, READ_PIPE

if TYPE_CHECKING:
    from mini_tb.workspace.access import Access
    from mini_tb.workspace.workspace import Workspace

_FORMAT = r"(?P<format>\s+FORMAT\s+\w+)?\s*;?\s*"
_DATABASES = re.compile(rf"\s*SHOW\s+(DATABASES|SCHEMAS){_FORMAT}", re.IGNORECASE)
_TABLES = re.compile(
    r"\s*SHOW\s+(?:FULL\s+)?TABLES(?:\s+(?:FROM|IN)\s+[`\"]?(?P<database>\w+)[`\"]?)?"
    rf"(?:\s+(?P<operator>(?:NOT\s+)?I?LIKE)\s+(?P<pattern>'(?:[^'\\]|\\.)*'))?{_FORMAT}",
    re.IGNORECASE,
)
_NAME = r"(?:[`\"]?\w+[`\"]?\.)?(?P<name>`[^`]+`|\"[^\"]+\"|\w+)"
_DESCRIBE = re.compile(
    rf"\s*DESC(?:RIBE)?\s+(?:TABLE\s+)?(?:{_NAME}|(?P<query>\(.+\))){_FORMAT}",
    re.IGNORECASE | re.DOTALL,
)
_EXISTS = re.compile(rf"\s*EXISTS\s+(?:TABLE\s+)?{_NAME}{_FORMAT}", re.IGNORECASE)
_OF_COLUMN = ("default_type", "default_expression", "comment", "codec_expression", "ttl_expression")


def as_select(text: str, workspace: Workspace, access: Access) -> str:
    """The SELECT that answers the statement; the text itself if it is none of these. Raises as
    `Workspace.sql`."""
    if found := _DATABASES.fullmatch(text):
        return f"SELECT name FROM system.databases{found['format'] or ''}"
    if found := _TABLES.fullmatch(text):
        condition = f"database = {quoted(found['database'] or 'default')}"
        if found["pattern"]:
            condition += f" AND name {found['operator']} {found['pattern']}"
        query = f"SELECT name FROM system.tables WHERE {condition} ORDER BY name"
        return query + (found["format"] or "")
    if found := _DESCRIBE.fullmatch(text):
        read = found["query"] or f"`{_name(found)}`"
        return _described(read, workspace, access) + (found["format"] or "")
    if found := _EXISTS.fullmatch(text):
        exists = _exists(_name(found), workspace, access)
        return f"SELECT toUInt8({int(exists)}) AS result{found['format'] or ''}"
    return text


def _name(found: re.Match[str]) -> str:
    return found["name"].strip('`"')


def _described(read: str, workspace: Workspace, access: Access) -> str:
    with workspace.sql(f"SELECT * FROM {read} LIMIT 0", access=access) as result:
        columns = [(quoted(c.name), quoted(str(c.type))) for c in result.columns]
    rows = ", ".join(f"({name}, {kind})" for name, kind in columns)
    texts = ", ".join(f"'' AS {name}" for name in _OF_COLUMN)
    return f"SELECT name, type, {texts} FROM values('name String, type String', {rows})"


def _exists(name: str, workspace: Workspace, access: Access) -> bool:
    project = workspace.project
    is_table = name in project.datasources and access.may(READ_DATASOURCE, name)
    return is_table or (name in project.pipes and access.may(READ_PIPE, name))
