from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from vidcurate.model.winograd import TILES, Scratch, Winograd


@pytest.mark.parametrize(("height", "width"), [(27, 48), (13, 24), (6, 12), (1, 4), (4, 8)])
@pytest.mark.parametrize("n", [1, 3])
def test_the_result_is_that_of_a_convolution(n, height, width):
    torch.manual_seed(0)
    x, weight = torch.randn(n, height, width, 5), torch.randn(8, 5, 3, 3)
    out = [torch.full((n, height, width, 4), torch.nan), torch.full((n, height, width, 4), torch.nan)]

    Winograd(weight)(x, out, Scratch())

    expected = F.conv2d(x.permute(0, 3, 1, 2), weight, padding=1).permute(0, 2, 3, 1)
    torch.testing.assert_close(torch.cat(out, dim=3), expected, rtol=0, atol=1e-4)  # values to 20, 24 bits of mantissa


def test_many_pictures_go_through_a_few_at_a_time_and_leave_nothing_behind():
    torch.manual_seed(0)
    layer, scratch = Winograd(torch.randn(8, 4, 3, 3)), Scratch()
    x = torch.randn(2 * TILES // 12 + 1, 13, 12, 4)
    together, alone = torch.empty(len(x), 13, 12, 8), torch.empty(len(x), 13, 12, 8)
    smaller = torch.empty(2, 6, 12, 8)

    layer(x, [together], scratch)
    layer(x[:2, :6], [smaller], scratch)
    for index in range(len(x)):
        layer(x[index : index + 1], [alone[index : index + 1]], scratch)

    torch.testing.assert_close(together, alone, rtol=0, atol=2e-4)  # kernels of AVX-512 add in an order of their own
    expected = torch.empty(2, 6, 12, 8)
    layer(x[:2, :6], [expected], Scratch())
    torch.testing.assert_close(smaller, expected, rtol=0, atol=0)
