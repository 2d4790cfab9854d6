"""Noise is measured from runs of one program."""

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.noise import Noise, measure_noise


def test_groups_are_pooled_about_their_own_means() -> None:
    assert measure_noise([[1.0, 2.0, 3.0]]) == Noise(1.0, 2)
    assert measure_noise([[1.0, 2.0, 3.0], [11.0, 13.0], [7.0]]) == Noise((4 / 3) ** 0.5, 3)


@pytest.mark.parametrize("groups", [[], [[1.0]], [[1.0, 2.0]]])
def test_too_few_runs(groups: list[list[float]]) -> None:
    with pytest.raises(DeskError, match="the noise cannot be measured"):
        measure_noise(groups)
