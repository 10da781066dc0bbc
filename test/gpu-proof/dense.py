"""Dense, sparse and spectral algebra: cuBLAS, cuBLASLt, cuSOLVER, cuSPARSE, cuSPARSELt, cuFFT and torch's own kernels."""

import torch
from checks import DEVICE, check, drawn

SHAPES = {"square": (1024, 1024, 1024), "vector": (1, 4096, 1024), "odd": (127, 333, 511), "wide": (16, 512, 8192)}
DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.complex64]


def product(shape, dtype):
    m, k, n = shape
    return drawn(m, k, dtype=dtype) @ drawn(k, n, dtype=dtype)


for shape_name, shape in SHAPES.items():
    for dtype in DTYPES:
        name = f"product {str(dtype).removeprefix('torch.')} {shape_name}"
        check(name)(lambda shape=shape, dtype=dtype: product(shape, dtype))


@check("product float32 as tf32")
def tf32():
    torch.backends.cuda.matmul.allow_tf32 = True
    try:
        return product(SHAPES["square"], torch.float32)
    finally:
        torch.backends.cuda.matmul.allow_tf32 = False


@check("product int8")
def int8():
    a = torch.randint(-128, 127, (256, 512), dtype=torch.int8).to(DEVICE)
    b = torch.randint(-128, 127, (512, 256), dtype=torch.int8).to(DEVICE)
    return torch._int_mm(a, b)


@check("product float8")
def float8():
    a = drawn(256, 512).to(torch.float8_e4m3fn)
    b = drawn(256, 512).to(torch.float8_e4m3fn).t()
    one = torch.ones((), device=DEVICE)
    return torch._scaled_mm(a, b, scale_a=one, scale_b=one, out_dtype=torch.bfloat16)


@check("product batched with bias and activation")
def epilogues():
    x, w, bias = (drawn(*shape, dtype=torch.bfloat16) for shape in [(512, 768), (768, 1024), (1024,)])
    batch = torch.bmm(drawn(8, 96, 64, dtype=torch.float16), drawn(8, 64, 80, dtype=torch.float16))
    return [torch.addmm(bias, x, w), torch._addmm_activation(bias, x, w, use_gelu=True), batch]


@check("transform fft")
def fft():
    x = drawn(8, 4096, dtype=torch.complex64)
    odd = drawn(4, 1009)
    return [torch.fft.fft(x), torch.fft.rfft(odd), torch.fft.ifft2(drawn(64, 96, dtype=torch.complex64))]


@check("transform fft float64")
def fft64():
    return torch.fft.fftn(drawn(16, 24, 30).to(torch.float64))


@check("sparse csr")
def csr():
    dense = drawn(256, 384) * (drawn(256, 384) > 1)
    return [dense.to_sparse_csr() @ drawn(384, 64), torch.sparse.mm(dense.to_sparse(), drawn(384, 32))]


@check("sparse sampled product")
def sampled():
    pattern = (drawn(128, 128) > 1).float().to_sparse_csr()
    return torch.sparse.sampled_addmm(pattern, drawn(128, 64), drawn(64, 128)).values()


@check("sparse 2:4")
def semi_structured():
    from torch.sparse import to_sparse_semi_structured

    weight = torch.tensor([0, 0, 1, 1], dtype=torch.float16).tile((128, 64)).to(DEVICE) * drawn(128, 256, dtype=torch.float16)
    return torch.mm(to_sparse_semi_structured(weight), drawn(256, 128, dtype=torch.float16))


def positive(size):
    a = drawn(size, size).to(torch.float64)
    return a @ a.T + size * torch.eye(size, dtype=torch.float64, device=DEVICE)


@check("solver cholesky")
def cholesky():
    return torch.linalg.cholesky(positive(200))


@check("solver linear equations")
def solve():
    return [torch.linalg.solve(positive(150), drawn(150, 4).to(torch.float64)), torch.linalg.inv(positive(32).float())]


@check("solver qr and least squares")
def qr():
    return [*torch.linalg.qr(drawn(120, 80)), torch.linalg.lstsq(drawn(90, 30), drawn(90, 3)).solution]


@check("solver eigenvalues and singular values")
def eigen():
    return [torch.linalg.eigvalsh(positive(96)), torch.linalg.svdvals(drawn(80, 60))]
