"""
Writes a Whisper model as ggml, the form of whisper.cpp, out of one in CTranslate2's form.
Arguments: folder of config.json, model.bin and tokenizer.json; file to write.
"""

import json
import struct
import sys
from pathlib import Path

import numpy

folder, target = (Path(argument) for argument in sys.argv[1:])


def variables(data):
    """
    Tensors of model.bin by name: version, name and revision of the kind, then for each its name (length as u16, with a zero at its end),
    rank, sizes, type, bytes; at the end names that stand for others.
    """
    at = 0

    def take(form):
        nonlocal at
        size = struct.calcsize(form)
        values = struct.unpack_from(form, data, at)
        at += size
        return values[0] if len(values) == 1 else values

    def text():
        nonlocal at
        length = take("<H")
        at += length
        return data[at - length : at - 1].decode()

    assert take("<I") == 6, "another version of CTranslate2's file"
    assert text() == "WhisperSpec", "no Whisper model"
    take("<I")
    types = {0: numpy.float32, 1: numpy.int8, 2: numpy.int16, 3: numpy.int32, 4: numpy.float16}
    found = {}
    for _ in range(take("<I")):
        name, rank = text(), take("<B")
        sizes = [take("<I") for _ in range(rank)]
        kind, length = take("<B"), take("<I")
        found[name] = numpy.frombuffer(data, types[kind], length // numpy.dtype(types[kind]).itemsize, at).reshape(sizes)
        at += length
    return found


def mel_filters(rate=16000, window=400, bands=80):
    """Triangles of equal area on Slaney's scale: linear up to 1000 Hz, logarithmic above."""
    step = numpy.log(6.4) / 27

    def hertz(mel):
        return numpy.where(mel < 15, mel * 200 / 3, 1000 * numpy.exp(step * (mel - 15)))

    top = 15 + numpy.log(rate / 2 / 1000) / step
    edges = hertz(numpy.linspace(0, top, bands + 2))
    bins = numpy.linspace(0, rate / 2, window // 2 + 1)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    area = 2 / (edges[2:] - edges[:-2])
    return (numpy.maximum(0, numpy.minimum(rising, falling)) * area[:, None]).astype(numpy.float32)


def bytes_of_letters():
    """GPT-2's tokenizer writes each byte as one letter: printable ones as themselves, the others from U+0100 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + at): byte for at, byte in enumerate(others)}


tensors = variables((folder / "model.bin").read_bytes())
letters = bytes_of_letters()
vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
# What comes after the end of a text is known to the server by its number.
words = [word for word in sorted(vocabulary, key=vocabulary.get) if not (word.startswith("<|") and word.endswith("|>"))]


def named():
    """Tensors under OpenAI's names. CTranslate2 keeps query, key and value in one."""

    def norm(theirs, ours):
        yield f"{ours}.weight", tensors[f"{theirs}/gamma"]
        yield f"{ours}.bias", tensors[f"{theirs}/beta"]

    def linear(theirs, ours, part=None):
        for name, kind in (("weight", "weight"), ("bias", "bias")):
            array = tensors[f"{theirs}/{name}"]
            if part is not None:
                array = numpy.split(array, part[1])[part[0]]
            # Keys have no bias.
            if not (ours.endswith(".key") and kind == "bias"):
                yield f"{ours}.{kind}", array

    def layer(side, at):
        theirs, ours = f"{side}/layer_{at}", f"{side}.blocks.{at}"
        for index, name in enumerate(("query", "key", "value")):
            yield from linear(f"{theirs}/self_attention/linear_0", f"{ours}.attn.{name}", (index, 3))
        yield from linear(f"{theirs}/self_attention/linear_1", f"{ours}.attn.out")
        yield from norm(f"{theirs}/self_attention/layer_norm", f"{ours}.attn_ln")
        if side == "decoder":
            yield from linear(f"{theirs}/attention/linear_0", f"{ours}.cross_attn.query")
            for index, name in enumerate(("key", "value")):
                yield from linear(f"{theirs}/attention/linear_1", f"{ours}.cross_attn.{name}", (index, 2))
            yield from linear(f"{theirs}/attention/linear_2", f"{ours}.cross_attn.out")
            yield from norm(f"{theirs}/attention/layer_norm", f"{ours}.cross_attn_ln")
        yield from linear(f"{theirs}/ffn/linear_0", f"{ours}.mlp.0")
        yield from linear(f"{theirs}/ffn/linear_1", f"{ours}.mlp.2")
        yield from norm(f"{theirs}/ffn/layer_norm", f"{ours}.mlp_ln")

    yield "encoder.positional_embedding", tensors["encoder/position_encodings/encodings"]
    for number in (1, 2):
        yield f"encoder.conv{number}.weight", tensors[f"encoder/conv{number}/weight"]
        yield f"encoder.conv{number}.bias", tensors[f"encoder/conv{number}/bias"][:, None]
    for at in range(count("encoder")):
        yield from layer("encoder", at)
    yield from norm("encoder/layer_norm", "encoder.ln_post")
    yield "decoder.positional_embedding", tensors["decoder/position_encodings/encodings"]
    yield "decoder.token_embedding.weight", tensors["decoder/embeddings/weight"]
    for at in range(count("decoder")):
        yield from layer("decoder", at)
    yield from norm("decoder/layer_norm", "decoder.ln")


def count(side):
    return 1 + max(int(name.split("/")[1][6:]) for name in tensors if name.startswith(f"{side}/layer_") and "norm" in name and name.split("/")[1][6:].isdigit())


def integers(*values):
    return struct.pack(f"<{len(values)}i", *values)


embedding, audio = tensors["decoder/embeddings/weight"], tensors["encoder/position_encodings/encodings"]
filters = mel_filters()
with target.open("wb") as out:
    heads = embedding.shape[1] // 64
    out.write(integers(0x67676D6C, embedding.shape[0], audio.shape[0], audio.shape[1], heads, count("encoder")))
    out.write(integers(tensors["decoder/position_encodings/encodings"].shape[0], embedding.shape[1], heads, count("decoder")))
    # Matrices of 16 bits.
    out.write(integers(filters.shape[0], 1))
    out.write(integers(*filters.shape) + filters.tobytes())
    out.write(integers(len(words)))
    for word in words:
        letters_of = bytes(letters[letter] for letter in word)
        out.write(integers(len(letters_of)) + letters_of)
    for name, array in named():
        is_half = name.endswith(".weight") and array.ndim > 1
        data = array.astype(numpy.float16 if is_half else numpy.float32)
        out.write(integers(data.ndim, len(name), 1 if is_half else 0, *reversed(data.shape)) + name.encode() + data.tobytes())
