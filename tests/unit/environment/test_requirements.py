from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_portable.environment import find_interpreter
from pytest_portable.environment.requirements import Declared, read_requirements, runtime_pins
from pytest_portable.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

    from support.wheels import Wheelhouse

WITH_EXTRA = '[project]\nname = "app"\noptional-dependencies.x = []\n'


def read(root: Path, *lines: str, constraint_files: tuple[Path, ...] = ()) -> Declared:
    return read_requirements(lines, root, find_interpreter(None), constraint_files=constraint_files)


def test_equal_requirements_have_one_identity(tmp_path: Path) -> None:
    one = read(tmp_path, "NumPy >=2, <3", "a[y,x]==1", "# comment")
    other = read(tmp_path, "a[x,y] == 1", "numpy<3,>=2", "numpy<3,>=2")

    assert one.identity == other.identity
    assert one.names == {"numpy", "a"}


def test_credentials_are_no_part_of_the_identity_and_are_not_shown(tmp_path: Path) -> None:
    one = read(tmp_path, "a @ git+https://tokenA@host/a", "git+https://u:pwA@host/b")
    other = read(tmp_path, "a @ git+https://tokenB@host/a", "git+https://u:pwB@host/b")

    assert one.identity == other.identity
    assert "token" not in repr((one.identity, one.shown))
    assert "tokenA" in one.lines[0]


def test_files_are_followed_and_comments_in_them_change_nothing(tmp_path: Path) -> None:
    nested = tmp_path / "nested"
    nested.mkdir()
    (tmp_path / "a.txt").write_text("numpy>=2 \\\n  ,<3\n-r nested/b.txt\n", encoding="utf-8")
    (nested / "b.txt").write_text("-c c.txt\ndill  # why\n", encoding="utf-8")
    (nested / "c.txt").write_text("dill<1\n", encoding="utf-8")
    before = read(tmp_path, "-r a.txt")

    (nested / "b.txt").write_text("# more\ndill\n-c c.txt\n", encoding="utf-8")
    after = read(tmp_path, "-r a.txt")

    assert before.names == {"numpy", "dill"}
    assert before.constraints == ["dill<1"]
    assert before.shown == ["-r a.txt"]
    assert before.identity == after.identity


def test_a_changed_constraint_changes_the_identity(tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    path.write_text("a<2\n", encoding="utf-8")
    before = read(tmp_path, "a", constraint_files=(path,))

    path.write_text("a<3\n", encoding="utf-8")
    after = read(tmp_path, "a", constraint_files=(path,))

    assert before.constraints == ["a<2"]
    assert before.identity != after.identity


def test_a_replaced_wheel_changes_the_identity(tmp_path: Path, wheelhouse: Wheelhouse) -> None:
    wheel = wheelhouse.add("a", "1.0")
    before = read(tmp_path, str(wheel))

    wheelhouse.add("a", "1.0", modules={"a.py": "other = 1\n"})
    after = read(tmp_path, f"./wheelhouse/{wheel.name}")

    assert before.lines == [f"a @ {wheel.as_uri()}"]
    assert before.names == {"a"}
    assert before.identity != after.identity


def test_a_path_behind_a_name_is_a_path(tmp_path: Path, wheelhouse: Wheelhouse) -> None:
    wheel = wheelhouse.add("a")
    (tmp_path / "pyproject.toml").write_text(WITH_EXTRA, encoding="utf-8")
    by_path = read(tmp_path, str(wheel))

    by_name = [
        read(tmp_path, f"a @ {wheel.as_uri()}"),
        read(tmp_path, f"a @ wheelhouse/{wheel.name}"),
        read(tmp_path, f"a @ file:wheelhouse/{wheel.name}"),
    ]
    project = read(tmp_path, f"app[x] @ {tmp_path.as_uri()} ; python_version > '3'").projects[0]

    assert [each.identity for each in by_name] == [by_path.identity] * 3
    assert (project.path, project.extras) == (tmp_path, "x")


def test_an_editable_line_of_a_file_is_taken_as_the_wheel(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(WITH_EXTRA, encoding="utf-8")
    (tmp_path / "r.txt").write_text("-e .[x]\n", encoding="utf-8")

    assert read(tmp_path, "-r r.txt").projects[0].extras == "x"
    with pytest.raises(SetupError, match="editable"):
        read(tmp_path, "-e .")


def test_options_keep_their_order_and_lose_their_credentials(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text(
        "--index-url https://u:pw@one/\n--extra-index-url https://two/\na\n", encoding="utf-8"
    )

    found = read(tmp_path, "-r r.txt")

    assert found.options == ["--index-url https://u:pw@one/", "--extra-index-url https://two/"]
    assert found.identity[-2:] == [
        "--index-url https://****@one/",
        "--extra-index-url https://two/",
    ]


def test_a_wheelhouse_is_found_beside_the_file_that_names_it_or_from_the_root(
    tmp_path: Path,
) -> None:
    (tmp_path / "sub" / "near").mkdir(parents=True)
    (tmp_path / "sub" / "r.txt").write_text(
        "-f near\n--find-links=far\n--find-links https://h/wheels\n", encoding="utf-8"
    )

    assert read(tmp_path, "-r sub/r.txt").options == [
        f"-f {tmp_path}/sub/near",
        f"--find-links {tmp_path}/far",
        "--find-links https://h/wheels",
    ]


def test_a_file_on_a_server_is_left_to_the_installer(tmp_path: Path) -> None:
    found = read(tmp_path, "-r https://host/r.txt", "-c https://host/c.txt")

    assert found.lines == ["-r https://host/r.txt"]
    assert found.options == ["-c https://host/c.txt"]


def test_hashes_settle_the_versions(tmp_path: Path) -> None:
    assert read(tmp_path, "a==1 --hash=sha256:ab").is_hashed
    assert read(tmp_path, "a==1 --hash=sha256:ab").is_pinned
    assert not read(tmp_path, "a==1").is_pinned
    assert read(tmp_path).is_empty


def test_what_a_marker_excludes_here_does_not_replace_the_serializers_own(tmp_path: Path) -> None:
    here = read(tmp_path, "dill>=0.3; python_version >= '3'")
    elsewhere = read(tmp_path, "dill>=0.3; python_version < '3'")

    assert runtime_pins(["dill==0.4.1"], here) == ()
    assert runtime_pins(["dill==0.4.1"], elsewhere) == ("dill==0.4.1",)


def test_a_group_gives_its_lines_with_those_it_includes(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[dependency-groups]\nBase = ["a"]\ntest = ["b", {include-group = "base"}]\n',
        encoding="utf-8",
    )

    found = read(tmp_path, "group:test")

    assert found.lines == ["b", "a"]
    assert found.shown == ["group:test"]


def test_a_script_gives_its_lines(tmp_path: Path) -> None:
    (tmp_path / "s.py").write_text(
        '# /// script\n# dependencies = [\n#   "a>=1",\n# ]\n# ///\nimport a\n', encoding="utf-8"
    )

    assert read(tmp_path, "script:s.py").lines == ["a>=1"]


def test_a_lock_is_identified_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "pylock.toml"
    path.write_text('lock-version = "1.0"\n[[packages]]\nname = "A_b"\n', encoding="utf-8")
    found = read(tmp_path, "pylock.toml")

    assert found.locks == [path]
    assert found.names == {"a-b"}
    assert found.is_pinned


def test_a_project_is_named_by_its_metadata(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(WITH_EXTRA.replace("app", "My.App"), encoding="utf-8")

    found = read(tmp_path, ".[x]", ". ; python_version < '3'")

    assert [(each.path, each.extras) for each in found.projects] == [(tmp_path, "x")]
    assert found.names == {"my-app"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-r absent.txt", "cannot read"),
        ("-r binary.txt", "not UTF-8"),
        ("-r loop.txt", "includes itself"),
        ("./absent", "no folder"),
        ("./empty", "no pyproject.toml"),
        ("./absent-1.0-py3-none-any.whl", "no file"),
        ("group:tset", "did you mean 'test'"),
        ("group:cycle", "include each other"),
        ("group:odd", "invalid entry"),
        ("script:plain.txt", "no '# /// script' block"),
        ("script:bad.py", "no TOML"),
        ("pylock.bad.toml", "no valid TOML"),
        ("a ; nonsense == 1", "no requirement"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe")
    (tmp_path / "loop.txt").write_text("-r loop.txt\n", encoding="utf-8")
    (tmp_path / "plain.txt").write_text("x\n", encoding="utf-8")
    (tmp_path / "bad.py").write_text("# /// script\n# [[[\n# ///\n", encoding="utf-8")
    (tmp_path / "pylock.bad.toml").write_text("[[[\n", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    (tmp_path / "pyproject.toml").write_text(
        "[dependency-groups]\ntest = []\nodd = [1]\ncycle = [{include-group = 'cycle'}]\n",
        encoding="utf-8",
    )

    with pytest.raises(SetupError, match=words):
        read(tmp_path, line)


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as caught:
        read(tmp_path, "a=1", "-r absent.txt", "ok")

    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(("line", "words"), [(".[y]", "no extra 'y'"), (".[xx]", "mean 'x'")])
def test_an_extra_that_the_project_does_not_have_is_a_mistake(
    tmp_path: Path, line: str, words: str
) -> None:
    (tmp_path / "pyproject.toml").write_text(WITH_EXTRA, encoding="utf-8")

    with pytest.raises(SetupError, match=words):
        read(tmp_path, line)


def test_extras_that_a_build_decides_are_left_to_it(tmp_path: Path) -> None:
    text = WITH_EXTRA.replace("optional-dependencies.x = []", 'dynamic = ["optional-dependencies"]')
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")

    assert read(tmp_path, ".[y]").projects[0].extras == "y"


def test_a_file_with_many_mistakes_tells_three_of_them(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("not a name\n" * 2 + "".join(f"{n} x\n" for n in range(99)))

    with pytest.raises(SetupError) as caught:
        read(tmp_path, "-r r.txt")

    assert "and 98 more mistakes in" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 3
