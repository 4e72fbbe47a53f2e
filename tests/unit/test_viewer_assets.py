from __future__ import annotations

import gzip
import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any

import brotli
import pytest
from fake_sdk import GLUE, WASM, FakeSdk

from gradio_rerun._component import settings
from gradio_rerun._viewer import assets as viewer_assets
from gradio_rerun._viewer import cache
from gradio_rerun._viewer.assets import ViewerAssets
from gradio_rerun.errors import SdkError, ViewerError

USE = """
from gradio_rerun._viewer.assets import viewer_assets
assets = viewer_assets()
print(assets.wasm)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("GRADIO_RERUN_CACHE_DIR", str(folder))
    monkeypatch.setattr(cache, "_fallback", None)
    monkeypatch.setattr(viewer_assets, "_assets", None)
    monkeypatch.setattr(viewer_assets, "_next_check", 0.0)
    return folder


@pytest.fixture
def sdk(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSdk:
    monkeypatch.setattr(viewer_assets, "warm_up_recording", bytes)  # would start a process
    return FakeSdk(tmp_path / "site").install(monkeypatch)


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[], ViewerAssets]:
    """Gets the viewer as a new process would."""

    def use() -> ViewerAssets:
        monkeypatch.setattr(viewer_assets, "_assets", None)
        return viewer_assets.viewer_assets()

    return use


@pytest.fixture(scope="session")
def real_assets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ViewerAssets]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_RERUN_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(viewer_assets, "_assets", None)
        yield viewer_assets.viewer_assets()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_the_viewer_comes_from_the_installed_sdk(real_assets: ViewerAssets) -> None:
    assert real_assets.version == metadata.version("rerun-sdk")
    wasm = gzip.decompress(real_assets.wasm.read_bytes())
    assert wasm.startswith(b"\0asm")
    assert real_assets.wasm_size == len(wasm) > 20_000_000
    assert real_assets.wasm.stat().st_size < 14_500_000
    assert real_assets.wasm_br.stat().st_size < 12_000_000
    assert b"WebHandle" in gzip.decompress(real_assets.glue.read_bytes())


def test_the_installed_sdk_logs_a_small_recording_for_the_first_frames(real_assets: ViewerAssets) -> None:
    assert real_assets.warm_up is not None
    recording = real_assets.warm_up.read_bytes()
    assert recording.startswith(b"RRF2")
    assert b"gradio_rerun_warm_up" in recording
    assert len(recording) < 30_000
    digest = hashlib.sha256(recording).hexdigest()[:12]
    assert real_assets.warm_up.name == f"warm_up-{real_assets.version}-{digest}.rrd"


def test_a_viewer_whose_sdk_logs_no_recording_is_used_without_one(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use: Callable[[], ViewerAssets]
) -> None:
    FakeSdk(tmp_path / "site").install(monkeypatch)
    assets = use()
    assert assets.warm_up is None
    assert use() == assets


def test_the_files_are_named_by_version_and_content(
    sdk: FakeSdk, use: Callable[[], ViewerAssets], folder: Path
) -> None:
    assets = use()
    glue, wasm = (hashlib.sha256(content).hexdigest()[:12] for content in (GLUE, WASM))
    assert assets == ViewerAssets(
        version="0.41.0",
        glue=folder / "viewer" / "0.41.0" / f"re_viewer-0.41.0-{glue}.js.gz",
        wasm=folder / "viewer" / "0.41.0" / f"re_viewer_bg-0.41.0-{wasm}.wasm.gz",
        wasm_br=folder / "viewer" / "0.41.0" / f"re_viewer_bg-0.41.0-{wasm}.wasm.br",
        wasm_size=len(WASM),
    )
    assert gzip.decompress(assets.glue.read_bytes()) == GLUE
    assert gzip.decompress(assets.wasm.read_bytes()) == WASM
    assert brotli.decompress(assets.wasm_br.read_bytes()) == WASM


def test_characters_that_urls_cannot_contain_are_replaced_in_the_version(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use: Callable[[], ViewerAssets]
) -> None:
    FakeSdk(tmp_path / "site", version="0.42.0a1+dev").install(monkeypatch)
    assets = use()
    assert assets.version == "0.42.0a1+dev"
    assert assets.glue.parent.name == "0.42.0a1-dev"
    assert assets.glue.name.startswith("re_viewer-0.42.0a1-dev-")
    assert use() == assets


def test_the_first_use_says_what_happens_and_how_long_it_took_and_the_second_says_nothing(
    sdk: FakeSdk, use: Callable[[], ViewerAssets], capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assets = use()
    output = capsys.readouterr()
    before, after = output.err.splitlines()
    assert before == "gradio_rerun: extracting the web viewer from rerun-sdk 0.41.0 (first use only)"
    assert after.startswith("gradio_rerun: that took ")
    assert after.endswith(f"MB in {assets.glue.parent}")
    use()
    assert capsys.readouterr() == ("", "")
    assert output.out == ""


def test_the_second_process_uses_the_files_of_the_first(sdk: FakeSdk, use: Callable[[], ViewerAssets]) -> None:
    assert use() == use()
    assert len(sdk.ports()) == 1


def test_a_packaged_viewer_is_used_the_same_way(sdk: FakeSdk, use: Callable[[], ViewerAssets]) -> None:
    sdk.ship_zip(re_viewer=GLUE, re_viewer_bg=WASM)
    assert gzip.decompress(use().wasm.read_bytes()) == WASM
    assert use() == use()


def test_a_process_reads_the_manifest_once(sdk: FakeSdk, use: Callable[[], ViewerAssets], folder: Path) -> None:
    assets = use()
    (manifest,) = folder.rglob("*.json")
    manifest.write_text("nobody reads this now")
    assert viewer_assets.viewer_assets() is assets


def test_a_cache_that_was_emptied_is_filled_again(sdk: FakeSdk, use: Callable[[], ViewerAssets]) -> None:
    assets = use()
    assets.wasm.unlink()
    assert viewer_assets.viewer_assets() == assets
    assert assets.wasm.is_file()


def test_simultaneous_threads_share_one_extraction(sdk: FakeSdk, use: Callable[[], ViewerAssets]) -> None:
    viewer_assets._assets = None
    found: list[ViewerAssets] = []
    threads = [threading.Thread(target=lambda: found.append(viewer_assets.viewer_assets())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(sdk.ports()) == 1


def test_two_processes_at_once_both_get_the_viewer(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use: Callable[[], ViewerAssets]
) -> None:
    both_serve = """
        while len((HERE / "served.log").read_text().splitlines()) < 2:
            time.sleep(0.01)
    """
    sdk = FakeSdk(tmp_path / "site", body=both_serve).install(monkeypatch)
    outputs = [process.communicate() for process in [sdk.process(USE), sdk.process(USE)]]
    assert len(sdk.ports()) == 2
    assert [output for output, _ in outputs] == [f"{use().wasm}\n"] * 2
    assert len(sdk.ports()) == 2
    assert len(names(folder)) == 4


@pytest.mark.parametrize("file", [1, 2, 3, 4])
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_an_extraction_that_is_killed_leaves_a_working_cache(
    file: int, before: bool, sdk: FakeSdk, use: Callable[[], ViewerAssets]
) -> None:
    process = sdk.process(f"""
        from pathlib import Path
        replace, renames = Path.replace, []
        def killed(*paths):
            renames.append(paths)
            if len(renames) == {file} and {before}:
                print("now", flush=True), sys.stdin.read()
            replace(*paths)
            if len(renames) == {file}:
                print("now", flush=True), sys.stdin.read()
        Path.replace = killed
        {USE.strip().replace(chr(10), chr(10) + " " * 8)}
    """)
    assert process.stdout
    assert process.stdout.readline() == "now\n"
    process.kill()
    process.communicate()
    assert process.returncode
    assets = use()
    assert gzip.decompress(assets.glue.read_bytes()) == GLUE
    assert gzip.decompress(assets.wasm.read_bytes()) == WASM
    assert use() == assets


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def change_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_damaged_file_is_extracted_again(sdk: FakeSdk, use: Callable[[], ViewerAssets], folder: Path) -> None:
    assets = use()
    for which in ("glue", "wasm", "wasm_br"):
        for damage in (truncate, change_a_byte, Path.unlink, lambda path: path.write_bytes(b"")):
            damage(getattr(assets, which))
            assert use() == assets, (which, damage)
            assert gzip.decompress(assets.glue.read_bytes()) == GLUE
            assert gzip.decompress(assets.wasm.read_bytes()) == WASM
            assert brotli.decompress(assets.wasm_br.read_bytes()) == WASM
            assert len(names(folder)) == 4


def test_a_damaged_manifest_is_written_again(sdk: FakeSdk, use: Callable[[], ViewerAssets], folder: Path) -> None:
    assets = use()
    (manifest,) = folder.rglob("*.json")
    good = manifest.read_bytes()
    for content in (b"", b"\xff\xfe", b"null", b"[]", b"{}", b'{"glue": 1, "wasm": 2, "wasm_size": 3}', b'{"glue": {"'):
        manifest.write_bytes(content)
        assert use() == assets, content
        assert manifest.read_bytes() == good


def test_a_manifest_cannot_lead_out_of_the_cache(
    sdk: FakeSdk, use: Callable[[], ViewerAssets], folder: Path, tmp_path: Path
) -> None:
    assets = use()
    outside = tmp_path / "outside.js"
    outside.write_bytes(GLUE)
    (manifest,) = folder.rglob("*.json")
    content = json.loads(manifest.read_bytes())
    content["glue"]["name"] = str(outside)
    manifest.write_text(json.dumps(content))
    assert use() == assets


def test_another_build_of_the_same_version_is_noticed(sdk: FakeSdk, use: Callable[[], ViewerAssets]) -> None:
    before = use()
    (sdk.served / "re_viewer.js").write_bytes(GLUE + b"// newer")
    sdk.library.write_bytes(b"another library")
    after = use()
    assert after.glue != before.glue
    assert after.wasm == before.wasm
    assert gzip.decompress(before.glue.read_bytes()) == GLUE  # others may still serve it


def test_two_environments_with_one_version_do_not_undo_each_other(
    sdk: FakeSdk, use: Callable[[], ViewerAssets], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assets = use()
    with monkeypatch.context() as environment:
        other = FakeSdk(tmp_path / "other", build=b"a library built on another machine").install(environment)
        environment.setattr(viewer_assets, "_assets", None)
        assert viewer_assets.viewer_assets() == assets
        assert len(other.ports()) == 1
    assert use() == assets
    assert len(sdk.ports()) == 1


def test_a_library_whose_time_lost_its_fraction_is_the_same_build(
    sdk: FakeSdk, use: Callable[[], ViewerAssets]
) -> None:
    os.utime(sdk.library, ns=(0, 1_800_000_000_123_456_789))
    use()
    os.utime(sdk.library, ns=(0, 1_800_000_000_000_000_000))
    use()
    assert len(sdk.ports()) == 1


def test_a_file_compressed_by_another_zlib_is_kept(sdk: FakeSdk, use: Callable[[], ViewerAssets], folder: Path) -> None:
    assets = use()
    others = gzip.compress(WASM, 1, mtime=5)
    assets.wasm.write_bytes(others)
    assert use() == assets
    assert use() == assets
    assert assets.wasm.read_bytes() == others
    assert len(sdk.ports()) == 2


def test_the_compressed_bytes_are_the_same_every_time(sdk: FakeSdk, use: Callable[[], ViewerAssets]) -> None:
    assets = use()
    before = assets.wasm.read_bytes()
    assets.wasm.unlink()
    assert use().wasm.read_bytes() == before
    assert before[4:8] == b"\0\0\0\0"  # the time in gzip's header


def test_a_prepared_cache_that_cannot_be_written_is_used(
    sdk: FakeSdk, use: Callable[[], ViewerAssets], monkeypatch: pytest.MonkeyPatch
) -> None:
    assets = use()
    monkeypatch.setattr(cache.tempfile, "mkstemp", None)
    assert use() == assets


def test_a_cache_that_cannot_be_written_costs_an_extraction_per_process(
    sdk: FakeSdk, use: Callable[[], ViewerAssets], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.touch()
    assets = use()
    assert viewer_assets.viewer_assets() is assets
    assert gzip.decompress(assets.wasm.read_bytes()) == WASM
    assert not assets.wasm.is_relative_to(folder)
    assert "set GRADIO_RERUN_CACHE_DIR to" in capsys.readouterr().err


def test_an_sdk_without_viewer_leaves_no_file_and_is_tried_again(
    sdk: FakeSdk, use: Callable[[], ViewerAssets], folder: Path
) -> None:
    (sdk.served / "re_viewer_bg.wasm").rename(sdk.served / "later")
    with pytest.raises(ViewerError):
        use()
    assert names(folder) == []
    (sdk.served / "later").rename(sdk.served / "re_viewer_bg.wasm")
    assert viewer_assets.viewer_assets().wasm.is_file()


def test_a_missing_sdk_is_an_error_even_when_its_viewer_is_cached(
    sdk: FakeSdk, use: Callable[[], ViewerAssets], monkeypatch: pytest.MonkeyPatch
) -> None:
    use()
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(SdkError, match="has none"):
        use()


def test_importing_reads_no_variable_starts_no_thread_and_writes_nothing(folder: Path, sdk: FakeSdk) -> None:
    process = sdk.process("""
        import os, threading, platformdirs  # platformdirs reads variables at import
        os.environ = None
        import gradio_rerun._viewer.assets
        print(threading.active_count())
    """)
    assert process.communicate() == ("1\n", "")
    assert not folder.exists()


def test_the_process_that_extracts_the_viewer_does_not_import_rerun(sdk: FakeSdk) -> None:
    process = sdk.process(USE + 'print("rerun" in sys.modules)')
    assert process.communicate()[0].splitlines()[1] == "False"


@pytest.mark.parametrize("damage", [truncate, change_a_byte, Path.unlink])
def test_a_file_that_is_damaged_while_the_app_runs_is_restored(
    damage: Callable[[Path], None], sdk: FakeSdk, use: Callable[[], ViewerAssets], folder: Path
) -> None:
    assets = use()
    damage(assets.wasm)
    viewer_assets.restore_viewer_assets()
    assert viewer_assets.viewer_assets() == assets
    assert gzip.decompress(assets.wasm.read_bytes()) == WASM


def test_an_update_does_not_wait_until_missing_files_are_restored(
    sdk: FakeSdk, use: Callable[[], ViewerAssets], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gradio updates components on the event loop."""
    wasm, known = use().wasm, settings._viewer_files()
    wasm.unlink()
    extract, begun, go_on = viewer_assets.extract_viewer, threading.Event(), threading.Event()

    def extract_slowly() -> Any:
        begun.set()
        assert go_on.wait(60)
        return extract()

    monkeypatch.setattr(viewer_assets, "extract_viewer", extract_slowly)
    with ThreadPoolExecutor(2) as pool:
        try:
            if_nobody_checks = pool.submit(settings._viewer_files).result(30)
            check = pool.submit(viewer_assets.restore_viewer_assets)
            assert begun.wait(60)
            meanwhile = pool.submit(settings._viewer_files).result(30)
        finally:
            go_on.set()
        check.result()
    assert if_nobody_checks == meanwhile == known
    assert wasm.is_file()


def test_a_check_of_intact_files_extracts_nothing(sdk: FakeSdk, use: Callable[[], ViewerAssets]) -> None:
    assets = use()
    before = assets.wasm.stat().st_mtime_ns
    viewer_assets.restore_viewer_assets()
    assert assets.wasm.stat().st_mtime_ns == before


posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps the folders of users apart")


def plant(folder: Path) -> None:
    """Files that another user could put there: a script, and a manifest for it."""
    (manifest,) = folder.rglob("manifest-*.json")
    content = json.loads(manifest.read_bytes())
    glue = manifest.with_name(content["glue"]["name"])
    glue.write_bytes(gzip.compress(b"let wasm_bindgen = steal();"))
    planted = glue.read_bytes()
    content["glue"].update(size=len(planted), sha256=hashlib.sha256(planted).hexdigest())
    manifest.write_text(json.dumps(content))


@posix
@pytest.mark.parametrize("again", [False, True], ids=["at the start", "by restore_files"])
def test_a_script_that_another_user_could_have_planted_is_not_served(
    again: bool, sdk: FakeSdk, use: Callable[[], ViewerAssets], folder: Path
) -> None:
    assets = use()
    plant(folder)
    assets.glue.parent.chmod(0o777)
    if again:
        viewer_assets.restore_viewer_assets()
    served = viewer_assets.viewer_assets() if again else use()
    assert gzip.decompress(served.glue.read_bytes()) == GLUE
    assert not served.glue.is_relative_to(folder)


@posix
def test_a_file_that_others_could_have_written_is_replaced(
    sdk: FakeSdk, use: Callable[[], ViewerAssets], folder: Path
) -> None:
    assets = use()
    plant(folder)
    assets.glue.chmod(0o666)
    assert use() == assets
    assert gzip.decompress(assets.glue.read_bytes()) == GLUE
    assert assets.glue.stat().st_mode & 0o777 == 0o644


def test_a_check_of_files_that_have_not_changed_does_not_read_them(
    sdk: FakeSdk, use: Callable[[], ViewerAssets], monkeypatch: pytest.MonkeyPatch
) -> None:
    use()
    read: list[str] = []
    read_bytes = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: (read.append(path.suffix), read_bytes(path))[1])
    viewer_assets.restore_viewer_assets()
    assert read == [".json"]  # the manifest


def test_failed_checks_start_one_extraction_per_interval(
    sdk: FakeSdk, use: Callable[[], ViewerAssets], monkeypatch: pytest.MonkeyPatch
) -> None:
    assets = use()
    assets.wasm.unlink()
    (sdk.served / "re_viewer_bg.wasm").unlink()
    now = time.monotonic()
    monkeypatch.setattr(viewer_assets, "_next_check", 0.0)
    monkeypatch.setattr(viewer_assets.time, "monotonic", lambda: now)
    with pytest.raises(ViewerError):
        viewer_assets.restore_viewer_assets()
    extractions = len(sdk.ports())
    for _ in range(5):
        viewer_assets.restore_viewer_assets()
    assert len(sdk.ports()) == extractions
    now += 60
    with pytest.raises(ViewerError):
        viewer_assets.restore_viewer_assets()
    assert len(sdk.ports()) == extractions + 1
