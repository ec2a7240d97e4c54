from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_portable.environment.configuration import index_configuration, wheelhouse_listing

if TYPE_CHECKING:
    from pathlib import Path

    from support.wheels import Wheelhouse


def describe(home: Path, installer: str = "uv", **variables: str) -> list[str]:
    return index_configuration(installer, variables, home)


def test_index_variables_count_without_their_credentials(tmp_path: Path) -> None:
    one = describe(tmp_path, UV_INDEX_URL="https://u:one@host/simple")
    same = describe(tmp_path, UV_INDEX_URL="https://u:two@host/simple")
    other = describe(tmp_path, UV_INDEX_URL="https://u:one@other/simple")

    assert one == same != other
    assert "one" not in str(one)


@pytest.mark.parametrize(
    "name",
    ["UV_CACHE_DIR", "UV_HTTP_TIMEOUT", "UV_INDEX_CORP_PASSWORD", "UV_NO_PROGRESS", "PIP_PRE"],
)
def test_what_changes_no_environment_does_not_count(tmp_path: Path, name: str) -> None:
    assert describe(tmp_path, **{name: "x"}) == describe(tmp_path)


@pytest.mark.parametrize(
    ("installer", "place"),
    [("uv", ".config/uv/uv.toml"), ("pip", ".config/pip/pip.conf"), ("pip", ".pip/pip.conf")],
)
def test_configuration_files_count_by_content(tmp_path: Path, installer: str, place: str) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text("index-url = https://u:one@host/\n", encoding="utf-8")
    one = describe(tmp_path, installer)
    path.write_text("index-url = https://u:two@host/\n", encoding="utf-8")
    same = describe(tmp_path, installer)
    path.write_text("index-url = https://other/\n", encoding="utf-8")
    other = describe(tmp_path, installer)

    assert one == same != other


def test_a_changed_wheelhouse_counts(tmp_path: Path, wheelhouse: Wheelhouse) -> None:
    config = tmp_path / "uv.toml"
    config.write_text(f'find-links = ["{wheelhouse.folder}"]\n', encoding="utf-8")
    by_variable = [describe(tmp_path, "pip", PIP_FIND_LINKS=str(wheelhouse.folder))]
    by_address = [describe(tmp_path, "uv", UV_FIND_LINKS=wheelhouse.folder.as_uri())]
    by_file = [describe(tmp_path, UV_CONFIG_FILE=str(config))]
    wheel = wheelhouse.add("a")
    by_variable.append(describe(tmp_path, "pip", PIP_FIND_LINKS=str(wheelhouse.folder)))
    by_address.append(describe(tmp_path, "uv", UV_FIND_LINKS=wheelhouse.folder.as_uri()))
    by_file.append(describe(tmp_path, UV_CONFIG_FILE=str(config)))

    assert by_variable[0] != by_variable[1]
    assert by_address[0] != by_address[1]
    assert by_file[0] != by_file[1]
    assert any(wheel.name in line for line in by_file[1])


def test_a_constraint_file_counts(tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    before = describe(tmp_path, UV_CONSTRAINT=str(path))
    path.write_text("a<2\n", encoding="utf-8")

    assert describe(tmp_path, UV_CONSTRAINT=str(path)) != before


def test_wheelhouses_among_options_count_by_content(wheelhouse: Wheelhouse) -> None:
    wheel = wheelhouse.add("a")
    options = [f"--find-links={wheelhouse.folder}", f"-f {wheelhouse.folder}", "--no-index"]

    listed = wheelhouse_listing(options)

    assert len(listed) == 2
    assert all(line.startswith(f"{wheel} ") for line in listed)
