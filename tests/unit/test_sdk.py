from __future__ import annotations

import importlib
import sys
import types
from importlib import metadata
from pathlib import Path

import pytest
from fake_sdk import FakeSdk

from gradio_rerun._viewer import sdk
from gradio_rerun.errors import SdkError, ViewerError


def test_the_version_is_that_of_the_installed_sdk() -> None:
    assert sdk.sdk_version() == metadata.version("rerun-sdk")


@pytest.mark.parametrize("version", ["0.24.0", "0.24.1a1", "0.100.0", "1.0", "0.42.0+dev"])
def test_a_version_from_0_24_on_is_accepted(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeSdk(tmp_path, version=version).install(monkeypatch)
    assert sdk.sdk_version() == version


@pytest.mark.parametrize("version", ["0.23.4", "0.9.0", "unknown"])
def test_an_older_version_is_named_with_the_one_wanted_and_the_cure(
    version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeSdk(tmp_path, version=version).install(monkeypatch)
    with pytest.raises(SdkError, match=rf"0\.24 or newer .* has {version}\. Run: pip install -U rerun-sdk"):
        sdk.sdk_version()


def test_a_missing_sdk_is_an_error_with_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(SdkError, match=r"0\.24 or newer .* has none\. Run: pip install -U rerun-sdk"):
        sdk.sdk_version()


def test_the_build_file_is_the_compiled_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeSdk(tmp_path).install(monkeypatch)
    assert sdk.packaged_viewer() is None
    assert sdk.build_file() == fake.library


def test_the_build_file_of_a_wheel_with_a_zip_is_the_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = FakeSdk(tmp_path).install(monkeypatch).ship_zip()
    assert sdk.packaged_viewer() == archive
    assert sdk.build_file() == archive


def test_the_layout_with_a_pth_file_is_found_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeSdk(tmp_path).install(monkeypatch)
    archive = fake.ship_zip()
    moved = tmp_path / "rerun_sdk" / "rerun"
    moved.parent.mkdir()
    archive.parent.rename(moved)
    monkeypatch.syspath_prepend(str(moved.parent))  # as rerun_sdk.pth does
    assert sdk.packaged_viewer() == moved / archive.name


def test_nothing_of_rerun_is_imported(tmp_path: Path) -> None:
    process = FakeSdk(tmp_path).process("""
        from gradio_rerun._viewer import sdk
        sdk.sdk_version(), sdk.build_file(), sdk.viewer_server_command()
        print([name for name in sys.modules if name.startswith("rerun")])
    """)
    assert process.communicate() == ("[]\n", "")


def test_an_sdk_without_its_library_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeSdk(tmp_path).install(monkeypatch).library.unlink()
    with pytest.raises(SdkError, match=r"rerun_bindings holds no compiled library .* --force-reinstall rerun-sdk"):
        sdk.build_file()


def test_an_sdk_without_its_package_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeSdk(tmp_path).install(monkeypatch)
    fake.rerun.rename(tmp_path / "gone")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    importlib.invalidate_caches()
    with pytest.raises(SdkError, match=r"finds no package 'rerun' .* --force-reinstall rerun-sdk"):
        sdk.packaged_viewer()


def test_a_script_of_the_user_that_hides_the_sdk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeSdk(tmp_path / "site").install(monkeypatch)
    script = tmp_path / "rerun.py"
    script.touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(SdkError, match=r"Python finds .*rerun\.py first\. Rename or remove that"):
        sdk.packaged_viewer()


def test_a_module_in_place_of_rerun_is_not_accepted_as_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rerun", types.ModuleType("rerun"))
    with pytest.raises(SdkError, match="finds no package 'rerun'"):
        sdk.packaged_viewer()


def test_the_server_gets_the_path_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", ["", "/some/where"])
    executable, script, *path = sdk.viewer_server_command()
    assert executable == sys.executable
    assert Path(script).is_file()
    assert path == ["", "/some/where"]


def test_a_frozen_app_is_not_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(ViewerError, match="gradio-rerun --prepare"):
        sdk.viewer_server_command()


def test_an_embedded_python_without_executable_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(ViewerError, match=r"sys\.executable is ''"):
        sdk.viewer_server_command()
