import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { environmentOwnersScript } from '../../../pipelines/software/owners.ts'
import { parsePylock, requirementFor } from '../../../pipelines/software/python.ts'
import {
  distributionsScript,
  parseDistributions,
  prepareScript,
} from '../../../pipelines/software/upstream.ts'
import { hashedRequirements } from '../../../pipelines/software/wheels.ts'

test.each([
  ['>=0.28 <0.34', 'vllm>=0.28.0,<0.34.0'],
  ['0.32.0', 'vllm==0.32.0'],
  ['^0.32.1', 'vllm>=0.32.1,<0.33.0'],
  ['>=0.32.0', 'vllm>=0.32.0'],
  ['*', 'vllm'],
])('the range %s is %s for the index', (range, requirement) => {
  expect(requirementFor('vllm', range)).toBe(requirement)
})

test('a range of alternatives is refused', () => {
  expect(() => requirementFor('vllm', '0.31.0 || 0.32.0')).toThrow('alternatives')
})

const sha256 = 'ab'.repeat(32)
const wheel = (filename: string) => ({
  url: `https://mirror.example/x/${filename}`,
  size: 10,
  hashes: { sha256 },
})

test('a resolved environment is kept by name, version and hash, without the address of a mirror', () => {
  const found = parsePylock({
    packages: [
      { name: 'torch', version: '2.13.0', wheels: [wheel('torch-2.13.0%2Bcu130-cp311.whl')] },
      { name: 'aiohttp', version: '3.14.5', wheels: [wheel('b.whl'), wheel('a.whl')] },
    ],
  })
  expect(found.map(({ name }) => name)).toEqual(['aiohttp', 'torch'])
  expect(found[1]?.wheels).toEqual([{ filename: 'torch-2.13.0+cu130-cp311.whl', sizeBytes: 10, sha256 }])
  expect(JSON.stringify(found)).not.toContain('mirror')
  expect(hashedRequirements(found)).toBe(
    `aiohttp==3.14.5 --hash=sha256:${sha256} --hash=sha256:${sha256}\ntorch==2.13.0 --hash=sha256:${sha256}\n`,
  )
})

test('every file of an environment has a distribution as its owner, scripts above it too', () => {
  const root = mkdtempSync(join(tmpdir(), 'owners-'))
  try {
    const packages = join(root, 'lib/python3.11/site-packages')
    const record = join(packages, 'tiny_tool-1.0.dist-info')
    mkdirSync(record, { recursive: true })
    writeFileSync(join(record, 'METADATA'), 'Metadata-Version: 2.1\nName: tiny-tool\nVersion: 1.0\n')
    writeFileSync(join(record, 'RECORD'), 'tiny/__init__.py,sha256=x,1\n../../../bin/tiny,sha256=y,2\n')
    const said = execFileSync('sh', ['-c', environmentOwnersScript, 'sh', packages], { encoding: 'utf8' })
    expect(said).toBe(`pypi/tiny-tool\t${packages}/tiny/__init__.py\npypi/tiny-tool\t${root}/bin/tiny\n`)
  } finally {
    rmSync(root, { recursive: true })
  }
})

test('a moved folder takes its links and the texts that name it along', () => {
  const root = mkdtempSync(join(tmpdir(), 'move-'))
  try {
    mkdirSync(join(root, 'root/uv/bin'), { recursive: true })
    mkdirSync(join(root, 'usr/venv/bin'), { recursive: true })
    writeFileSync(join(root, 'root/uv/bin/python3'), 'program')
    writeFileSync(join(root, 'usr/venv/pyvenv.cfg'), `home = ${root}/root/uv/bin\n`)
    writeFileSync(join(root, 'usr/venv/bin/tool'), `#!${root}/root/uv/bin/python3\n`)
    symlinkSync(join(root, 'root/uv/bin/python3'), join(root, 'usr/venv/bin/python'))
    const moves = [{ from: `${root}/root/uv`, to: `${root}/opt/uv` }]
    // The script is for the root of an image: here every place it names lies below a folder of the test.
    const script = prepareScript(moves)
      .replace('cd /tmp/ingot', `mkdir -p ${root}/work ${root}/opt; cd ${root}/work`)
      .replaceAll('find / ', `find ${root} `)
      .replaceAll('find /usr /opt ', `find ${root}/usr ${root}/opt `)
      .replace(/for folder in .*; do/, `for folder in ${root}/usr; do`)
      .replace('/var/lib/dpkg/info/', `${root}/none/`)
    writeFileSync(join(root, 'prepare.sh'), script)
    execFileSync('sh', [join(root, 'prepare.sh')])
    expect(readlinkSync(join(root, 'usr/venv/bin/python'))).toBe(`${root}/opt/uv/bin/python3`)
    expect(readFileSync(join(root, 'usr/venv/bin/python'), 'utf8')).toBe('program')
    expect(readFileSync(join(root, 'usr/venv/pyvenv.cfg'), 'utf8')).toBe(`home = ${root}/opt/uv/bin\n`)
    expect(readFileSync(join(root, 'usr/venv/bin/tool'), 'utf8')).toContain('/opt/uv/')
  } finally {
    rmSync(root, { recursive: true })
  }
})

test('distributions of an official image are found wherever they are, and told apart from two of one name', () => {
  const root = mkdtempSync(join(tmpdir(), 'ingot-distributions-'))
  const distribution = (folder: string, name: string, version: string) => {
    const place = join(root, folder, `${name}-${version}.dist-info`)
    mkdirSync(place, { recursive: true })
    writeFileSync(
      join(place, 'METADATA'),
      `Metadata-Version: 2.4\nName: ${name}\nVersion: ${version}\nSummary: x\n\nName: of the text\n`,
    )
  }
  try {
    distribution('usr/lib/python3/dist-packages', 'PyYAML', '6.0')
    distribution('opt/venv/lib/python3.12/site-packages', 'nvidia_cublas', '13.1')
    distribution('opt/venv/lib/python3.12/site-packages', 'numpy', '2.4.6')
    distribution('usr/lib/python3/dist-packages', 'numpy', '1.26.0')
    const listing = execFileSync('sh', ['-c', distributionsScript(root)], { encoding: 'utf8' })
    expect(parseDistributions(listing)).toEqual({ 'nvidia-cublas': '13.1', pyyaml: '6.0' })
  } finally {
    rmSync(root, { recursive: true })
  }
})
