import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { machineArchitecture } from '../oci/types.ts'
import { pauseProgram } from './elf.ts'
import { PAUSE_IMAGE, pauseImage } from './image.ts'

const dir = mkdtempSync(join(tmpdir(), 'brume-pause-'))
after(() => rmSync(dir, { recursive: true, force: true }))
const notLinux = process.platform === 'linux' ? false : 'the program is for Linux'
const bit = (signal: number) => 1n << BigInt(signal - 1)

test('the program sleeps, leaves dead children to the kernel, and ends on SIGTERM', {
  skip: notLinux,
  timeout: 20_000,
}, async () => {
  const path = join(dir, 'pause')
  writeFileSync(path, pauseProgram(machineArchitecture()), { mode: 0o755 })
  const child = spawn(path)
  await once(child, 'spawn')
  const status = () => readFileSync(`/proc/${child.pid}/status`, 'latin1')
  const signals = (name: string) => BigInt(`0x${new RegExp(`${name}:\\s*(\\w+)`).exec(status())![1]}`)
  while ((signals('SigCgt') & bit(2)) === 0n) await new Promise(setImmediate)
  assert.equal(signals('SigIgn') & bit(17), bit(17))
  child.kill('SIGTERM')
  const [code, signal] = await once(child, 'exit')
  assert.deepEqual({ code, signal }, { code: 0, signal: null })
})

test('the program is small and the same for every build', () => {
  for (const architecture of ['amd64', 'arm64'] as const) {
    const program = pauseProgram(architecture)
    assert.ok(program.length < 512)
    assert.deepEqual(program, pauseProgram(architecture))
    assert.equal(program.readUInt16LE(18), architecture === 'amd64' ? 62 : 183)
  }
})

test('the image is an archive that tar reads, named for the built-in registry', () => {
  const path = join(dir, 'pause.tar')
  writeFileSync(path, pauseImage('arm64'))
  assert.deepEqual(pauseImage('arm64'), pauseImage('arm64'))
  const read = (name: string) => JSON.parse(execFileSync('tar', ['xOf', path, name], { encoding: 'utf8' }))
  const [entry] = read('index.json').manifests
  assert.equal(entry.annotations['io.containerd.image.name'], PAUSE_IMAGE)
  const manifest = read(`blobs/sha256/${entry.digest.slice(7)}`)
  assert.equal(read(`blobs/sha256/${manifest.config.digest.slice(7)}`).architecture, 'arm64')
  assert.deepEqual(read('manifest.json')[0].RepoTags, [PAUSE_IMAGE])
})
