"""What is compiled while it runs, graphs, and NCCL with one rank."""

import os
import tempfile

import torch
from checks import DEVICE, check, drawn


def on_card():
    if DEVICE != "cuda":
        raise RuntimeError("this check needs a card")


@check("triton sum and product")
def triton_kernels():
    on_card()
    import kernels

    return kernels.results(drawn)


def small_net(x, w):
    return torch.nn.functional.silu(torch.nn.functional.layer_norm(x @ w, (w.shape[1],))).sum(-1)


@check("inductor")
def inductor():
    compiled = torch.compile(small_net)
    return [compiled(drawn(64, 128), drawn(128, 256)), compiled(drawn(96, 128), drawn(128, 256))]


@check("inductor with attention and tuned products")
def inductor_tuned():
    on_card()
    compiled = torch.compile(small_net, mode="max-autotune-no-cudagraphs")
    return compiled(drawn(256, 512, dtype=torch.bfloat16), drawn(512, 512, dtype=torch.bfloat16)).isfinite()


@check("nvrtc: a function compiled by torch")
def jiterator():
    on_card()
    act = torch.cuda.jiterator._create_jit_fn("template <typename T> T act(T x, T y) { return x * y + x; }")
    return act(drawn(1000), drawn(1000))


@check("graph captured and replayed")
def graph():
    on_card()
    w = drawn(256, 256, dtype=torch.float16, scale=0.05)
    x = drawn(64, 256, dtype=torch.float16)
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            torch.relu(x @ w) @ w
    torch.cuda.current_stream().wait_stream(stream)
    captured = torch.cuda.CUDAGraph()
    with torch.cuda.graph(captured):
        out = torch.relu(x @ w) @ w
    x.copy_(drawn(64, 256, dtype=torch.float16))
    captured.replay()
    return out.clone()


@check("nccl with one rank")
def nccl():
    on_card()
    import torch.distributed as dist

    folder = tempfile.mkdtemp()
    dist.init_process_group("nccl", init_method=f"file://{folder}/ranks", rank=0, world_size=1)
    try:
        x = drawn(4096)
        dist.all_reduce(x, op=dist.ReduceOp.AVG)
        y = drawn(512, dtype=torch.bfloat16)
        dist.broadcast(y, 0)
        out = torch.empty(512, dtype=torch.bfloat16, device=DEVICE)
        dist.reduce_scatter_tensor(out, y)
        return [x, y, out]
    finally:
        dist.destroy_process_group()
        os.system(f"rm -rf {folder}")
