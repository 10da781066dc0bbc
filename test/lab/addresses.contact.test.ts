import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { chooseAddresses } from '../../lab/addresses.ts'
import { type LabSettings, labSettings } from '../../lab/settings.ts'
import { findTaken, isPortFree, overlaps } from '../../lab/taken.ts'

const idle = { engine: false, registry: false }
let dir: string
let server: Server

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ingot-lab-'))
  server = createServer()
})

afterEach(async () => {
  if (server.listening) await once(server.close(), 'close')
  await rm(dir, { recursive: true })
})

/** Something else on this machine that listens; its port. */
async function somethingElse(host: string): Promise<number> {
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}

async function recordPort(registryPort: number): Promise<LabSettings> {
  const addresses = { registryPort, networkName: 'ingotabcd', networkCidr: '10.99.0.0/16' }
  await writeFile(join(dir, 'addresses.json'), JSON.stringify(addresses))
  return labSettings({ INGOT_LAB_DIR: dir })
}

test.each(['127.0.0.1', '0.0.0.0'])('a port where something listens at %s is taken', async (host) => {
  const port = await somethingElse(host)
  expect(await isPortFree(port)).toBe(false)
  await once(server.close(), 'close')
  expect(await isPortFree(port)).toBe(true)
})

test('another port is chosen where the usual one is taken', async () => {
  const settings = await recordPort(await somethingElse('127.0.0.1'))
  const { registryPort } = await chooseAddresses(settings, idle)
  expect(registryPort).not.toBe(settings.registryPort)
  expect(await isPortFree(registryPort)).toBe(true)
})

test('a port that is wished for is taken or is an error, and no other takes its place', async () => {
  const port = await somethingElse('127.0.0.1')
  const wish = labSettings({ INGOT_LAB_DIR: dir, INGOT_LAB_REGISTRY_PORT: String(port) })
  await expect(chooseAddresses(wish, idle)).rejects.toMatchObject({
    code: 'port-taken',
    message: `something else answers at 127.0.0.1:${port}`,
  })
  await once(server.close(), 'close')
  expect((await chooseAddresses(wish, idle)).registryPort).toBe(port)
})

test('what a running part has stays: its port is not chosen anew', async () => {
  const settings = await recordPort(await somethingElse('127.0.0.1'))
  expect(await chooseAddresses(settings, { engine: true, registry: true })).toEqual(settings)
})

test('an engine that runs was told a port; when that is lost, another port is no way out', async () => {
  const settings = await recordPort(await somethingElse('127.0.0.1'))
  await expect(chooseAddresses(settings, { engine: true, registry: false })).rejects.toMatchObject({
    code: 'port-taken',
    hint: expect.stringContaining('lab:down'),
  })
})

test('a lab that runs at one port is not moved to another by a wish', async () => {
  await recordPort(5091)
  const wish = labSettings({ INGOT_LAB_DIR: dir, INGOT_LAB_REGISTRY_PORT: '5092' })
  await expect(chooseAddresses(wish, { engine: true, registry: true })).rejects.toMatchObject({
    code: 'port-taken',
    message: expect.stringMatching(/5091.*5092/),
  })
})

test('the networks of this machine are taken', async () => {
  const { ranges } = await findTaken(dir, undefined)
  const here = Object.values(networkInterfaces()).flatMap((held = []) => held)
  const addresses = here.filter(({ family }) => family === 'IPv4').map(({ address }) => `${address}/32`)
  expect(addresses.length).toBeGreaterThan(0)
  for (const address of addresses) expect(ranges.some((range) => overlaps(range, address))).toBe(true)
  const chosen = await chooseAddresses(labSettings({ INGOT_LAB_DIR: dir }), idle)
  for (const address of addresses) expect(overlaps(chosen.networkCidr, address)).toBe(false)
})
