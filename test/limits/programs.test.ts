import { expect, test } from 'vitest'
import { installationIn, isKnown } from './programs.ts'

const started = (line: string) => {
  const [program = '', ...args] = line.split(' ')
  return { program, args, path: '/usr/bin' }
}

test.each([
  'apt-get install -y skopeo',
  '/usr/bin/apt-get download busybox-static',
  'go install example.org/tool@v1.0.0',
  'go mod download -json example.org/module@v1.0.0',
  '/usr/local/go/bin/go build ./cmd/tool',
  'python3 -m venv folder',
  '/some/environment/bin/python -m pip install six==1.17.0',
  'python3.12 -m pip download six==1.17.0',
  'pip3 install six',
  'uv pip install six',
  'npm install left-pad',
  'mmdebstrap bookworm tree',
  'gcc -shared a.c',
])('%s installs', (line) => {
  expect(installationIn(started(line))).toContain(line.split('/').at(-1)?.split(' ')[0])
})

test.each([
  ['sh', ['-ceu', 'cd /tmp && apt-get download busybox']],
  ['bash', ['-c', 'true; go install example.org/tool@v1.0.0']],
])('%s %j installs', (program, args) => {
  expect(installationIn({ program, args, path: '' })).toBeTypeOf('string')
})

test.each([
  'python3 -m pip config list',
  'python3 -c import pip',
  'podman run image sh -c apt-get',
  'npm install /tmp/x/ingot-0.1.0.tgz',
  'go version',
  'sh verify.sh install',
  'crane append -f one.tar',
])('%s installs nothing', (line) => {
  expect(installationIn(started(line))).toBeUndefined()
})

test.each([
  ['crane', true],
  ['sh', true],
  ['/some/scratch/bin/syft', true],
  ['docker-credential-of-a-test', true],
  ['/usr/bin/env', false],
  ['/usr/local/bin/by-hand', false],
  ['env', false],
])('%s is known: %s', (program, known) => {
  expect(isKnown({ program, args: [], path: '/usr/bin' })).toBe(known)
})
