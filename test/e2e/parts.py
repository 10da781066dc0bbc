"""Writes what lies beside SmolLM2-135M: `parts.py lora FILE`, `parts.py nothing FILE`, `parts.py projector FILE`."""

import sys

import gguf
import numpy as np

WIDTH, FEED_FORWARD, BLOCKS, RANK = 576, 1536, 30, 4

kind, path = sys.argv[1], sys.argv[2]
random = np.random.default_rng(7)


def tensor(writer, name, *shape, scale=0.05):
    writer.add_tensor(name, (random.standard_normal(shape) * scale).astype(np.float32))


def adapter(scale):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 2 * RANK)
    for block in range(BLOCKS):
        for name, outputs, inputs in (("attn_q", WIDTH, WIDTH), ("ffn_down", WIDTH, FEED_FORWARD)):
            tensor(writer, f"blk.{block}.{name}.weight.lora_a", RANK, inputs)
            tensor(writer, f"blk.{block}.{name}.weight.lora_b", outputs, RANK, scale=scale)
    return writer


def projector():
    """One block of a vision transformer, as small as the server loads it."""
    width, feed_forward, image, patch = 32, 64, 28, 14
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_type("mmproj")
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_bool("clip.use_gelu", True)
    writer.add_string("clip.projector_type", "mlp")
    for key, value in {
        "image_size": image,
        "patch_size": patch,
        "embedding_length": width,
        "feed_forward_length": feed_forward,
        "projection_dim": WIDTH,
        "block_count": 1,
        "attention.head_count": 2,
    }.items():
        writer.add_uint32(f"clip.vision.{key}", value)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
    writer.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
    writer.add_array("clip.vision.image_std", [0.5, 0.5, 0.5])
    tensor(writer, "v.class_embd", width)
    tensor(writer, "v.patch_embd.weight", width, 3, patch, patch)
    tensor(writer, "v.position_embd.weight", (image // patch) ** 2 + 1, width)
    square = [f"v.blk.0.attn_{name}" for name in ("q", "k", "v", "out")]
    shapes = {name: (width, width) for name in square}
    shapes |= {"v.blk.0.ffn_up": (feed_forward, width), "v.blk.0.ffn_down": (width, feed_forward)}
    shapes |= {name: (width,) for name in ("v.pre_ln", "v.blk.0.ln1", "v.blk.0.ln2")}
    shapes |= {"mm.0": (WIDTH, width), "mm.2": (WIDTH, WIDTH)}
    for name, shape in shapes.items():
        tensor(writer, f"{name}.weight", *shape)
        tensor(writer, f"{name}.bias", shape[0])
    return writer


makers = {"lora": lambda: adapter(0.05), "nothing": lambda: adapter(0), "projector": projector}
writer = makers[kind]()
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
