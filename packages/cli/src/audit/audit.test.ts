import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { brume } from '../testing.ts'

const NOW = Date.now()
const HOUR_MS = 3_600_000

interface Given {
  hoursAgo?: number
  user?: string
  as?: string
  verb?: string
  resource?: string
  subresource?: string
  namespace?: string
  name?: string
  code?: number
  message?: string
  stage?: string
  uri?: string
}

/** A line as the server writes it. */
function line(given: Given): string {
  const { hoursAgo = 1, user = 'anna', verb = 'create', resource = 'configmaps', code = 200 } = given
  const time = new Date(NOW - hoursAgo * HOUR_MS).toISOString().replace('Z', '000Z')
  const ref = {
    resource,
    namespace: given.namespace ?? 'default',
    name: given.name,
    subresource: given.subresource,
  }
  return JSON.stringify({
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    stage: given.stage ?? 'ResponseComplete',
    requestURI: given.uri ?? '/x',
    verb,
    user: user === '' ? {} : { username: user },
    ...(given.as && { impersonatedUser: { username: given.as } }),
    sourceIPs: ['203.0.113.9', '192.0.2.1'],
    userAgent: 'kubectl/v1.32.4 (linux/amd64)',
    ...(given.uri ? {} : { objectRef: ref }),
    responseStatus: { code, ...(given.message && { reason: 'Forbidden', message: given.message }) },
    requestReceivedTimestamp: time,
  })
}

describe('brume audit', () => {
  let dir = ''
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'brume-audit-cli-'))
    mkdirSync(join(dir, 'audit'))
    const write = (name: string, lines: string[], end = '') =>
      writeFileSync(join(dir, 'audit', name), `${lines.join('\n')}\n${end}`)
    write('audit-2026-01-01T00-00-00.000.log', [
      line({ name: 'oldest', hoursAgo: 90 }),
      line({ name: 'old', hoursAgo: 80, user: 'bob' }),
    ])
    write('audit-2026-01-02T00-00-00.000.log', [line({ name: 'middle', hoursAgo: 30 })])
    write(
      'audit.log',
      [
        line({ name: 'one', stage: 'RequestReceived' }),
        line({ name: 'one' }),
        line({ name: 's', resource: 'secrets', verb: 'get', user: 'bob', namespace: 'team' }),
        line({ name: 'w', resource: 'pods', subresource: 'exec', verb: 'get', as: 'carol' }),
        line({
          name: 'd',
          resource: 'deployments',
          verb: 'delete',
          code: 403,
          message: 'no \u001b[31mright',
        }),
        line({ user: '', uri: '/api', code: 401, verb: 'get', stage: 'ResponseStarted' }),
      ],
      '{"kind":"Event","stage":"Resp',
    )
  })
  after(() => rmSync(dir, { recursive: true, force: true }))

  const audit = async (...argv: string[]) => {
    const { code, out, err } = await brume(['audit', '--data-dir', dir, ...argv])
    assert.equal(code, 0, err)
    return out
  }
  const WHAT = 3
  const whats = async (...argv: string[]) =>
    (await audit(...argv))
      .split('\n')
      .slice(1, -1)
      .map((row) => row.split(/ {2,}/)[WHAT])

  it('tells of every request once, oldest first, over all files, and passes over what is no event', async () => {
    assert.deepEqual(await whats(), [
      'configmaps/oldest',
      'configmaps/old',
      'configmaps/middle',
      'configmaps/one',
      'secrets/s',
      'pods/w/exec',
      'deployments/d',
      '/api',
    ])
  })

  it('says who, in whose name, from where and how it ended, and nothing that a terminal obeys', async () => {
    const out = await audit()
    assert.match(out, /anna as carol +get +pods\/w\/exec +default +192\.0\.2\.1 kubectl +200\n/)
    assert.match(out, /anna +delete +deployments\/d +default .* 403 Forbidden: no \?\[31mright\n/)
    assert.match(out, /\(unknown\) +get +\/api .* 401\n/)
  })

  const cases: [argv: string[], found: string[]][] = [
    [
      ['--tail', '2'],
      ['deployments/d', '/api'],
    ],
    [
      ['--user', 'bob'],
      ['configmaps/old', 'secrets/s'],
    ],
    [['--user', 'car*'], ['pods/w/exec']],
    [
      ['--verb', 'get', '--verb', 'delete'],
      ['secrets/s', 'pods/w/exec', 'deployments/d', '/api'],
    ],
    [
      ['--verb', 'write', '--since', '2h'],
      ['configmaps/one', 'deployments/d'],
    ],
    [
      ['--since', '2d'],
      ['configmaps/middle', 'configmaps/one', 'secrets/s', 'pods/w/exec', 'deployments/d', '/api'],
    ],
    [['-n', 'team'], ['secrets/s']],
    [['--refused'], ['deployments/d', '/api']],
    [['cm/one'], ['configmaps/one']],
    [['secret'], ['secrets/s']],
    [['pods/exec'], ['pods/w/exec']],
    [['Deployment/d'], ['deployments/d']],
  ]
  for (const [argv, found] of cases) {
    it(`finds what is asked for by ${argv.join(' ')}`, async () => {
      assert.deepEqual(await whats(...argv), found)
    })
  }

  it('gives the events themselves for programs', async () => {
    const lines = (await audit('-o', 'json', 'secrets')).trim().split('\n')
    assert.deepEqual(
      lines.map((text) => JSON.parse(text).objectRef.name),
      ['s'],
    )
  })

  it('says so when there is nothing, and where there is no log what to do', async () => {
    assert.equal(await audit('nodes'), 'nothing of this kind is recorded\n')
    const { code, err } = await brume(['audit', '--data-dir', '/nonexistent'])
    assert.equal(code, 1)
    assert.match(err, /there is no audit log .*\n.*\.\/brume up/)
    assert.equal((await brume(['audit', '--data-dir', dir, '--since', 'soon'])).code, 2)
  })
})
