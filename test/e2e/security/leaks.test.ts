// Nothing secret leaves the server but to whom it is meant for: not in files, logs, errors, or the list of processes.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { Client } from '@brume/client/client'
import { connectTransport, loadConnection } from '@brume/client/kubeconfig'
import { eventually } from '@brume/testkit/eventually'

const MAIN = resolve(import.meta.dirname, '../../../packages/server/src/main.ts')
/** What is told to nobody, in the forms in which it could show. */
const SECRET = 'hush-7f3a9c-do-not-tell'
const FORMS = [
  SECRET,
  Buffer.from(SECRET).toString('base64'),
  Buffer.from(SECRET).toString('base64').replace(/=+$/, ''),
]

let folder: string
let dir: string
let child: ChildProcess
let printed = ''
let client: Client

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-leaks-'))
  dir = join(folder, 'data')
  process.umask(0)
  await mkdir(dir, { mode: 0o777 })
  // Left, or laid, by others.
  for (const name of ['kubeconfig.new', 'running.json.new', 'encryption-keys.json.partial']) {
    await writeFile(join(dir, name), 'x', { mode: 0o666 })
  }
  const args = ['up', '--data-dir', dir, '--listen', '127.0.0.1:0', '--no-node', '--log-level', 'debug']
  child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  }
  await eventually('the server is ready', () => printed.includes('ready\n'))
  const connection = loadConnection({ paths: [join(dir, 'kubeconfig')], env: {} })
  client = new Client({ transport: connectTransport(connection) })
})
after(async () => {
  client?.transport.close()
  child.kill('SIGKILL')
  await eventually('the server has ended', () => child.exitCode !== null || child.signalCode !== null)
  await rm(folder, { recursive: true, force: true })
})

async function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await client.transport.request({
    ...{ method, path },
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = (await response.buffer()).toString()
  return { status: response.status, text, headers: JSON.stringify(response.headers) }
}

const keepsQuiet = (what: string, text: string) => {
  for (const form of FORMS) assert.ok(!text.includes(form), `${what} tells a secret`)
}

const SECRETS = '/api/v1/namespaces/default/secrets'
const secret = (fields: object) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, ...fields })

test('errors and warnings about a secret do not repeat it', async () => {
  const data = { key: Buffer.from(SECRET).toString('base64') }
  assert.equal((await send('POST', SECRETS, secret({ data, immutable: true }))).status, 201)
  const merge = { 'content-type': 'application/merge-patch+json' }
  const strict = '?fieldValidation=Strict'
  const refused: [string, string, unknown, Record<string, string>?][] = [
    ['POST', SECRETS, secret({ data: { key: `${SECRET}!` } })],
    ['POST', SECRETS, secret({ data: { 'bad key': data.key } })],
    ['POST', SECRETS, secret({ stringData: { 'bad key': SECRET } })],
    ['POST', SECRETS, secret({ metadata: { name: 'Bad' }, data })],
    [
      'POST',
      SECRETS,
      secret({ type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': data.key } }),
    ],
    ['POST', SECRETS, secret({ type: 'kubernetes.io/tls', data: { 'tls.crt': data.key } })],
    ['POST', SECRETS, secret({ data })],
    ['PUT', `${SECRETS}/s`, secret({ data: { key: Buffer.from(`${SECRET}2`).toString('base64') } })],
    ['PATCH', `${SECRETS}/s`, { stringData: { key: `${SECRET}3` } }, merge],
    ['PATCH', `${SECRETS}/s`, { type: 'x', data: null }, merge],
    [
      'PATCH',
      `${SECRETS}/s`,
      [{ op: 'test', path: '/data/key', value: 'eA==' }],
      { 'content-type': 'application/json-patch+json' },
    ],
    ['DELETE', `${SECRETS}/s`, { preconditions: { uid: 'x' } }],
  ]
  for (const [method, path, body, headers] of refused) {
    const { status, text } = await send(method, `${path}${method === 'DELETE' ? '' : strict}`, body, headers)
    const what = `${method} ${JSON.stringify(body).replaceAll(SECRET, '...')}`
    assert.ok(status >= 400 && status < 500, `${what}: ${status}`)
    keepsQuiet(what, text)
    keepsQuiet(what, text)
  }
  for (const path of [`${SECRETS}/s`, SECRETS]) {
    for (const as of ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']) {
      const { text } = await send('GET', path, undefined, {
        accept: `application/json;as=${as};g=meta.k8s.io;v=v1`,
      })
      keepsQuiet(`${as} of ${path}`, text)
    }
  }
  for (const path of ['/api/v1/namespaces/default/events', '/metrics', '/readyz?verbose']) {
    keepsQuiet(path, (await send('GET', path)).text)
  }
})

test('tokens show in no log, also when they are wrong', async () => {
  for (const header of [`Bearer ${SECRET}`, `Basic ${Buffer.from(SECRET).toString('base64')}`]) {
    await send('GET', '/api', undefined, { authorization: header })
  }
  await send('GET', `/api/v1/pods?token=${SECRET}`)
  await send('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: SECRET } })
  await send('POST', '/api/v1/namespaces/default/configmaps', `{"kind": ${SECRET}`)
  keepsQuiet('the log', printed)
  assert.doesNotMatch(printed, /PRIVATE KEY/)
})

test('the store and its backups hold no secret in the clear', async () => {
  const backup = await client.transport.request({
    method: 'GET',
    path: '/backup',
    headers: { accept: '*/*' },
  })
  keepsQuiet('a backup', (await backup.buffer()).toString('latin1'))
  for (const name of readdirSync(join(dir, 'store'))) {
    keepsQuiet(name, readFileSync(join(dir, 'store', name), 'latin1'))
  }
})

test('the files are for their owner alone, whatever the umask and what lay there', async () => {
  // The copy for the backup before goes when its last byte has been taken.
  await eventually(
    'no backup is being made',
    () => !readdirSync(dir).some((name) => name.startsWith('backup-')),
  )
  const open = (path: string) => lstatSync(path).mode & 0o077
  const walk = (path: string): string[] =>
    readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
      const full = join(path, entry.name)
      return entry.isDirectory() ? [full, ...walk(full)] : [full]
    })
  const isPublic = (path: string) => /\.(crt|pub)$/.test(path)
  for (const path of walk(dir).filter((path) => !isPublic(path))) assert.equal(open(path), 0, path)
  for (const path of walk(dir).filter(isPublic)) assert.equal(open(path) & 0o022, 0, path)
  assert.equal(lstatSync(dir).mode & 0o022, 0, 'the data directory')
})

test('the list of processes shows no secret', () => {
  const shown =
    readFileSync(`/proc/${child.pid}/cmdline`, 'utf8') + readFileSync(`/proc/${child.pid}/environ`, 'utf8')
  assert.doesNotMatch(shown, /PRIVATE KEY|BEGIN/)
  const { keys } = JSON.parse(readFileSync(join(dir, 'encryption-keys.json'), 'utf8'))
  for (const { secret } of keys) assert.ok(!shown.includes(secret) && !printed.includes(secret))
})

test('a server that cannot start says why without telling keys', async () => {
  child.kill('SIGTERM')
  await eventually('the server has ended', () => child.exitCode !== null || child.signalCode !== null)
  const file = join(dir, 'encryption-keys.json')
  const good = readFileSync(file, 'utf8')
  const { keys } = JSON.parse(good)
  for (const [text, mode] of [
    [good.slice(0, -8), 0o600],
    [good.replace('"secret"', '"secret'), 0o600],
    [good, 0o644],
    [JSON.stringify({ keys: [{ ...keys[0], secret: keys[0].secret.slice(1) }] }), 0o600],
  ] as const) {
    await writeFile(file, text)
    await chmod(file, mode)
    const output = await outputOf(['up', '--data-dir', dir, '--listen', '127.0.0.1:0', '--no-node'])
    assert.match(output, /brume up: .*encryption-keys\.json/)
    assert.match(output, /\nnext: /)
    assert.ok(!output.includes(keys[0].secret.slice(4, 24)), 'the key is told')
  }
})

/** Of a run that ends by itself with exit code 1. */
function outputOf(args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const run = spawn(process.execPath, [MAIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 30_000,
    })
    let text = ''
    for (const stream of [run.stdout, run.stderr])
      stream.on('data', (chunk) => {
        text += chunk
      })
    run.on('close', (code) => (code === 1 ? resolve(text) : reject(new Error(`exit code ${code}: ${text}`))))
  })
}
