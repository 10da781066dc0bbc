import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { pickNetwork } from '../../lab/addresses.ts'
import { engineConfig } from '../../lab/engine.ts'
import { labSettings, networkCidrs, networkNames } from '../../lab/settings.ts'
import { nameServers, otherLabs, overlaps, parseRoutes } from '../../lab/taken.ts'

const folder = mkdtempSync(join(tmpdir(), 'ingot-addresses-'))
afterAll(() => rmSync(folder, { recursive: true }))

const recorded = { registryPort: 5079, networkName: 'ingotabcd', networkCidr: '10.99.0.0/16' }
const settingsWith = (name: string, text: string, port?: string) => {
  const dir = join(folder, name)
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'addresses.json'), text)
  return labSettings({ INGOT_LAB_DIR: dir, INGOT_LAB_REGISTRY_PORT: port })
}

describe('the recorded addresses', () => {
  test('are those of the lab, and its engine is told the same port', () => {
    const settings = settingsWith('recorded', JSON.stringify(recorded))
    expect(settings).toMatchObject(recorded)
    expect(engineConfig(settings).registries).toEqual({
      'docker.io': { mirrors: ['127.0.0.1:5079'] },
      '127.0.0.1:5079': { http: true },
    })
  })

  test('give way to the port that is wished for', () => {
    expect(settingsWith('wished', JSON.stringify(recorded), '5555')).toMatchObject({
      ...recorded,
      registryPort: 5555,
      wishedPort: 5555,
    })
  })

  test.each([
    'null',
    '{',
    '[]',
    JSON.stringify({ ...recorded, registryPort: '5079' }),
    JSON.stringify({ ...recorded, registryPort: 0 }),
    JSON.stringify({ ...recorded, networkName: '../x' }),
    JSON.stringify({ ...recorded, networkCidr: '0.0.0.0/0' }),
  ])('are forgotten where the file holds %s', (text) => {
    const settings = settingsWith('broken', text)
    expect(settings).toMatchObject({
      registryPort: 5077,
      networkName: networkNames(settings.dir)[0],
      networkCidr: networkCidrs(settings.dir)[0],
    })
  })
})

describe('pickNetwork', () => {
  const settings = labSettings({ INGOT_LAB_DIR: join(folder, 'none') })
  const [firstName = '', secondName = ''] = networkNames(settings.dir)
  const [firstRange = '', secondRange = '', thirdRange = ''] = networkCidrs(settings.dir)
  const inFirst = firstRange.replace('0.0/16', '7.0/24')

  test.each([
    ['nothing is taken', [], [], firstName, firstRange],
    ['its name is', [firstName], [], secondName, firstRange],
    ['its range is', [], [firstRange], firstName, secondRange],
    ['a part of its range is', [], [inFirst], firstName, secondRange],
    ['its range and the next are', [], [firstRange, secondRange], firstName, thirdRange],
    ['ranges elsewhere are', [], ['192.168.0.0/16', '172.17.0.0/16'], firstName, firstRange],
  ])('when %s', (_, names, ranges, networkName, networkCidr) => {
    expect(pickNetwork(settings, { names: new Set(names), ranges })).toEqual({ networkName, networkCidr })
  })

  test.each([
    ['names', { names: new Set(networkNames(settings.dir)), ranges: [] }],
    ['ranges', { names: new Set<string>(), ranges: ['10.0.0.0/8'] }],
  ])('says so when all %s are taken', (_, taken) => {
    expect(() => pickNetwork(settings, taken)).toThrow(expect.objectContaining({ code: 'network-taken' }))
  })
})

test.each([
  ['10.64.0.0/16', '10.64.0.0/16', true],
  ['10.64.0.0/16', '10.64.3.1/32', true],
  ['10.64.0.0/16', '10.65.0.0/16', false],
  ['10.64.0.0/16', '10.0.0.0/8', true],
  ['10.191.0.0/16', '192.0.2.0/24', false],
  ['10.64.0.0/16', '0.0.0.0/0', true],
  ['10.64.0.0/16', '10.64.0.1/24', true],
])('%s and %s overlap: %s', (one, other, expected) => {
  expect(overlaps(one, other)).toBe(expected)
  expect(overlaps(other, one)).toBe(expected)
})

test('the kernel says which ranges it has routes to; the default route and the own bridge are none of them', () => {
  const text = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'ingotabcd0\t0000400A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
    'tun0\t0000600A\t00000000\t0001\t0\t0\t0\t0000F0FF\t0\t0\t0',
    '',
  ].join('\n')
  expect(parseRoutes(text, 'ingotabcd0')).toEqual(['10.96.0.0/12'])
  expect(parseRoutes(text, undefined)).toEqual(['10.64.0.0/16', '10.96.0.0/12'])
})

test('other labs say in their command lines what they have', () => {
  const line = (dir: string, name: string, range: string) => [
    'unshare',
    `ingot-lab:engine:${dir}`,
    '--',
    `--network-name=${name}`,
    `--network-cidr=${range}`,
  ]
  const lines = [
    line('/mine', 'ingot0001', '10.70.0.0/16'),
    line('/theirs', 'ingot0002', '10.71.0.0/16'),
    ['sh'],
  ]
  const found = otherLabs(lines, '/mine')
  expect([...found.names]).toEqual(['ingot0002'])
  expect(found.ranges).toEqual(['10.71.0.0/16'])
})

test('name servers must stay in reach', () => {
  const text = '# nameserver 10.1.1.1\nnameserver 10.70.0.2\nnameserver fd00::1\nnameserver  10.71.0.2 \n'
  expect(nameServers(text)).toEqual(['10.70.0.2/32', '10.71.0.2/32'])
})
