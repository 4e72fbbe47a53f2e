"""Mutation testing: changes one thing at a time in a module, and lists the changes that the module's quick tests do not notice.

    python tests/mutation/python.py [--sample 150] [--seconds 20] [module ...]

A module is a path in the package, such as commands/_time; _time alone also finds it.

Importing Gradio and collecting tests takes seconds. So the tests run in forks of a process that has done it: each fork changes the code of
one function, and runs the tests that call it, the quickest first, until they have taken `--seconds` without the change. What runs at import is
changed in the file, of a copy, and takes longer.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import copy
import gc
import importlib.util
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import types
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import gradio  # noqa: F401
import hypothesis  # noqa: F401
import numpy as np  # noqa: F401
import pytest
import rerun  # noqa: F401

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "gradio_rerun"

TESTS = {
    "_checks": ["settings", "client", "commands", "component"],
    "_component/examples": ["component"],
    "_component/keys": ["parameters", "settings", "events"],
    "_clients": ["threads", "tunnel", "on_demand"],
    "_component/content_coding": ["component"],
    "_component/parameters": ["parameters", "component"],
    "_component/questions": ["client"],
    "_component/requests": ["commands", "client"],
    "_component/remote_access": ["sources", "tunnel", "updates"],
    "_component/server_functions": ["component", "server_functions"],
    "_component/settings": ["settings", "parameters", "component"],
    "_component/streaming": ["calls", "component", "event_loop"],
    "_episode_browser": ["lerobot"],
    "_example": ["example"],
    "_export": ["export"],
    "_gradio/calls": ["calls"],
    "_gradio/chats": ["placement"],
    "_gradio/event_list": ["events", "event_methods"],
    "_gradio/event_methods": ["event_methods"],
    "_gradio/files": ["uploads", "recordings", "published_folder"],
    "_gradio/growing_files": ["growing"],
    "_gradio/js_on_load": ["component", "listeners", "commands"],
    "_gradio/listeners": ["listeners", "events", "client"],
    "_gradio/postponed": ["event_loop", "updates", "calls"],
    "_gradio/server_calls": ["uploads", "server_functions"],
    "_gradio/steps": ["calls"],
    "_gradio/streams": ["event_loop", "calls"],
    "_gradio/threads": ["threads"],
    "_gradio/updates": ["updates", "component", "calls"],
    "_gradio/wrapping": ["calls"],
    "_named": ["tunnel", "sources"],
    "_preparing": ["cli"],
    "_recordings/blueprints": ["recordings"],
    "_recordings/bounded": ["shown", "threads"],
    "_recordings/cached_files": ["recordings", "fuzz"],
    "_recordings/chunks": ["chunks"],
    "_recordings/conversion_process": ["conversions"],
    "_recordings/conversions": ["converted", "conversions", "recordings"],
    "_recordings/leftovers": ["recordings"],
    "_recordings/episodes": ["lerobot", "recordings"],
    "_recordings/fetched": ["sources"],
    "_recordings/file_types": ["uploads", "component"],
    "_recordings/hub_dataset": ["lerobot"],
    "_recordings/growing": ["growing", "shown"],
    "_recordings/lerobot_files": ["lerobot_meta", "lerobot"],
    "_recordings/lerobot_meta": ["lerobot_meta", "lerobot"],
    "_recordings/limits": ["conversions"],
    "_recordings/looked_up": ["threads", "conversions"],
    "_recordings/orphans": ["orphans"],
    "_recordings/parts": ["parts", "conversions", "recordings"],
    "_recordings/remote_files": ["sources"],
    "_recordings/remote_objects": ["sources"],
    "_recordings/rrd": ["rrd", "fuzz", "shown"],
    "_recordings/shown": ["shown", "calls"],
    "_recordings/sinks": ["sinks", "recordings"],
    "_recordings/sources": ["sources"],
    "_recordings/tables": ["chunks"],
    "_recordings/turns": ["threads"],
    "_recordings/urls": ["recordings", "sources", "agents", "fuzz"],
    "_recordings/values": ["recordings", "fuzz", "shown", "chunks", "sources"],
    "_recordings/web_file": ["sources"],
    "_servers/forwarding": ["tunnel"],
    "_servers/frames": ["tunnel"],
    "_servers/origins": ["tunnel"],
    "_servers/tunnel": ["tunnel"],
    "_viewer/answers": ["client"],
    "_viewer/cache": ["cache"],
    "_viewer/frontend": ["published_folder"],
    "_viewer/modules": ["modules"],
    "_viewer/event_data": ["events", "fuzz"],
    "_viewer/sdk": ["sdk"],
    "_viewer/sdk_events": ["events"],
    "_viewer/selection": ["events", "fuzz"],
    "_viewer/state": ["viewer_state", "fuzz"],
    "_viewer/times": ["commands", "events"],
    "_viewer/viewer_control": ["viewer_control", "viewer_state", "commands"],
    "_wire": ["fuzz", "component", "settings"],
    "agents": ["agents"],
    "answers": ["client"],
    "client": ["client"],
    "commands/_blueprints": ["commands"],
    "commands/_command": ["commands"],
    "commands/_former": ["commands", "migrating"],
    "commands/_recordings": ["commands"],
    "commands/_schemas": ["commands", "client"],
    "commands/_time": ["commands"],
    "commands/_viewer": ["commands"],
    "component": ["component", "updates", "parameters", "commands", "calls", "placement"],
    "errors": ["errors", "recordings", "component"],
    "events/__init__": ["events"],
    "events/_answers": ["events"],
    "events/_component_events": ["events"],
    "events/_event": ["events"],
    "events/_viewer_events": ["events", "fuzz"],
    "lerobot": ["lerobot"],
    "links": ["component"],
    "live_state": ["live_state"],
    "viewer_state": ["viewer_state", "events"],
}
"""The files in tests/unit (`test_*.py`) that test a module."""

OTHERS = {
    "_fork": "Its test forks the process of the tests.",
    "_recordings/convert_episode": "A process of its own runs it.",
    "_recordings/convert_file": "A process of its own runs it.",
    "_recordings/list_episodes": "A process of its own runs it.",
    "_recordings/file_server": "Its tests start servers and processes.",
    "_recordings/on_demand": "Its tests start servers and processes.",
    "_recordings/serve_file": "A process of its own runs it.",
    "_servers/own_servers": "Its tests start servers and processes.",
    "_component/large_files": "Its tests start servers and processes.",
    "_viewer/assets": "Its tests start servers and processes.",
    "_viewer/extraction": "Its tests start servers and processes.",
    "_viewer/sdk_process": "Its tests start servers and processes.",
    "_viewer/viewer_server": "A process of its own runs it.",
    "_viewer/warm_up": "A process of its own runs it.",
    "cli": "Its tests start servers and processes.",
    "__main__": "It only calls the command line.",
}
"""The other modules, and why they have no quick tests."""

SWAPPED: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult, ast.Mod: ast.Mult,
}  # fmt: skip


def variants(node: ast.AST) -> Iterator[ast.AST]:  # noqa: C901
    """Other nodes that can stand where `node` stands."""

    def changed(**fields: Any) -> ast.AST:
        other = copy.copy(node)
        for name, value in fields.items():
            setattr(other, name, value)
        return other

    match node:
        case ast.Compare(ops=[op]) if type(op) in SWAPPED:
            yield changed(ops=[SWAPPED[type(op)]()])
        case ast.BoolOp(op=op) | ast.BinOp(op=op) if type(op) in SWAPPED:
            yield changed(op=SWAPPED[type(op)]())
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            if not isinstance(test, (ast.Compare, ast.UnaryOp)):
                yield changed(test=ast.UnaryOp(ast.Not(), test))
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1)
        case ast.Constant(value=str(value)):
            yield ast.Constant("" if value else "mutated")
        case ast.Return(value=value) if value and not (isinstance(value, ast.Constant) and value.value is None):
            yield changed(value=ast.Constant(None))
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.Raise() | ast.AugAssign():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case ast.Break():
            yield ast.Continue()
        case ast.Continue():
            yield ast.Break()
        case ast.Slice(lower=lower, upper=upper):
            if lower:
                yield changed(lower=None)
            if upper:
                yield changed(upper=None)
        case ast.ExceptHandler(type=ast.Tuple(elts=types) as caught):
            for index in range(len(types)):
                yield changed(type=ast.Tuple([*types[:index], *types[index + 1 :]], caught.ctx))
        case ast.ExceptHandler():
            yield changed(type=ast.Tuple([], ast.Load()))
    if isinstance(node, ast.Call):
        for index in range(len(node.keywords)):
            yield changed(keywords=[*node.keywords[:index], *node.keywords[index + 1 :]])


class Mutant:
    """A module with one change."""

    def __init__(
        self, source: str, file: Path, path: list[tuple[str, int | None]], new: ast.AST, function: int | None
    ) -> None:
        tree: Any = ast.parse(source)
        parent = node = tree
        for name, index in path:
            parent, node = node, getattr(node, name) if index is None else getattr(node, name)[index]
        name, index = path[-1]
        self.line, before = node.lineno, ast.unparse(node)
        new = ast.copy_location(new, node)
        if index is None:
            setattr(parent, name, new)
        else:
            getattr(parent, name)[index] = new
        self.tree = ast.fix_missing_locations(tree)
        self.function = function
        """The first line of the function that it is in; None if it runs at import."""
        after = ast.unparse(new)
        same = max(0, sum(accumulate((a == b for a, b in zip(before, after, strict=False)), min)) - 40)
        self.text = " ".join(f"{self.line}: {before[same:][:90]} -> {after[same:][:90]}".split())


def patch(functions: list[types.FunctionType], tree: ast.Module, file: Path) -> bool:
    """Gives functions, all that come from the file, the code that they have in `tree`; False if that of one does not fit."""
    changed: dict[tuple[str, int], types.CodeType] = {}
    codes = [compile(tree, str(file), "exec")]
    while codes:
        code = codes.pop()
        changed[code.co_name, code.co_firstlineno] = code
        codes += [each for each in code.co_consts if isinstance(each, types.CodeType)]
    for each in functions:
        found = changed.get((each.__code__.co_name, each.__code__.co_firstlineno))
        if found and found.co_freevars != each.__code__.co_freevars:
            return False
        if found:
            each.__code__ = found
    return True


def first_line(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min(each.lineno for each in (function, *function.decorator_list))


def mutants(source: str, file: Path) -> list[Callable[[], Mutant]]:  # noqa: C901
    """What makes all mutants of a module: its code, not its annotations, docstrings and error messages."""

    def walk(  # noqa: C901
        node: ast.AST, path: list[tuple[str, int | None]], function: int | None
    ) -> Iterator[tuple[Any, ast.AST, int | None]]:
        if path:
            for new in variants(node):
                yield path, new, function
        skipped = {"annotation", "returns", "ctx", "op", "ops"}
        match node:
            case ast.Raise():
                return
            case ast.Expr(value=ast.Constant()) | ast.Subscript(value=ast.Name(id="Literal")):
                return
            case ast.Assign(targets=[ast.Name(id="__all__")]) | ast.If(test=ast.Name(id="TYPE_CHECKING")):
                return
            case ast.Call(func=ast.Name(id="TypeVar" | "ParamSpec")):
                return
            case ast.keyword(arg="doc" | "description"):
                return
            case ast.FormattedValue():
                skipped.add("format_spec")
        inner = function
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            cached = any("cache" in ast.unparse(each) for each in node.decorator_list)
            inner = None if cached else first_line(node)
        for name, value in ast.iter_fields(node):
            if name in skipped:
                continue
            for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                in_text = isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)
                if isinstance(child, ast.AST) and not in_text:
                    yield from walk(child, [*path, (name, index)], inner if name == "body" else function)

    return [partial(Mutant, source, file, *each) for each in walk(ast.parse(source), [], None)]


class Session:
    """A pytest plugin, which instead of running the tests runs them once for each mutant, in forks."""

    def __init__(self, file: Path, chosen: list[Mutant], results: Path, seconds: float) -> None:
        self.file, self.chosen, self.results, self.most_seconds = file, chosen, results, seconds
        self.called: dict[int, set[str]] = {}
        """By the first line of a function: the tests that call it."""
        self.seconds: dict[str, float] = {}

    def pytest_sessionstart(self) -> None:
        def trace(frame: Any, *_: object) -> None:
            if frame.f_code.co_filename == str(self.file):
                self.called.setdefault(frame.f_code.co_firstlineno, set()).add("")

        sys.settrace(trace)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        sys.settrace(None)
        functions = [each for each in gc.get_objects() if isinstance(each, types.FunctionType)]
        functions = [each for each in functions if each.__code__.co_filename == str(self.file)]
        gc.freeze()  # or each fork copies what its garbage collector touches
        running = self.results.with_name("running")
        while in_fork(lambda: self.note_calls(session, functions, running), 600) != "survived":
            if not running.exists() or running.read_text() in self.seconds:
                os._exit(1)
            self.seconds[running.read_text()] = NEVER  # it hangs in a fork
        called, self.seconds = json.loads(self.results.read_text())
        self.results.unlink()
        results = {}
        for number, mutant in enumerate(self.chosen):
            called_by = called.get(str(mutant.function), [])
            if mutant.function is None or not called_by or "" in called_by:
                continue  # what it makes exists already
            tests = usable(
                [each for each in session.items if each.nodeid in called_by], self.seconds, self.most_seconds
            )
            limit = 3 * sum(self.seconds[each.nodeid] for each in tests) + 5

            def act(tree: ast.Module = mutant.tree, tests: list[pytest.Item] = tests) -> None:
                if patch(functions, tree, self.file):
                    run_tests(tests)
                else:
                    os._exit(DOES_NOT_FIT)

            result = in_fork(act, limit)
            if result != "does not fit":
                results[number] = result
        self.results.write_text(json.dumps([results, self.seconds]))
        return True

    def note_calls(self, session: pytest.Session, functions: list[types.FunctionType], running: Path) -> None:
        """Runs each test, and notes which functions it calls and how long it takes."""
        now = ""
        builtins.__called__ = lambda line: self.called.setdefault(line, set()).add(now)  # type: ignore[attr-defined]
        tree = ast.parse(self.file.read_text())
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                start = 0 if ast.get_docstring(node) is None else 1  # the docstring of a tool is what an agent reads
                node.body[start:start] = ast.parse(f"__called__({first_line(node)})").body
        patch(functions, ast.fix_missing_locations(tree), self.file)
        for item in session.items:
            if item.nodeid in self.seconds:
                continue
            now, start = item.nodeid, time.monotonic()
            running.write_text(now)
            signal.setitimer(signal.ITIMER_REAL, 60)  # ends this process
            item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
            # Some fail in a fork: rerun's global recording is one of the first process.
            self.seconds[item.nodeid] = NEVER if session.testsfailed else time.monotonic() - start
            session.testsfailed = 0
        signal.setitimer(signal.ITIMER_REAL, 0)
        self.results.write_text(json.dumps([{line: list(tests) for line, tests in self.called.items()}, self.seconds]))


class Once:
    """A pytest plugin: runs the quickest tests first."""

    def __init__(self, seconds: dict[str, float], most_seconds: float) -> None:
        self.seconds, self.most_seconds = seconds, most_seconds

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:  # of those collected
            os._exit(1)
        run_tests(usable(session.items, self.seconds, self.most_seconds))
        os._exit(0)


NEVER = 1e9
DOES_NOT_FIT = 99


def usable(items: list[pytest.Item], seconds: dict[str, float], most_seconds: float) -> list[pytest.Item]:
    """The quickest first, until they take `most_seconds`; those that a mutant gives other names have no time."""
    known = {item: seconds.get(item.nodeid, 0) for item in items}
    ordered = sorted((item for item in items if known[item] < NEVER), key=known.__getitem__)
    taken = list(accumulate(known[item] for item in ordered))
    return [item for item, sum_ in zip(ordered, taken, strict=True) if sum_ <= most_seconds or item is ordered[0]]


def run_tests(items: list[pytest.Item]) -> None:
    """Runs tests, and exits with 1 when one fails."""
    for item, following in zip(items, [*items[1:], None]):  # noqa: B905
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        if item.session.testsfailed:
            print(item.nodeid, flush=True)
            os._exit(1)


def in_fork(act: Callable[[], object], seconds: float) -> str:
    """Calls `act` in a forked process. Returns "survived" if it ends, "killed" if it raises an error, and "timeout" after `seconds` of CPU time or twice as many of waiting."""
    child = os.fork()
    if child == 0:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
        try:
            act()
        except BaseException:
            os._exit(1)
        os._exit(0)
    deadline = time.monotonic() + 2 * seconds
    done = 0, 0
    try:
        while done == (0, 0) and time.monotonic() < deadline:
            time.sleep(0.01)
            done = os.waitpid(child, os.WNOHANG)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # also what the tests have started
    if done == (0, 0):
        os.waitpid(child, 0)
        return "timeout"
    code = os.waitstatus_to_exitcode(done[1])
    if code == DOES_NOT_FIT:
        return "does not fit"
    return "survived" if code == 0 else "timeout" if code in (-signal.SIGXCPU, -signal.SIGKILL) else "killed"


def pytest_in(folder: Path, files: list[str], plugin: object) -> None:
    """Runs pytest with the package in `folder`, and exits."""
    sys.path.insert(0, str(folder))
    os.environ.update(PYTHONPATH=str(folder), HYPOTHESIS_PROFILE="mutation")
    output = os.open(folder / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os._exit(
        int(pytest.main(["-q", "--tb=native", "--assert=plain", "-p", "no:cacheprovider", *files], plugins=[plugin]))
    )


def mutate(module: str, sample: int, most_seconds: float, folder: Path) -> None:
    """Prints the survivors among the mutants of a module, and how many were killed."""
    shutil.copytree(
        PACKAGE, folder / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__", "*.pyi"), dirs_exist_ok=True
    )
    target = folder / PACKAGE.name / f"{module}.py"
    source = target.read_text()
    files = [f"tests/unit/test_{name}.py" for name in TESTS[module]]
    found = mutants(source, target)
    chosen = [make() for make in random.Random(0).sample(found, min(sample, len(found)))]
    chosen.sort(key=lambda each: each.line)
    start = time.monotonic()
    path = folder / "results.json"
    path.unlink(missing_ok=True)
    in_fork(lambda: pytest_in(folder, files, Session(target, chosen, path, most_seconds)), 100_000)
    if not path.exists():
        print(f"{module}: its tests fail without a mutant:\n{(folder / 'output.txt').read_text()[-3000:]}", flush=True)
        return
    found_out, seconds = json.loads(path.read_text())
    results = {int(number): result for number, result in found_out.items()}
    for number, mutant in enumerate(chosen):
        if number not in results:
            target.write_text(ast.unparse(mutant.tree))
            Path(importlib.util.cache_from_source(str(target))).unlink(missing_ok=True)
            limit = 3 * min(most_seconds, sum(each for each in seconds.values() if each < NEVER)) + 30
            results[number] = in_fork(lambda: pytest_in(folder, files, Once(seconds, most_seconds)), limit)
        if results[number] != "killed":
            print(f"  {results[number]} {module}.py:{mutant.text}", flush=True)
    target.write_text(source)
    Path(importlib.util.cache_from_source(str(target))).unlink(missing_ok=True)
    counts = Counter(results.values())
    print(
        f"{module}: {len(chosen)} of {len(found)} mutants, {counts['killed']} killed, {counts['timeout']} by a timeout, "
        f"{counts['survived']} survived: {1 - counts['survived'] / max(1, len(chosen)):.0%} ({time.monotonic() - start:.0f} s)",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="module", help=f"{', '.join(TESTS)}; the file's name is enough")
    parser.add_argument("--sample", type=int, default=150, help="mutants of each module at most")
    parser.add_argument("--seconds", type=float, default=20, help="that the tests of a mutant take at most")
    options = parser.parse_args()
    modules = [each for each in TESTS if not options.modules or {each, each.split("/")[-1]} & {*options.modules}]
    if unknown := {*options.modules} - {*TESTS} - {each.split("/")[-1] for each in TESTS}:
        parser.error(f"no such module: {', '.join(unknown)}. Expected some of {', '.join(TESTS)}.")
    os.chdir(ROOT)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.path.insert(0, str(ROOT / "tests"))
    sys.dont_write_bytecode = False  # each fork would compile the tests anew
    with tempfile.TemporaryDirectory() as name:
        # Finds no tests, but loads pytest's plugins.
        pytest.main(["-qq", "--disable-warnings", "-p", "no:cacheprovider", name])
        folder = Path(name).resolve()
        folder.chmod(0o755)  # for tests that become another user
        for module in modules:
            mutate(module, options.sample, options.seconds, folder)


if __name__ == "__main__":
    main()
