"""What models are made of: attention, convolution, normalisation, recurrence and the small kernels of torch."""

import torch
import torch.nn.functional as F
from checks import DEVICE, check, drawn
from torch.nn.attention import SDPBackend, sdpa_kernel

BACKENDS = {
    "flash": SDPBackend.FLASH_ATTENTION,
    "memory efficient": SDPBackend.EFFICIENT_ATTENTION,
    "cudnn": SDPBackend.CUDNN_ATTENTION,
    "plain": SDPBackend.MATH,
}


def attention(backend, dtype, width):
    q, k, v = (drawn(2, 8, 256, width, dtype=dtype).requires_grad_() for _ in range(3))
    with sdpa_kernel([backend]):
        out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    out.float().sum().backward()
    return [out, q.grad, k.grad, v.grad]


for backend_name, backend in BACKENDS.items():
    for dtype in (torch.float16, torch.bfloat16):
        for width in (64, 128):
            check(f"attention {backend_name} {str(dtype).removeprefix('torch.')} {width}")(
                lambda backend=backend, dtype=dtype, width=width: attention(backend, dtype, width)
            )


def convolution(act, dtype):
    x, w = act["x"], act["w"]
    inputs = [drawn(*x, dtype=dtype).requires_grad_(), drawn(*w, dtype=dtype, scale=0.1).requires_grad_()]
    out = act["call"](*inputs)
    out.float().sum().backward()
    return [out, *(one.grad for one in inputs)]


CONVOLUTIONS = {
    "1d": {"x": (4, 80, 300), "w": (128, 80, 3), "call": lambda x, w: F.conv1d(x, w, padding=1)},
    "2d": {"x": (4, 16, 56, 56), "w": (32, 16, 3, 3), "call": lambda x, w: F.conv2d(x, w, padding=1)},
    "2d patches": {"x": (2, 3, 224, 224), "w": (64, 3, 14, 14), "call": lambda x, w: F.conv2d(x, w, stride=14)},
    "2d depthwise": {"x": (2, 32, 32, 32), "w": (32, 1, 5, 5), "call": lambda x, w: F.conv2d(x, w, groups=32)},
    "2d transposed": {"x": (2, 16, 14, 14), "w": (16, 8, 4, 4), "call": lambda x, w: F.conv_transpose2d(x, w, stride=2)},
    "3d": {"x": (1, 3, 8, 56, 56), "w": (16, 3, 2, 14, 14), "call": lambda x, w: F.conv3d(x, w, stride=(2, 14, 14))},
}
for conv_name, act in CONVOLUTIONS.items():
    for dtype in (torch.float32, torch.float16):
        check(f"convolution {conv_name} {str(dtype).removeprefix('torch.')}")(
            lambda act=act, dtype=dtype: convolution(act, dtype)
        )


@check("normalisation")
def normalisation():
    x = drawn(8, 64, 256, dtype=torch.bfloat16)
    image = drawn(4, 16, 28, 28)
    mean, var = torch.zeros(16, device=DEVICE), torch.ones(16, device=DEVICE)
    batch = F.batch_norm(image, mean, var, training=True)
    return [F.layer_norm(x, (256,)), F.rms_norm(x, (256,)), F.group_norm(image, 4), batch]


@check("recurrence lstm and gru")
def recurrence():
    x = drawn(20, 4, 64)
    lstm = torch.nn.LSTM(64, 128, num_layers=2).to(DEVICE)
    gru = torch.nn.GRU(64, 96).to(DEVICE)
    return [lstm(x)[0], gru(x)[0]]


@check("small kernels")
def small():
    x = drawn(64, 4097)
    index = torch.randint(0, 500, (32, 17)).to(DEVICE)
    return [
        torch.softmax(x, -1), F.gelu(x), F.silu(x), torch.logsumexp(x, 0), x.sort(dim=1).values, x.topk(50).values,
        x.cumsum(1), torch.where(x > 0, x, -x), F.embedding(index, drawn(500, 96, dtype=torch.bfloat16)), x.argmax(1),
    ]


@check("random numbers of the device")
def random():
    return [torch.rand(4096, device=DEVICE), torch.randn(4097, device=DEVICE), torch.randperm(999, device=DEVICE),
            torch.multinomial(torch.rand(8, 100, device=DEVICE), 5)]


@check("pictures: pooling, resizing, sampling")
def pictures():
    x = drawn(2, 8, 40, 40)
    grid = drawn(2, 20, 20, 2, scale=0.5)
    resized = F.interpolate(x, scale_factor=1.7, mode="bicubic")
    return [F.max_pool2d(x, 3), F.adaptive_avg_pool2d(x, 7), resized, F.grid_sample(x, grid, align_corners=False)]


@check("a model of two layers, 24 tokens")
def model():
    layer = torch.nn.TransformerEncoderLayer(256, 8, 512, batch_first=True, dropout=0.0)
    net = torch.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).to(DEVICE, torch.bfloat16).eval()
    table = drawn(1000, 256, dtype=torch.bfloat16)
    tokens = torch.tensor([[1, 2, 3]], device=DEVICE)
    with torch.inference_mode():
        for _ in range(24):
            mask = torch.nn.Transformer.generate_square_subsequent_mask(tokens.shape[1], device=DEVICE, dtype=torch.bfloat16)
            last = net(table[tokens], mask=mask)[:, -1]
            tokens = torch.cat([tokens, (last @ table.T).argmax(-1, keepdim=True)], 1)
    return tokens
