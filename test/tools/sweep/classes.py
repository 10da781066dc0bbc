"""Prints, as JSON, the default configuration of every class of transformers for text, images with text and speech, and the context
length that vLLM and SGLang derive from it. Lengths come from functions of the engines themselves, taken out of the source files of
one version, which lie in the folder that is the argument; nothing of it is imported, so no card and no torch is needed."""

import ast
import json
import logging
import sys
import types
from pathlib import Path

import transformers
from transformers import CONFIG_MAPPING
from transformers.configuration_utils import ALLOWED_LAYER_TYPES

logging.disable(logging.ERROR)
source = Path(sys.argv[1])

MAPPINGS = [
    "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES",
    "MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES",
    "MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES",
    "MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING_NAMES",
]

# Ways to stretch positions, on classes that have them in checkpoints.
ROPES = {
    "linear": {"rope_type": "linear", "factor": 4.0},
    "dynamic": {"rope_type": "dynamic", "factor": 2.0},
    "yarn": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 8192},
    "yarn without the original length": {"rope_type": "yarn", "factor": 4.0},
    "llama3": {
        "rope_type": "llama3",
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    },
    "longrope": {
        "rope_type": "longrope",
        "factor": 4.0,
        "original_max_position_embeddings": 4096,
        "short_factor": [1.0] * 48,
        "long_factor": [1.0] * 48,
    },
}
STRETCHED = ["llama", "qwen2", "qwen3", "qwen3_moe", "mistral", "gemma3_text", "gpt_oss", "deepseek_v3", "glm4_moe"]


def mapped():
    """Names of classes by the tables of the auto classes, whose module would need torch."""
    tree = ast.parse((Path(transformers.__file__).parent / "models/auto/modeling_auto.py").read_text())
    names = set()
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in MAPPINGS:
            names |= {entry.elts[0].value for entry in node.value.args[0].elts if isinstance(entry, ast.Tuple)}
    return sorted(names)


def taken(path, names, scope):
    """Functions and methods of a source file by name, without the annotations that need its imports."""
    for node in ast.walk(ast.parse((source / path).read_text())):
        if isinstance(node, ast.FunctionDef) and node.name in names:
            node.returns, node.decorator_list = None, []
            for argument in node.args.args:
                argument.annotation = None
            exec(compile(ast.Module([node], []), path, "exec"), scope)
            names.remove(node.name)
    assert not names, f"{path} has no {names}"


log = logging.getLogger("taken")
log.warning_once = log.warning
scope = {
    "logger": log,
    "ALLOWED_LAYER_TYPES": ALLOWED_LAYER_TYPES,
    "current_platform": types.SimpleNamespace(check_max_model_len=lambda length: length),
}
taken("vllm/transformers_utils/config.py", ["is_rope_parameters_nested", "iter_rope_parameters"], scope)
taken("vllm/config/model.py", ["_get_and_verify_max_len"], scope)
taken("vllm/transformers_utils/model_arch_config_convertor.py", ["derive_max_model_len_and_key"], scope)


def length_of(config):
    text = config.get_text_config()
    derived = scope["derive_max_model_len_and_key"](types.SimpleNamespace(hf_text_config=text))
    facts = types.SimpleNamespace(derived_max_model_len_and_key=derived)
    return scope["_get_and_verify_max_len"](text, facts, None, None, False, None)


taken("sglang/srt/utils/hf_transformers/common.py", ["get_context_length"], scope)
lists = ast.parse((source / "sglang/srt/utils/hf_transformers/common.py").read_text()).body
scope |= {
    node.targets[0].id: ast.literal_eval(node.value)
    for node in lists
    if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "CONTEXT_LENGTH_KEYS"
}


def sglang_length_of(config):
    try:
        return scope["get_context_length"](config.get_text_config())
    except Exception:
        return None


def row(name, variant, make):
    try:
        config = make()
    except Exception as error:
        return {"name": name, "variant": variant, "refused": str(error).strip().splitlines()[-1]}
    printed = json.loads(config.to_json_string(use_diff=False))
    both = {"name": name, "variant": variant, "config": printed, "sglang": sglang_length_of(config)}
    try:
        return {**both, "length": length_of(config)}
    except Exception as error:
        return {**both, "length": None, "why": repr(error)}


rows = [row(name, None, CONFIG_MAPPING[name]) for name in mapped()]
rows.append(row("phi3", "longrope", lambda: CONFIG_MAPPING["phi3"](rope_parameters=ROPES["longrope"])))
for name in STRETCHED:
    for variant, rope in ROPES.items():
        rows.append(row(name, variant, lambda: CONFIG_MAPPING[name](rope_parameters={"rope_theta": 10000.0, **rope})))
print(json.dumps(rows))
