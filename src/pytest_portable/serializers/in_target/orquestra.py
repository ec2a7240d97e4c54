"""A Ray worker's side of Orquestra: its runtime's own functions, without a Ray cluster."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["dumps", "loads", "run"]


def loads(data: bytes) -> Any:
    """Load a result, a constant, or an inline function."""
    import json

    from orquestra.workflow_shared import dispatch, serde
    from orquestra.workflow_shared.schema import ir

    found = json.loads(data.decode())
    if found.get("type") != "INLINE_FUNCTION_REF":
        return serde.value_from_result_dict(found)
    located: Any = dispatch.locate_fn_ref(ir.InlineFunctionRef(**found))
    return getattr(located, "_TaskDef__sdk_task_body", located)


def dumps(value: object) -> bytes:
    """Dump a task's result: as JSON where that works, else with cloudpickle."""
    from orquestra.workflow_shared import serde
    from orquestra.workflow_shared.schema import ir

    text: str = serde.result_from_artifact(value, ir.ArtifactFormat.AUTO).model_dump_json()
    return text.encode()


def run(message: bytes) -> tuple[bytes, BaseException | None]:
    """Run the one task of a workflow as the runtime's `_ray_remote` does."""
    import traceback

    from orquestra.workflow_runtime._ray import _build_workflow as runtime
    from orquestra.workflow_shared.schema import ir

    workflow = ir.WorkflowDef.model_validate_json(message.decode())
    (invocation,) = workflow.task_invocations.values()
    reference = workflow.tasks[invocation.task_id].fn_ref
    args, arg_nodes = runtime._gather_args(invocation.args_ids, workflow, {})
    kwargs, kwarg_nodes = runtime._gather_kwargs(invocation.kwargs_ids, workflow, {})
    function = runtime._get_user_function(reference, False, None)
    unwrap = runtime.ArgumentUnwrapper(function, arg_nodes, kwarg_nodes, deserialize=True)
    try:
        result = unwrap(*args, **kwargs)
    except Exception as error:
        return traceback.format_exc().encode(), error
    return dumps(result), None
