// The command line as a person meets it: every command has help, every mistake says what to run next, and the exit
// code tells success, failure and wrong usage apart.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { COMMANDS, LAUNCHER_COMMANDS } from '@brume/cli/program'

const ROOT = resolve(import.meta.dirname, '..')
const LIMIT = { timeout: 60_000 }
/** Every error names it. */
const NEXT = /(next|Next|See): \.\/brume /

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'brume-launcher-'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

function brume(...args: string[]) {
  const env: NodeJS.ProcessEnv = { ...process.env, HOME: folder }
  delete env['KUBECONFIG']
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'brume'), args, {
    cwd: folder,
    env,
    encoding: 'utf8',
    timeout: 30_000,
  })
  return { code: status, stdout, stderr }
}

describe('the launcher', () => {
  test('without a command it shows its help', LIMIT, () => {
    const { code, stdout } = brume()
    assert.equal(code, 0)
    for (const { name } of LAUNCHER_COMMANDS) assert.match(stdout, new RegExp(`^  ${name} `, 'm'))
  })

  for (const name of [...LAUNCHER_COMMANDS, ...COMMANDS.map(({ spec }) => spec)].map((spec) => spec.name)) {
    test(`${name} has help, asked for either way`, LIMIT, () => {
      const asked = brume(name, '--help')
      assert.equal(asked.code, 0, asked.stderr)
      assert.match(asked.stdout, /usage: /i)
      assert.deepEqual(brume('help', name), asked)
    })
  }

  for (const args of [
    ['nonsense'],
    ['-v'],
    ['up', 'extra'],
    ['up', '--nonsense'],
    ['up', '--listen', 'abc'],
    ['up', '--log-level', 'loud'],
    ['up', '--service-range', '10.0.0.0/31'],
    ['up', '--eviction-soft', 'memory.available<1Gi'],
    ['down', '--nonsense'],
    ['reset', 'extra'],
    ['restore'],
    ['restore', 'a', 'b'],
    ['status', '--output', 'yaml'],
    ['completion'],
  ]) {
    test(`wrong usage is exit code 2 and names the next command: brume ${args.join(' ')}`, LIMIT, () => {
      const { code, stdout, stderr } = brume(...args)
      assert.equal(code, 2, stderr)
      assert.equal(stdout, '')
      assert.match(stderr, NEXT)
    })
  }

  test('without a cloud, what needs one fails and says how to start it', LIMIT, () => {
    for (const args of [
      ['status', '--data-dir', join(folder, 'none')],
      ['backup', '--data-dir', join(folder, 'none')],
      ['kubeconfig', '--data-dir', join(folder, 'none')],
    ]) {
      const { code, stderr } = brume(...args)
      assert.equal(code, 1)
      assert.match(stderr, /\.\/brume up/)
    }
  })

  test('a data directory that cannot be made is a sentence, wherever it is', LIMIT, () => {
    writeFileSync(join(folder, 'file'), '')
    for (const dir of ['/proc/brume/deep/data', join(folder, 'file'), join(folder, 'file', 'data')]) {
      const { code, stderr } = brume('up', '--no-node', '--listen', '127.0.0.1:0', '--data-dir', dir)
      assert.equal(code, 1, dir)
      assert.match(stderr, /cannot use the data directory .*\nnext: /)
    }
  })

  test('a port that is in use, and a host that is not here, are sentences', LIMIT, async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    const dataDir = join(folder, 'port')
    try {
      const used = await brumeAsync('up', '--no-node', '--listen', `127.0.0.1:${port}`, '--data-dir', dataDir)
      assert.equal(used.code, 1)
      assert.match(used.stderr, /is in use by another program\nnext: \.\/brume up /)
      const elsewhere = brume('up', '--no-node', '--listen', '192.0.2.1:0', '--data-dir', dataDir)
      assert.equal(elsewhere.code, 1)
      assert.match(elsewhere.stderr, /cannot listen on 192\.0\.2\.1:0: EADDRNOTAVAIL\nnext: /)
    } finally {
      other.close()
    }
  })

  test('a cloud is certified for its hosts and range, and meets a browser with a page', LIMIT, async () => {
    const dataDir = join(folder, 'cloud')
    const child = spawn(join(ROOT, 'brume'), [
      'up',
      '--no-node',
      ...['--data-dir', dataDir, '--listen', '127.0.0.1:0'],
      ...['--host', 'cloud.example.org', '--service-range', '10.20.0.0/24'],
    ])
    try {
      await printed(child.stdout, 'ready\n')
      const certificate = new X509Certificate(readFileSync(join(dataDir, 'pki', 'apiserver.crt')))
      assert.equal(certificate.checkHost('cloud.example.org'), 'cloud.example.org')
      assert.equal(certificate.checkIP('10.20.0.1'), '10.20.0.1')
      const status = await brumeAsync('status', '--data-dir', dataDir)
      assert.equal(status.code, 0, status.stderr)
      assert.match(status.stdout, /^ready: +yes/m)
      const { url } = JSON.parse(readFileSync(join(dataDir, 'running.json'), 'utf8')) as { url: string }
      const browser = await visit(`${url}/`, { accept: 'text/html,*/*' })
      assert.equal(browser.status, 200)
      assert.match(browser.body, /<h1>Brume .*KUBECONFIG/s)
      const machine = await visit(`${url}/`, { accept: 'application/json' })
      assert.equal(machine.status, 403)
      const existing = await brumeAsync('backup', '--data-dir', dataDir, join(dataDir, 'kubeconfig'))
      assert.equal(existing.code, 1)
      assert.match(existing.stderr, /exists already\nnext: /)
    } finally {
      child.kill('SIGTERM')
      assert.deepEqual(await once(child, 'exit'), [0, null])
    }
  })
})

/** Leaves the event loop of this process free, for servers in it and processes beside it. */
async function brumeAsync(...args: string[]) {
  const child = spawn(join(ROOT, 'brume'), args, { cwd: folder, env: { ...process.env, HOME: folder } })
  const out = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    out.stderr += text
  })
  const [code] = await once(child, 'close')
  return { code, ...out }
}

/** Without credentials and without looking at the certificate, as a browser told to go on. */
async function visit(url: string, headers: Record<string, string>) {
  const request = get(url, { headers, rejectUnauthorized: false, agent: false })
  const [response] = await once(request, 'response')
  let body = ''
  for await (const chunk of response) body += chunk
  return { status: response.statusCode, body }
}

async function printed(stream: NodeJS.ReadableStream, text: string): Promise<void> {
  let seen = ''
  for await (const chunk of stream) {
    seen += chunk
    if (seen.includes(text)) return
  }
  throw new Error(`ended without printing ${text}: ${seen}`)
}
