"""Test set-up: Hypothesis profiles, and the code blocks of README and docs as tests."""

import os
from importlib.util import find_spec

from hypothesis import HealthCheck, settings
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

settings.register_profile(
    "dev", max_examples=50, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "ci", max_examples=80, deadline=None, derandomize=True, database=None, print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
settings.register_profile("nightly", max_examples=5000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Without a choice the runs are repeatable: the same examples on every machine.
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser()], patterns=["README.md", "docs/*.md", "models/*.md"]
).pytest()

# Needs Java and half a gigabyte of packages; `.ci/run` gives it a step of its own.
collect_ignore = [] if find_spec("pyspark") else ["tests/spark_cluster.py"]
