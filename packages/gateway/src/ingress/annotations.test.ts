import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Rule } from '../model.ts'
import { ingress, prefix, rule } from '../testing/ingress.ts'
import { wantedOf } from './routes.ts'

const PORTS = { http: 80, https: 443 }
const SHA512 =
  '$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g.'

function asked(annotations: Record<string, string>, auth?: string, path = prefix('/api')) {
  const named = Object.fromEntries(
    Object.entries(annotations).map(([name, value]) => [`brume.dev/${name}`, value]),
  )
  const data = auth === undefined ? undefined : { auth: Buffer.from(auth).toString('base64') }
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'd', name: 's' }, data }
  const { model, problems } = wantedOf(
    [ingress('i', { rules: [rule('a', path)] }, { annotations: named })],
    PORTS,
    (namespace, name) => (namespace === 'd' && name === 's' ? secret : undefined),
  )
  return { rule: model.routes[0]!.rule as Rule, problems: problems.map(({ message }) => message) }
}

describe('annotations', () => {
  it('ask for limits, headers, other paths, tries and shares', () => {
    const { rule: found, problems } = asked({
      'rate-limit': '600/m+20',
      'max-body': '10Mi',
      'allow-from': '192.0.2.0/24, 2001:db8::/32',
      'request-headers': 'X-A: 1\nX-B:\n',
      'response-headers': 'X-C: a: b',
      'rewrite-prefix': '/',
      'rewrite-host': 'inside.example',
      'timeout-seconds': '5',
      retries: '2',
      'affinity-cookie': 'STAY',
      canary: 'next:http 10%',
      'backend-protocol': 'h2c',
    })
    assert.deepEqual(problems, [])
    const { id, targets, ...rest } = found
    assert.equal(id, 'ingress/d/i/web/80//api')
    assert.deepEqual(
      targets.map(({ backend, weight, protocol }) => [backend.service, backend.port, weight, protocol]),
      [
        ['web', '80', 90, 'h2c'],
        ['next', 'http', 10, 'h2c'],
      ],
    )
    assert.deepEqual(rest, {
      redirect: undefined,
      requestHeaders: { set: [{ name: 'X-A', value: '1' }], add: [], remove: ['X-B'] },
      responseHeaders: { set: [{ name: 'X-C', value: 'a: b' }], add: [], remove: [] },
      rewrite: { host: 'inside.example', path: { type: 'prefix', from: '/api', value: '/' } },
      timeoutMs: { request: 5000, backend: undefined },
      retries: { attempts: 2, on: ['conn-failure', 'empty-response', '502', '503', '504'] },
      rateLimit: { requests: 600, perSeconds: 60, burst: 20 },
      basicAuth: undefined,
      affinity: { cookie: 'STAY' },
      allowFrom: ['192.0.2.0/24', '2001:db8::/32'],
      maxBodyBytes: 10 * 1024 * 1024,
    })
  })

  it('of a path that is to match exactly replace all of it', () => {
    const exact = { ...prefix('/api'), pathType: 'Exact' }
    const { rule: found } = asked({ 'rewrite-prefix': '/v2' }, undefined, exact)
    assert.deepEqual(found.rewrite?.path, { type: 'full', value: '/v2' })
  })

  it('that are wrong are left out, each with what is allowed', () => {
    const wrong = {
      'timeout-seconds': 'long',
      'backend-protocol': 'gopher',
      'redirect-to-https': 'maybe',
      'rate-limit': '0/s',
      'max-body': 'big',
      'request-headers': 'no colon',
      'rewrite-prefix': 'x y',
      'rewrite-host': 'a b',
      retries: '99',
      'affinity-cookie': 'a=b; Path=/',
      canary: 'next 10%',
    }
    const { rule: found, problems } = asked(wrong)
    assert.equal(problems.length, Object.keys(wrong).length)
    for (const name of Object.keys(wrong))
      assert.ok(
        problems.some(
          (one) => one.startsWith(`annotation brume.dev/${name}: `) && one.endsWith('; it is left out'),
        ),
        name,
      )
    assert.deepEqual([found.rateLimit, found.rewrite, found.targets.length], [undefined, undefined, 1])
  })

  it('name a Secret of users, of which the good lines count', () => {
    const { rule: found, problems } = asked(
      { 'basic-auth': 's', 'basic-auth-realm': 'staff' },
      `# people\nann:${SHA512}\r\nbob:$apr1$x$y\nnobody\ncat:{SHA}x=\ndan:$2y$12$${'x'.repeat(53)}\n`,
    )
    assert.deepEqual(found.basicAuth, { realm: 'staff', users: [{ name: 'ann', hash: SHA512 }] })
    assert.deepEqual(
      problems.map((one) => /line \d .*/.exec(one)?.[0]),
      [
        'line 3 is hashed in a way of Apache alone; use htpasswd -B, or mkpasswd -m sha-512; it is left out',
        'line 4 is not as NAME:HASH; it is left out',
        'line 5 is hashed in a way of Apache alone; use htpasswd -B, or mkpasswd -m sha-512; it is left out',
        'line 6 is too slow for requests: of bcrypt the cost is 10 at most (htpasswd -B -C 10); it is left out',
      ],
    )
  })

  it('that say who may come in let nobody in while they are wrong', () => {
    const missing = asked({ 'basic-auth': 'gone' })
    assert.deepEqual(missing.rule.basicAuth?.users, [])
    assert.match(missing.problems[0]!, /Secret "gone" does not exist.*nobody comes in/)
    assert.deepEqual(asked({ 'allow-from': '192.0.2.0/24,everybody' }).rule.allowFrom, [
      '192.0.2.0/24',
      'everybody',
    ])
    assert.deepEqual(asked({ 'allow-from': ' , ' }).rule.allowFrom, [''])
  })
})
