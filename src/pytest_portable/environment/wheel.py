"""Build the wheels of local projects that an environment needs."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pytest_portable.environment.build_plan import BuildPlan
from pytest_portable.environment.install_errors import build_error
from pytest_portable.environment.installers import Bench
from pytest_portable.environment.layout import environment_python
from pytest_portable.environment.lines import archive_name, direct_reference
from pytest_portable.environment.processes import Completed
from pytest_portable.environment.project import Tree, copy_tree, keep_wheel, kept_wheel
from pytest_portable.environment.store import Store

__all__ = ["project_lines"]


def project_lines(
    plan: BuildPlan, store: Store, path: Path, bench: Bench, report: Callable[[str], None]
) -> tuple[str, ...]:
    """Return the lines that install a plan's projects from wheels; build the missing ones.

    Args:
        plan: names the projects and their trees.
        store: keeps the wheels.
        path: the new environment, bare; wheels are built for its interpreter.
        bench: where to work.
        report: called with each step.

    Raises:
        InstallError: a project does not build; the text is the build's output.
    """
    lines, wheels = [], store.root / "wheels"
    for project, tree in zip(plan.declared.projects, plan.trees, strict=True):
        wheel = kept_wheel(wheels, tree, plan.interpreter)
        if wheel is None:
            with store.lock(f"wheel-{tree.digest}", report):
                report(f"building a wheel of {tree.path}")
                # The builder of another environment may have made it while we waited.
                wheel = kept_wheel(wheels, tree, plan.interpreter)
                wheel = wheel or _built(plan, wheels, path, bench, tree)
        name = archive_name(wheel)
        lines.append(direct_reference(name, project.extras, wheel.as_uri(), project.marker))
    return tuple(lines)


def _built(plan: BuildPlan, wheels: Path, path: Path, bench: Bench, tree: Tree) -> Path:
    done = _build(plan, bench, tree, environment_python(path))
    if not done.ok and not done.timed_out:
        # The build's own tools may not support an old target that the wheel itself supports.
        again = _build(plan, bench, tree, Path(sys.executable))
        done = again if again.ok else done
    built = sorted((bench.folder / "out").glob("*.whl"))
    if not done.ok or not built:
        raise build_error(plan, done, tree.path)
    return keep_wheel(wheels, tree, plan.interpreter, built[-1])


def _build(plan: BuildPlan, bench: Bench, tree: Tree, python: Path) -> Completed:
    source, out = bench.folder / "source", bench.folder / "out"
    for folder in (source, out):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    copy_tree(tree, source)
    # Git must not refresh the index of the real working tree with the stamps of the copy.
    quiet = replace(bench, env={**bench.env, "GIT_OPTIONAL_LOCKS": "0"})
    return plan.installer.build_wheel(source, out, python, plan.interpreter, quiet)
