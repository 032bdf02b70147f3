"""Tables of the columns of Parquet files: names and types are those of `vidcurate.table`, words stand beside them."""

from __future__ import annotations

import ast
import inspect
import re

import pyarrow as pa

from vidcurate import table


def columns(name: str) -> str:
    """Markdown for a schema by its name, e.g. `VIDEOS`.

    Raises:
        KeyError: there is no such schema.
    """
    schema = vars(table)[name]
    if not isinstance(schema, pa.Schema):
        raise KeyError(name)
    said = _comments(name)
    lines = ["| column | type | |", "|---|---|---|"]
    lines += [f"| `{field.name}` | `{field.type}` | {said.get(field.name, '')} |" for field in schema]
    return "\n".join(lines)


def _comments(name: str) -> dict[str, str]:
    """What stands beside the columns where the schema is written down."""
    source = inspect.getsource(table)
    assigned = next(node for node in ast.parse(source).body if _assigns(node, name))
    lines = (ast.get_source_segment(source, assigned) or "").splitlines()
    found = (re.search(r'\("(\w+)", .*?\),?  # (.*)', line) for line in lines)
    return {match[1]: match[2] for match in found if match}


def _assigns(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name
