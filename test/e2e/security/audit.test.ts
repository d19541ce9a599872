// The audit log of a cloud as a person runs it: on by default, what real kubectls do is in it, no secret is, a killed
// process leaves no half events, and a policy that cannot be followed is told at the start.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { CONFIG_MAPS } from '@brume/client/builtin'
import { type AuditEvent, auditEventsIn } from '@brume/testkit/audit-events'
import { eventually } from '@brume/testkit/eventually'
import { runMain, type ServerProcess, startServer } from '../crash/server-process.ts'
import { kubectls } from '../kubectl/kubectls.ts'

const SECRET = 'hush-audit-5d1'

const folders: string[] = []
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'brume-audit-'))
  folders.push(folder)
  return folder
}

const logOf = (dataDir: string) => join(dataDir, 'audit', 'audit.log')

const find = (dataDir: string, what: string, matches: (event: AuditEvent) => boolean) =>
  eventually(what, () => auditEventsIn(logOf(dataDir)).find(matches))

async function withServer(
  options: readonly string[],
  body: (server: ServerProcess, dataDir: string) => Promise<void>,
): Promise<void> {
  const dataDir = join(await newFolder(), 'data')
  const server = startServer(dataDir, { options: ['--no-node', ...options] })
  try {
    await server.ready()
    await body(server, dataDir)
  } finally {
    await server.kill('SIGTERM')
  }
}

const noKubectl = kubectls().length === 0 ? 'no kubectl on this machine' : false

test('what kubectl does is recorded: who, in whose name, what, and how it ended', { skip: noKubectl }, () =>
  withServer([], async (_server, dataDir) => {
    for (const { path, version } of kubectls()) {
      const kubectl = (line: string) => run(path, line, dataDir)
      const name = `made-by-${version.replace('.', '-')}`
      const ofThis = (event: AuditEvent) => event.objectRef?.name === name
      await kubectl(`create configmap ${name} --from-literal=a=b`)
      const created = await find(dataDir, 'the create', (e) => ofThis(e) && e.verb === 'create')
      assert.equal(created.user.username, 'brume-admin')
      assert.match(created.userAgent, new RegExp(`^kubectl[^/]*/v${version.replace('.', '\\.')}`))
      assert.equal(created.responseStatus.code, 201)
      await kubectl(`delete configmap ${name} --as=anna --as-group=team`)
      const refused = await find(dataDir, 'the refusal', (e) => ofThis(e) && e.verb === 'delete')
      assert.equal(refused.impersonatedUser.username, 'anna')
      assert.ok(refused.impersonatedUser.groups.includes('team'))
      assert.equal(refused.responseStatus.reason, 'Forbidden')
      assert.equal(refused.annotations['authorization.k8s.io/decision'], 'forbid')
      await kubectl(`delete configmap ${name}`)
      await find(
        dataDir,
        'the delete',
        (e) => ofThis(e) && e.verb === 'delete' && e.responseStatus.code === 200,
      )
      await kubectl(`create secret generic ${name} --from-literal=password=${SECRET}`)
      await kubectl(`get secret ${name} -o yaml`)
      await find(
        dataDir,
        'the read',
        (e) => e.objectRef?.resource === 'secrets' && ofThis(e) && e.verb === 'get',
      )
      await kubectl('create token default')
      const token = await find(dataDir, 'the token', (e) => e.objectRef?.subresource === 'token')
      assert.deepEqual([token.objectRef.name, token.responseObject], ['default', undefined])
      await kubectl(`run ${name} --image=none`)
      await kubectl(`exec ${name} -- id`)
      const exec = await find(dataDir, 'the exec', (e) => e.objectRef?.subresource === 'exec' && ofThis(e))
      assert.match(exec.requestURI, /command=id/)
      await kubectl(`auth can-i delete nodes --as=${name}`)
    }
    const text = readFileSync(logOf(dataDir), 'utf8')
    for (const form of [SECRET, Buffer.from(SECRET).toString('base64')]) assert.ok(!text.includes(form))
    assert.doesNotMatch(text, /eyJ[\w-]+\.[\w-]+\./, 'no token is in it')
    assert.equal(statSync(logOf(dataDir)).mode & 0o777, 0o600)
    const noise = auditEventsIn(logOf(dataDir)).filter(
      ({ verb, objectRef }) =>
        objectRef?.resource === 'leases' || (verb === 'watch' && objectRef?.resource !== 'secrets'),
    )
    assert.deepEqual(noise, [])
  }),
)

test('a process that is killed leaves whole events, and the next one goes on after them', async () => {
  const dataDir = join(await newFolder(), 'data')
  const path = logOf(dataDir)
  for (let kill = 0; kill < 3; kill++) {
    const server = startServer(dataDir)
    const client = await server.ready()
    const acknowledged = new Set<string>()
    const writing = (async () => {
      for (let n = 0; ; n++) {
        const name = `k${kill}-${n}`
        await client.resource(CONFIG_MAPS).create({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name, namespace: 'default' },
        })
        acknowledged.add(name)
      }
    })().catch(() => {})
    await eventually('some writes are recorded', () => readFileSync(path, 'utf8').includes(`"k${kill}-20"`))
    await server.kill('SIGKILL')
    await writing
    auditEventsIn(path)
    const recorded = new Set(auditEventsIn(path).map(({ objectRef }) => objectRef?.name))
    const missing = [...acknowledged].filter((name) => !recorded.has(name))
    const last = [...acknowledged].slice(-missing.length)
    assert.deepEqual(missing, missing.length === 0 ? [] : last, 'only the last moment may be missing')
    // As a kill in the middle of a write would leave it.
    appendFileSync(path, '{"kind":"Event","auditID":"half')
  }
  const server = startServer(dataDir)
  await server.ready()
  await server.kill('SIGTERM')
  assert.ok(auditEventsIn(path).every(({ kind }) => kind === 'Event'))
  assert.doesNotMatch(readFileSync(path, 'utf8'), /"half/)
})

test("a policy of one's own decides, and files are kept within their limits", async () => {
  const file = join(await newFolder(), 'policy.yaml')
  await writeFile(
    file,
    'apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n' +
      '- {level: Request, verbs: [create], resources: [{group: "", resources: [configmaps]}]}\n',
  )
  const options = ['--audit-policy-file', file, '--audit-log-maxsize', '1', '--audit-log-maxbackup', '2']
  await withServer(options, async (server, dataDir) => {
    const client = server.connect()
    for (let n = 0; n < 60; n++) {
      const metadata = { name: `c${n}`, namespace: 'default' }
      await client.resource(CONFIG_MAPS).create({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata,
        data: { x: 'x'.repeat(80_000) },
      })
    }
    await find(dataDir, 'the last create', ({ objectRef }) => objectRef.name === 'c59')
    const names = readdirSync(join(dataDir, 'audit'))
    assert.equal(names.length, 3, String(names))
    for (const name of names) {
      const path = join(dataDir, 'audit', name)
      assert.ok(statSync(path).size <= 1024 * 1024)
      assert.equal(statSync(path).mode & 0o777, 0o600)
      for (const { level, objectRef } of auditEventsIn(path))
        assert.deepEqual([level, objectRef.resource], ['Request', 'configmaps'])
    }
  })
})

test('a policy that cannot be followed stops the start, naming the field', async () => {
  const folder = await newFolder()
  const file = join(folder, 'policy.yaml')
  const up = (more: string[]) =>
    runMain(['up', '--data-dir', join(folder, 'data'), '--listen', '127.0.0.1:0', '--no-node', ...more])
  for (const [text, said] of [
    [
      'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- {level: Metadata, verb: [get]}\n',
      'rules[0].verb: unknown field',
    ],
    [
      'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- {level: Everything}\n',
      'rules[0].level: Unsupported value: "Everything"',
    ],
  ] as const) {
    await writeFile(file, text)
    const { code, stderr } = await up(['--audit-policy-file', file])
    assert.equal(code, 2, stderr)
    assert.ok(stderr.includes(said), stderr)
    assert.match(stderr, /\nnext: /)
  }
  const missing = await up(['--audit-policy-file', join(folder, 'none.yaml')])
  assert.match(missing.stderr, /none\.yaml: it cannot be read \(ENOENT\)/)
  const size = await up(['--audit-log-maxsize', '0'])
  assert.match(size.stderr, /--audit-log-maxsize 0 is not a whole number of at least 1/)
  assert.ok(!existsSync(join(folder, 'data')), 'nothing was made')
})

test('it can be switched off', () =>
  withServer(['--no-audit'], async (_server, dataDir) => {
    assert.ok(!existsSync(logOf(dataDir)))
  }))

/** Whatever comes of it: what counts is what was recorded. */
function run(path: string, line: string, dataDir: string): Promise<void> {
  const env = { PATH: process.env['PATH'], HOME: dataDir, KUBECONFIG: join(dataDir, 'kubeconfig') }
  return new Promise((resolve) => {
    execFile(path, line.split(' '), { env, timeout: 60_000 }, () => resolve())
  })
}
