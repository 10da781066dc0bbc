"""Prints, as JSON, how many parameters the class of transformers with a default configuration has: tied ones once, the output
matrix apart. Models are made without memory (torch's device "meta"). Classes that cannot be made with their defaults are left out."""

import json
import logging

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
    sizes = {name: parameter.numel() for name, parameter in model.named_parameters()}
    output = sum(size for name, size in sizes.items() if name.endswith("lm_head.weight"))
    return sum(sizes.values()) - output


rows = {}
for name in sorted({name for names in NAMES for name in names}):
    try:
        rows[name] = counted(name)
    except Exception:
        continue
print(json.dumps(rows, indent=2))
