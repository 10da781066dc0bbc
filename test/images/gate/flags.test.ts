import { describe, expect, test } from 'vitest'
import { flagsInHelp, flagsOf, judgeFlags } from '../../../images/gate/flags.ts'
import { engineIds } from '../../../recipes/engine-ids.ts'
import { deploymentFor, recipeFor } from '../engines/fixtures.ts'

/** A few lines each, in the forms of argparse, of llama-server, of whisper-server, of clap and of click. */
const pages = {
  argparse: `usage: launch_server.py [-h] [--model-path MODEL_PATH]

options:
  -h, --help            show this help message and exit
  --model-path MODEL_PATH, --model MODEL_PATH
                        The path of the weights. See also
                        --old-name, which is gone.
  --enable-metrics, --no-enable-metrics`,
  llama: `-c,    --ctx-size N                     size of the prompt context
                                        --other-name is no flag
-ngl,  --gpu-layers, --n-gpu-layers N   number of layers, see --fit`,
  whisper:
    '  -h,        --help              [default] show this help\n  -t N,      --threads N         [4      ]',
  clap: '      --model-id <MODEL_ID>\n          The name of the model [env: MODEL_ID=]',
}

describe('flags of a page of help', () => {
  test.each([
    ['argparse', ['-h', '--help', '--model-path', '--model', '--enable-metrics', '--no-enable-metrics']],
    ['llama', ['-c', '--ctx-size', '-ngl', '--gpu-layers', '--n-gpu-layers']],
    ['whisper', ['-h', '--help', '-t', '--threads']],
    ['clap', ['--model-id']],
  ] as const)('%s: those that it defines, and none that its words mention', (form, flags) => {
    const found = flagsInHelp(pages[form])
    for (const flag of flags) expect(found).toContain(flag)
    for (const gone of ['--old-name', '--other-name', '--fit']) expect(found).not.toContain(gone)
  })
})

const python = ['/opt/x/bin/python', '-m', 'server']

describe('flags of a command line', () => {
  test('are those of the server, each once, without values', () => {
    const command = [...python, '--model-path', '/m', '--seed', '-1', '--a=b', '-ngl', '999', '--a']
    expect(flagsOf(command, [...python, '--help'])).toEqual(['--model-path', '--seed', '--a', '-ngl'])
  })

  test('a positional argument before them is none', () => {
    expect(flagsOf(['/bin/x', 'serve', '/m', '--dtype', 'auto'], ['/bin/x', 'serve', '--help=all'])).toEqual([
      '--dtype',
    ])
  })
})

describe('the judge', () => {
  const help = { text: pages.argparse, exitCode: 0 }
  test.each([
    ['all known', ['--model-path', '--enable-metrics'], help, 'passed'],
    ['one spelled with underscores', ['--model_path'], help, 'passed'],
    ['one that the version lost', ['--old-name'], help, 'failed'],
    ['no help', ['--model-path'], { text: 'ImportError: libcuda.so.1\n', exitCode: 1 }, 'not run'],
    ['no flags at all', [], null, 'skipped'],
  ])('%s', (_, flags, printed, status) => {
    expect(judgeFlags(flags, printed).status).toBe(status)
  })

  test('says which flag is unknown, and why nothing could be asked', () => {
    expect(judgeFlags(['--old-name'], help).details).toEqual(['unknown: --old-name'])
    expect(judgeFlags(['--x'], { text: 'ImportError: libcuda.so.1\n', exitCode: 1 }).found).toContain(
      'ImportError: libcuda.so.1 (exit code 1)',
    )
  })
})

test.each(engineIds)('%s: the page of help is printed by the program that serves', (id) => {
  const deployment = deploymentFor(recipeFor(id))
  const help = deployment.engine.help(deployment)
  const command = deployment.engine.command(deployment)
  const flags = help === null ? [] : flagsOf(command, help)
  expect(help?.[0]).toBe(help === null ? undefined : command[0])
  expect(flags.length > 0).toBe(help !== null)
  expect(flags).not.toContain('-m')
})
