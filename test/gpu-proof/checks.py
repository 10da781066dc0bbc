"""Computes with one torch and writes what came out, as digests of bits.

Arguments: the device (cuda or cpu), what to do (all, or eager: import and one product), and the file to write.
Every check has its own seed, so that its numbers do not depend on the checks before it.
"""

import hashlib
import json
import os
import sys
import time

BEGAN = time.monotonic()

import torch  # noqa: E402

IMPORTED = time.monotonic()
DEVICE, WHAT, OUTPUT = sys.argv[1:4]
CHECKS = {}


def check(name):
    def keep(act):
        CHECKS[name] = act
        return act

    return keep


def drawn(*shape, dtype=torch.float32, scale=1.0):
    """The same numbers on every device: drawn on the CPU."""
    return (torch.randn(*shape, dtype=torch.float32) * scale).to(dtype).to(DEVICE)


def tensors_in(value):
    if torch.is_tensor(value):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_in(item)


def digest_of(value):
    digest = hashlib.sha256()
    for tensor in tensors_in(value):
        if tensor.layout != torch.strided:
            tensor = tensor.to_dense()
        bits = torch.view_as_real(tensor) if tensor.is_complex() else tensor
        flat = bits.detach().resolve_conj().cpu().contiguous().view(-1).view(torch.uint8)
        digest.update(str((tuple(tensor.shape), str(tensor.dtype))).encode())
        digest.update(flat.numpy().tobytes())
    return digest.hexdigest()


def run(name, act):
    began = time.monotonic()
    torch.manual_seed(20)
    try:
        value = act()
        if DEVICE == "cuda":
            torch.cuda.synchronize()
        found = {"digest": digest_of(value)}
    except Exception as error:  # what fails is a result as well
        found = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:300]}
    return {"name": name, "seconds": round(time.monotonic() - began, 3), **found}


def mapped_libraries():
    with open("/proc/self/maps", encoding="utf8") as lines:
        paths = {line.rstrip("\n").split(maxsplit=5)[5] for line in lines if line.count("/")}
    return sorted(path for path in paths if ".so" in path)


def resident_bytes():
    with open("/proc/self/status", encoding="utf8") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def device_facts():
    if DEVICE != "cuda":
        return None
    try:
        free, total = torch.cuda.mem_get_info()
    except RuntimeError:
        return None
    return {"usedBytes": total - free, "totalBytes": total, "peakBytes": torch.cuda.max_memory_allocated()}


def first_product():
    a = torch.ones(64, 64, device=DEVICE)
    value = (a @ a).sum().item()
    assert value == 64**3, value


def main():
    first = None
    try:
        first_product()
    except Exception as error:
        first = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    started = time.monotonic()
    at_start = device_facts() if first is None else None
    sys.path.insert(0, os.path.dirname(__file__))
    if WHAT == "all":
        import dense  # noqa: F401
        import layers  # noqa: F401
        import compiled  # noqa: F401
    checks = []
    # A check that kills the process leaves what was computed before it.
    write_results(checks, first, started, at_start)
    for name, act in CHECKS.items():
        checks.append(run(name, act))
        write_results(checks, first, started, at_start)


def write_results(checks, first, started, at_start):
    broken = first is not None or (checks and all("error" in one for one in checks))
    results = {
        "torch": torch.__version__,
        "importSeconds": round(IMPORTED - BEGAN, 3),
        "firstSeconds": round(started - IMPORTED, 3),
        "firstError": first,
        "seconds": round(time.monotonic() - BEGAN, 3),
        "residentBytes": resident_bytes(),
        "deviceAtStart": at_start,
        "deviceAtEnd": None if broken else device_facts(),
        "libraries": mapped_libraries(),
        "checks": checks,
    }
    with open(f"{OUTPUT}.part", "w", encoding="utf8") as file:
        json.dump(results, file)
    os.replace(f"{OUTPUT}.part", OUTPUT)


if __name__ == "__main__":
    # The modules of checks import this one by its name.
    sys.modules["checks"] = sys.modules["__main__"]
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    main()
