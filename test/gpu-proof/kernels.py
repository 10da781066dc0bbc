"""Kernels of Triton, in a file of their own, as Triton reads their source."""

import torch
import triton
import triton.language as tl


@triton.jit
def add_kernel(x, y, out, size, block: tl.constexpr):
    at = tl.program_id(0) * block + tl.arange(0, block)
    inside = at < size
    tl.store(out + at, tl.exp(tl.load(x + at, mask=inside)) + tl.load(y + at, mask=inside), mask=inside)


@triton.jit
def product_kernel(a, b, out, width: tl.constexpr):
    rows = tl.arange(0, width)
    places = rows[:, None] * width + rows[None, :]
    tl.store(out + places, tl.dot(tl.load(a + places), tl.load(b + places)))


def results(drawn):
    x, y = drawn(5000), drawn(5000)
    total = torch.empty_like(x)
    add_kernel[(triton.cdiv(5000, 1024),)](x, y, total, 5000, block=1024)
    a, b = drawn(64, 64, dtype=torch.float16), drawn(64, 64, dtype=torch.float16)
    out = torch.empty(64, 64, dtype=torch.float32, device=a.device)
    product_kernel[(1,)](a, b, out, width=64)
    return [total, out]
