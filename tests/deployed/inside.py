"""Runs inside the package, by Python 3.13 without site-packages: `python -S inside.py WHAT ...`, for test_package.py.

`examples FOLDER` writes what each example of a bad upload gives; `invoke` reads events, a line each, calls the handler
and prints its answers; `modules` imports each module that the package has of ours, and prints where it lies.
"""

import importlib
import importlib.util
import json
import pkgutil
import sys
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).parent


def examples(folder: str) -> None:
    spec = importlib.util.spec_from_file_location("examples", HERE.parent / "examples.py")
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    for example in found.EXAMPLES:
        for name, data in found.quarantined(found.run(example).objects):
            Path(folder, example.name).mkdir(exist_ok=True)
            Path(folder, example.name, name).write_bytes(data)


def invoke() -> None:
    from handler import handler

    context = SimpleNamespace(
        function_name="etl",
        memory_limit_in_mb=2048,
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:etl",
        aws_request_id="b6c59e0a-59d4-4d7f-9d2c-4a1a2d0b5a3e",
        get_remaining_time_in_millis=lambda: 300_000,
    )
    answers = [handler(json.loads(line), context) for line in sys.stdin]
    print(json.dumps(answers))  # noqa: T201  its output


def modules() -> None:
    import etl

    names = ["handler", *(module.name for module in pkgutil.walk_packages(etl.__path__, "etl."))]
    print(json.dumps({name: importlib.import_module(name).__file__ for name in names}))  # noqa: T201


if __name__ == "__main__":
    {"examples": examples, "invoke": invoke, "modules": modules}[sys.argv[1]](*sys.argv[2:])
