"""What every test relies on: one thread, no display, the same examples, a folder to write in."""

from __future__ import annotations

import os

# Read when numpy and matplotlib are imported, so this comes before them.
os.environ.update(
    MKL_NUM_THREADS="1",
    MPLBACKEND="Agg",
    OMP_NUM_THREADS="1",
    OPENBLAS_NUM_THREADS="1",
    VECLIB_MAXIMUM_THREADS="1",
)

from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

# The same examples on every machine and in every run: a failure is never luck.
hypothesis.settings.register_profile(
    "reproducible",
    database=None,
    deadline=None,
    derandomize=True,
    print_blob=True,
    # It measures the machine and not the code.
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
# A search for new counterexamples: pytest --hypothesis-profile=search
hypothesis.settings.register_profile(
    "search",
    deadline=None,
    max_examples=2000,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("reproducible")


@pytest.fixture(scope="session", autouse=True)
def scratch_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run the tests in a folder of their own, so that none writes into the checkout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("scratch"))
        yield
