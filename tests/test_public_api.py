"""What is promised at the root, and what importing it costs."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import buttockpain as bp

ROOT = Path(__file__).parents[1]


def test_every_exported_name_is_documented() -> None:
    """Each public name stands in the API tour, and has a docstring."""
    tour = (ROOT / "docs" / "api.md").read_text()
    for name in bp.__all__:
        assert re.search(rf"\b{name}\b", tour), name
        if name != "__version__":
            assert inspect.getdoc(getattr(bp, name)), name


def test_names_are_announced_once_and_alike() -> None:
    """What type checkers see, what is fetched on first use, and what is exported are the same names."""
    tree = ast.parse(Path(bp.__file__).read_text())
    seen = {
        alias.name: node.module
        for block in tree.body if isinstance(block, ast.If)
        for node in block.body if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }  # fmt: skip
    fetched = {name: f"buttockpain.{home}" for home, names in vars(bp)["_HOME"].items() for name in names}
    assert seen == fetched
    assert {*fetched, "__version__"} == set(bp.__all__) <= set(dir(bp))
    with pytest.raises(AttributeError, match="'buttockpain' has no attribute 'rnak'"):
        bp.rnak  # noqa: B018


def test_functions_take_all_but_the_first_arguments_by_keyword() -> None:
    """After one or two arguments everything is keyword-only, so that an added parameter breaks nobody."""
    for name in bp.__all__:
        member = getattr(bp, name)
        functions = [member] if inspect.isfunction(member) else []
        if name == "Model":
            functions = [
                function for key, function in vars(bp.Model).items() if inspect.isfunction(function) and key[0] != "_"
            ]
        for function in functions:
            positional = [
                parameter for parameter in inspect.signature(function).parameters.values()
                if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD) and parameter.name != "self"
            ]  # fmt: skip
            assert len(positional) <= 2, function


def test_importing_loads_no_optional_package() -> None:
    """`import buttockpain` brings in numpy, pydantic and the standard library, and no model-file classes."""
    code = (
        "import sys, numpy, pydantic; from pydantic import BaseModel; import pydantic._internal._generate_schema;"
        "before = set(sys.modules); import buttockpain; bare = set(sys.modules) - before; buttockpain.rank;"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(new - sys.stdlib_module_names)); print('buttockpain.knowledge' in sys.modules);"
        "print(sorted(bare))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    third_party, knowledge, bare = result.stdout.splitlines()
    assert set(re.findall(r"'(\w+)'", third_party)) <= {
        "buttockpain",
        "numpy",
        "pydantic",
        "pydantic_core",
        "annotated_types",
    }
    assert knowledge == "False"
    assert bare == "['buttockpain', 'buttockpain.version']"


def test_ranking_opens_no_connection_file_or_process() -> None:
    """Once the model is loaded, ranking touches neither the network nor files, processes or pickles."""
    code = (
        "import sys, buttockpain as bp; model = bp.default_model(); model.rank(); seen = [];"
        "sys.addaudithook(lambda event, args: seen.append(event));"
        "model.rank(low_back_pain='yes', age=40, slr_positive=0.7, saddle_numbness='yes').model_dump_json();"
        "print([e for e in seen if e.split('.')[0] in ('open', 'socket', 'subprocess', 'pickle', 'os', 'exec', 'compile')])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_ranking_logs_nothing() -> None:
    """Nothing about a person is logged, not even at the lowest level."""
    code = (
        "import logging, io; stream = io.StringIO(); logging.basicConfig(level=0, stream=stream);"
        "import buttockpain as bp; bp.rank(low_back_pain='yes', age=41)\n"
        "try: bp.rank(leg_weakness='Erika Mustermann')\n"
        "except bp.AnswerError as error: print('Mustermann' in str(error) + repr(error), end='')\n"
        "print(stream.getvalue())"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
