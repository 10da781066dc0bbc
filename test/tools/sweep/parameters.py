"""Prints, as JSON, how many parameters each class of transformers has with its default configuration: tied ones once, the output
matrix apart; and how wide the keys and values of all layers of its text model are together, where each has a matrix of its own.
Models are made without memory (torch's device "meta"). Classes that cannot be made with their defaults are left out."""

import json
import logging
import re

import torch
from transformers import CONFIG_MAPPING
from transformers.models.auto import modeling_auto as auto

logging.disable(logging.ERROR)

# The class that an engine would load: the whole model before its text part.
MAPPINGS = [
    auto.MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING,
    auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING,
    auto.MODEL_FOR_MULTIMODAL_LM_MAPPING,
    auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING,
    auto.MODEL_FOR_CAUSAL_LM_MAPPING,
]

NAMES = [
    auto.MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING_NAMES,
    auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES,
    auto.MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES,
    auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
]


def class_of(config):
    for mapping in MAPPINGS:
        if type(config) in mapping.keys():
            found = mapping[type(config)]
            return found[0] if isinstance(found, (list, tuple)) else found
    return None


def counted(name):
    config = CONFIG_MAPPING[name]()
    with torch.device("meta"):
        model = class_of(config)(config)
    model.tie_weights()
    parameters = dict(model.named_parameters())
    output = sum(one.numel() for name, one in parameters.items() if name.endswith("lm_head.weight"))
    return {
        "elements": sum(one.numel() for one in parameters.values()) - output,
        "keys": width_of(parameters, r"self_attn\.k_proj\.weight$"),
        "values": width_of(parameters, r"self_attn\.v_proj\.weight$"),
    }


# Parts beside the text model whose layers have attention as well.
TOWERS = re.compile(r"vis|vit|image|audio|tower|encoder|cross|talker|code_predictor|indexer|qformer|perceiver|linear_attn")


def width_of(parameters, name):
    return sum(
        one.shape[0] for key, one in parameters.items() if re.search(name, key) and not TOWERS.search(key.lower())
    )


rows = {}
for name in sorted({name for names in NAMES for name in names}):
    try:
        rows[name] = counted(name)
    except Exception:
        continue
print(json.dumps(rows, indent=2))
