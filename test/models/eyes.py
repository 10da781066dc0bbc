"""
Writes a projector for SmolLM2 that knows colours and nothing else. Arguments: the model, file to write, names of what it
takes red, green and blue for, such as `red green blue`.

Every patch of a picture becomes the embedding of one word: a real model reads a picture of one colour as four words. The
convolution takes the mean of each channel, the block of attention passes everything on, and the two layers of the projector
tell which channel is bright and look its word up.
"""

import sys

import gguf
import numpy as np

model, path, *words = sys.argv[1:]
reader = gguf.GGUFReader(model)
fields = reader.fields["tokenizer.ggml.tokens"]
tokens = [bytes(fields.parts[at]).decode() for at in fields.data]
table = next(tensor for tensor in reader.tensors if tensor.name == "token_embd.weight")
embeddings = gguf.quants.dequantize(table.data, table.tensor_type)
hidden = embeddings.shape[1]

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
    "projection_dim": hidden,
    "block_count": 1,
    "attention.head_count": 2,
}.items():
    writer.add_uint32(f"clip.vision.{key}", value)
writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
writer.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
writer.add_array("clip.vision.image_std", [0.5, 0.5, 0.5])


def add(name, array):
    writer.add_tensor(name, np.ascontiguousarray(array, dtype=np.float32))


def linear(name, outputs, inputs, matrix=None, bias=None):
    add(f"{name}.weight", np.zeros((outputs, inputs)) if matrix is None else matrix)
    add(f"{name}.bias", np.zeros(outputs) if bias is None else bias)


# Each channel twice, with both signs, so that their mean is 0 and normalising keeps them apart.
mean = np.zeros((width, 3, patch, patch))
for channel in range(3):
    mean[2 * channel, channel] = 1 / patch**2
    mean[2 * channel + 1, channel] = -1 / patch**2
add("v.class_embd", np.zeros(width))
add("v.patch_embd.weight", mean)
add("v.position_embd.weight", np.zeros(((image // patch) ** 2 + 1, width)))
for name in ("v.pre_ln", "v.blk.0.ln1", "v.blk.0.ln2"):
    linear(name, width, width, np.ones(width))
for name in ("q", "k", "v", "out"):
    linear(f"v.blk.0.attn_{name}", width, width)
linear("v.blk.0.ffn_up", feed_forward, width)
linear("v.blk.0.ffn_down", width, feed_forward)

# A channel that is bright among dark ones has this height after normalising; the others have its negative.
height = 1 / np.sqrt(6 / width)
look, found = np.zeros((hidden, width)), np.zeros((hidden, hidden))
offset = np.zeros(hidden)
for channel, word in enumerate(words):
    for other in range(3):
        look[channel, 2 * other] = 1 if other == channel else -1
    # 3 heights for its colour, -1 for another: a GELU of 2 heights is nearly that, and one of -2 nearly nothing.
    offset[channel] = -height
    found[:, channel] = embeddings[tokens.index("\u0120" + word)] / (2 * height)
linear("mm.0", hidden, width, look, offset)
linear("mm.2", hidden, hidden, found)

writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
