from __future__ import annotations

import pickle

import pytest

from vidcurate.errors import ConfigError, MissingExtra, Stopped, VidcurateError


@pytest.mark.parametrize(
    "error",
    [ConfigError(["a is wrong", "b, too"]), MissingExtra("dask", package="distributed", extra="dask"), Stopped("here")],
)
def test_an_error_comes_back_from_another_process_as_it_was(error: VidcurateError):
    again = pickle.loads(pickle.dumps(error))

    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
    assert again.exit_code == error.exit_code
