import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { backend, ingress, prefix, rule } from '../testing/ingress.ts'
import { wantedOf } from './routes.ts'

const PORTS = { http: 80, https: 443 }
const wanted = (...ingresses: ReturnType<typeof ingress>[]) => wantedOf(ingresses, PORTS, () => undefined)
const texts = (...ingresses: ReturnType<typeof ingress>[]) =>
  wanted(...ingresses).model.routes.map(
    ({ host, path, rule: { targets } }) =>
      `${host || '*'} ${path.type === 'exact' ? '=' : '^'}${path.value} -> ${targets[0]?.backend.service}:${targets[0]?.backend.port}`,
  )

describe('routes', () => {
  it('are the hosts and paths of the rules', () => {
    const exact = { path: '/a', pathType: 'Exact', backend: backend('a') }
    assert.deepEqual(
      texts(
        ingress('i', { rules: [rule('Shop.Example', prefix('/'), exact), rule(undefined, prefix('/x'))] }),
      ),
      ['shop.example ^/ -> web:80', 'shop.example =/a -> a:80', '* ^/x -> web:80'],
    )
  })

  it('lead all else to the default backend', () => {
    assert.deepEqual(texts(ingress('i', { defaultBackend: backend('rest') })), ['* ^/ -> rest:80'])
    assert.deepEqual(
      texts(ingress('i', { defaultBackend: backend('rest'), rules: [rule('a', prefix('/x'))] })),
      ['a ^/x -> web:80', 'a ^/ -> rest:80'],
    )
  })

  it('belong to the older of two Ingresses, and the other one is told', () => {
    const young = ingress(
      'young',
      { rules: [rule('a', prefix('/', 'young'), prefix('/more', 'young'))] },
      { created: '2026-02-01T00:00:00Z' },
    )
    const old = ingress('old', { rules: [rule('a', prefix('/', 'old'))] })
    const { problems } = wanted(young, old)
    assert.deepEqual(texts(young, old), ['a ^/ -> old:80', 'a ^/more -> young:80'])
    assert.deepEqual(
      problems.map(({ object: { metadata }, message }) => [metadata.name, message]),
      [['young', 'a/ is taken by Ingress d/old, which is older; name another host or path']],
    )
  })

  it('go to HTTPS where a certificate is named, unless told otherwise', () => {
    const tls = [{ hosts: ['a'], secretName: 's' }]
    const redirect = (annotations: Record<string, string>) =>
      wanted(ingress('i', { tls, rules: [rule('a', prefix('/'))] }, { annotations })).model.routes.some(
        ({ ports, rule: { redirect: to } }) => ports.includes(PORTS.http) && to?.scheme === 'https',
      )
    assert.equal(redirect({}), true)
    assert.equal(redirect({ 'brume.dev/redirect-to-https': 'false' }), false)
  })

  it('leave out paths that would be more than a word for HAProxy, and say so', () => {
    const bad = [
      '/x\nvictim.example/ d.evil',
      '/a b',
      '/a\tb',
      '/\u0000',
      '/\u2028',
      `/${'x'.repeat(16_383)}victim.example/`,
    ]
    const all = ingress('i', { rules: [rule('a', ...bad.map((path) => prefix(path)), prefix('/#"%[src]'))] })
    assert.deepEqual(texts(all), ['a ^/#"%[src] -> web:80'])
    const { problems } = wanted(all)
    assert.deepEqual(
      problems.map(({ reason, message }) => [reason, message.length < 300]),
      bad.map(() => ['InvalidPath', true]),
    )
  })
})
