from __future__ import annotations

import gzip
import json
import pickle
from importlib import metadata
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.cli import main
from pytest_portable.cli.as_options import as_options
from support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path


def test_portable_object_gives_0_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["check", "collections:OrderedDict", "--json"])

    assert status == 0
    assert json.loads(capsys.readouterr().out)["portable"] is True


def test_payload_that_does_not_load_gives_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "payload.bin"
    file.write_bytes(b"cnowhere_at_all\nthing\n.")

    status = main(["check", str(file)])

    assert status == 1
    assert "nowhere_at_all" in capsys.readouterr().out


def checked(file: Path, capsys: pytest.CaptureFixture[str], *more: str) -> Any:
    main(["check", str(file), "--json", *more])
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("content", "words", "fix"),
    [
        pytest.param(
            b"\x93NUMPY\x01\0v\0", "no pickle: it is a NumPy file", "numpy.load", id="npy"
        ),
        pytest.param(b'{"a": 1}', "no pickle: it is JSON text", "json", id="json"),
        pytest.param(
            gzip.compress(pickle.dumps([1])), "a pickle packed with gzip", "joblib", id="gzip"
        ),
    ],
)
def test_a_file_that_is_no_pickle_is_told_as_what_it_is(
    content: bytes, words: str, fix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)

    (problem,) = checked(file, capsys)["problems"]

    assert (problem["code"], problem["stage"], problem["path"]) == ("load-hook", "load", "obj")
    assert words in problem["message"]
    assert fix in problem["remedies"][0]["text"]


def test_a_file_that_was_cut_off_is_a_pickle_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_bytes(pickle.dumps(list(range(1000)), 3)[:50])

    found = checked(file, capsys)

    assert found["problems"][0]["message"].startswith("the load raised")
    assert found["protocol"] == 3


def test_versions_of_who_made_a_file_are_not_taken_from_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(tmp_path, "dill", "0.3.9", {"dill/__init__.py": ""})
    file = tmp_path / "file"
    file.write_bytes(b"cdill.session\nload\n.cpytest_gone\nload\n.cdill\nFile\n.")
    wheel = tmp_path / "dill-0.3.9-py3-none-any.whl"

    moved, gone, name = checked(file, capsys, "--dep", str(wheel))

    here = metadata.version("dill")
    for one in (moved, name):
        assert one["problems"][0]["distribution"] == "dill"
        assert "dill 0.3.9" in one["problems"][0]["message"]
    assert here not in str([moved["problems"], gone["problems"], name["problems"]])


def test_a_version_that_the_bytes_tell_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    house = {"sklearn/__init__.py": "", "sklearn/tree.py": "class Other: pass\n"}
    there = make_wheel(tmp_path, "scikit-learn", "1.3.2", house)
    info = tmp_path / "here" / "scikit_learn-1.9.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: scikit-learn\nVersion: 1.9.1\n")
    (info / "top_level.txt").write_text("sklearn\n")
    monkeypatch.syspath_prepend(str(tmp_path / "here"))
    file = tmp_path / "file"
    # An instance of `sklearn.tree.Tree`, whose state has the version.
    file.write_bytes(
        b"\x80\x02csklearn.tree\nTree\n)R}X\x10\0\0\0_sklearn_versionX\x05\0\0\x001.2.2sb."
    )

    (problem,) = checked(file, capsys, "--dep", str(there))["problems"]

    assert (problem["code"], problem["distribution"]) == ("version-skew", "scikit-learn")
    assert "scikit-learn 1.3.2 is installed there" in problem["message"]
    assert "it is scikit-learn 1.2.2" in problem["message"]
    assert problem["remedies"][0]["change"] == '"scikit-learn==1.2.2"'


def test_every_record_of_a_file_is_told_on_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tasks.pkl"
    bad = b"cnowhere_at_all\nthing\n."
    file.write_bytes(pickle.dumps({"hash": "a"}) + bad + pickle.dumps({"hash": "c"}))

    assert main(["check", str(file)]) == 1
    told = capsys.readouterr().out
    assert "record 1: " in told
    assert "nowhere_at_all" in told
    assert told.splitlines()[-1] == "2 of 3 records are portable"

    assert main(["check", str(file), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [one["portable"] for one in found] == [True, False, True]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["check", "os"], "neither a file nor MODULE:NAME", id="no colon"),
        pytest.param(["check", "os:gone"], "cannot be had", id="no attribute"),
        pytest.param(["check", "os:sep", "--dep", "a b c"], "is no requirement", id="dep"),
        pytest.param(["check", "os:sep", "--python", ">=x"], "no version range", id="python"),
        pytest.param(["check", "os:sep", "--serializer", "dil"], "did you mean 'dill'", id="name"),
        pytest.param(
            ["check", "os:sep", "--serializer", "os:sep"], "no pytest_portable.Serializer", id="own"
        ),
        pytest.param(["check", "os:sep", "--constraint", "gone.txt"], "no such file", id="file"),
        pytest.param(["check", "os:sep", "--python", "/no/python"], "is not there", id="set-up"),
    ],
)
def test_misuse_and_set_up_failures_give_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(arguments)

    assert status == 2
    assert said in capsys.readouterr().err


def test_a_serializer_of_the_user_is_named_as_objects_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_format.py").write_text(
        "import json\nfrom pytest_portable import Serializer\n"
        "MINE = Serializer(name='mine', dumps=lambda obj: json.dumps(obj).encode(),\n"
        "    loaders='json:loads')\n"
    )
    monkeypatch.setattr("sys.path", [*__import__("sys").path])

    assert main(["check", "sys:byteorder", "--serializer", "own_format:MINE", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["payload_bytes"] == len('"little"')


def test_payload_in_a_file_is_never_loaded_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "payload.bin"
    file.write_bytes(pickle.dumps({"a": 1}))

    assert main(["check", str(file), "--probe", "obj['a']"]) == 0
    assert "portable" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ('deps=[..., "yaml"]', '--dep "yaml"'),
        ('deps=[..., "a==1", "b>=2"]', '--dep "a==1" --dep "b>=2"'),
        ('install the project: deps=[..., "."]', 'install the project: --dep "."'),
        ('python="3.12"', '--python "3.12"'),
        ('serializer="cloudpickle" sends it', '--serializer "cloudpickle" sends it'),
        ('by_value=["acme"]', 'by_value=["acme"]'),
        ('with_python="3.12"', 'with_python="3.12"'),
    ],
)
def test_remedies_are_options_of_the_command_line(text: str, options: str) -> None:
    assert as_options(text) == options


def test_a_diagnosis_says_what_to_add_to_the_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = main(["check", "markdown_it:MarkdownIt"])
    said = capsys.readouterr().out

    assert status == 1
    assert 'fix:   --dep "markdown-it-py"\n' in said
    assert "deps=" not in said


@pytest.fixture
def _factories_a(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "factories_a.py").write_text(
        "VALUE = 1\ndef make(): return {'a': [1]}\ndef fail(): raise ValueError('not today')\n"
        "class Maker:\n    @staticmethod\n    def make(): return 2\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("_factories_a")
@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("factories_a:make()", 0, "portable to"),
        ("factories_a:Maker.make()", 0, "portable to"),
        ("factories_a:VALUE()", 2, "'factories_a:VALUE()': VALUE is no callable"),
        ("factories_a:fail()", 2, "'factories_a:fail()' cannot be had: ValueError: not today"),
    ],
)
def test_an_object_may_be_what_a_function_returns(
    name: str, status: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", name]) == status
    told = capsys.readouterr()
    assert words in told.out + told.err
