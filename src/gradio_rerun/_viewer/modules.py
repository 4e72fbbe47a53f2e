"""Puts a JavaScript module and what it imports into one file.

The frontend is written as many small modules, and Gradio needs 6 to 8 ms of the processor to serve a file.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Mapping

_IMPORT = re.compile(r'^import (?:\{ (\w+(?:, \w+)*) \} from )?"(\.[\w./-]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|class|const) (\w+)", re.MULTILINE)
_OTHER = re.compile(r"^(?:import|export)\b.*|^(?! *(?:\*|/\*)).*\bimport\.meta\b.*", re.MULTILINE)


def in_one(modules: Mapping[str, str], entry: str, apart: Collection[str] = ()) -> str:
    """The module `entry` with all modules that it imports, except those in `apart`, which remain imports.

    `modules`: the sources by their paths. Raises a `ValueError` for imports and exports in other forms than those that the frontend uses.
    """
    inside: list[str] = []
    outside: list[str] = []

    def add(name: str, importing: tuple[str, ...]) -> None:
        if name in importing:
            raise ValueError(f"Modules import each other: {', '.join((*importing, name))}.")
        if name in inside or name in outside:
            return
        if name in apart:
            outside.append(name)
            return
        for _, imported in _IMPORT.findall(modules[name]):
            add(_resolved(name, imported), (*importing, name))
        inside.append(name)

    add(entry, ())
    imports = [f'import * as {_identifier(name)} from "{_relative(name, entry)}";' for name in outside]
    functions = [_as_function(name, modules[name]) for name in inside[:-1]]
    return "\n".join((*imports, *functions, _with_constants(entry, modules[entry])))


def _as_function(name: str, source: str) -> str:
    """A constant with what the module exports."""
    exported = ", ".join(found for _, found in _EXPORT.findall(source))
    body = _EXPORT.sub(r"\1 \2", _with_constants(name, source))
    return f"const {_identifier(name)} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();"


def _with_constants(name: str, source: str) -> str:
    """The source of a module that takes what it imports from constants."""
    if other := _OTHER.search(_EXPORT.sub("", _IMPORT.sub("", source))):
        raise ValueError(f"{name} cannot be put into one file with others: {other[0]}")

    def constant(found: re.Match[str]) -> str:
        names, imported = found.groups()
        return f"const {{ {names} }} = {_identifier(_resolved(name, imported))};" if names else ""

    return _IMPORT.sub(constant, source)


def _resolved(name: str, imported: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), imported))


def _relative(name: str, entry: str) -> str:
    path = posixpath.relpath(name, posixpath.dirname(entry))
    return path if path.startswith(".") else f"./{path}"


def _identifier(name: str) -> str:
    return "$" + re.sub(r"\W", "_", name)
