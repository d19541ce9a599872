import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ownIngresses, wantedOf } from './routes.ts'

const backend = (name: string, number = 80) => ({ service: { name, port: { number } } })

function ingress(
  name: string,
  spec: object,
  more: { annotations?: Record<string, string>; created?: string } = {},
) {
  const creationTimestamp = more.created ?? '2026-01-01T00:00:00Z'
  const metadata = { namespace: 'd', name, creationTimestamp, annotations: more.annotations ?? {} }
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec }
}

const rule = (host: string | undefined, ...paths: object[]) => ({
  ...(host === undefined ? {} : { host }),
  http: { paths },
})
const prefix = (path: string, to = 'web') => ({ path, pathType: 'Prefix', backend: backend(to) })
const texts = (...ingresses: ReturnType<typeof ingress>[]) =>
  wantedOf(ingresses).routes.map(
    ({ host, path, exact, backend: to }) =>
      `${host || '*'} ${exact ? '=' : '^'}${path} -> ${to.service}:${to.port}`,
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
    const { problems } = wantedOf([young, old])
    assert.deepEqual(texts(young, old), ['a ^/ -> old:80', 'a ^/more -> young:80'])
    assert.deepEqual(
      problems.map(({ ingress: { metadata }, message }) => [metadata.name, message]),
      [['young', 'a/ is taken by Ingress d/old, which is older; name another host or path']],
    )
  })

  it('go to HTTPS where a certificate is named, unless told otherwise', () => {
    const tls = [{ hosts: ['a'], secretName: 's' }]
    const redirect = (annotations: Record<string, string>) =>
      wantedOf([ingress('i', { tls, rules: [rule('a', prefix('/'))] }, { annotations })]).routes[0]?.options
        .redirectToHttps
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
    const { problems } = wantedOf([all])
    assert.deepEqual(
      problems.map(({ reason, message }) => [reason, message.length < 300]),
      bad.map(() => ['InvalidPath', true]),
    )
  })

  it('leave out what an annotation says wrongly, and say so', () => {
    const { routes, problems } = wantedOf([
      ingress(
        'i',
        { rules: [rule('a', prefix('/'))] },
        { annotations: { 'brume.dev/timeout-seconds': 'long', 'brume.dev/backend-protocol': 'gopher' } },
      ),
    ])
    assert.deepEqual(routes[0]?.options, {
      redirectToHttps: false,
      protocol: 'http',
      timeoutSeconds: undefined,
    })
    assert.deepEqual(
      problems.map(({ reason }) => reason),
      ['InvalidAnnotation', 'InvalidAnnotation'],
    )
  })
})

describe('the Ingresses of the edge', () => {
  const own = (isDefault: boolean) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: {
      name: 'brume',
      annotations: { 'ingressclass.kubernetes.io/is-default-class': String(isDefault) },
    },
    spec: { controller: 'brume.dev/ingress' },
  })
  const all = [
    ingress('none', {}),
    ingress('ours', { ingressClassName: 'brume' }),
    ingress('theirs', { ingressClassName: 'nginx' }),
  ]
  const names = (isDefault: boolean) =>
    ownIngresses(all, [own(isDefault)]).map(({ metadata }) => metadata.name)

  it('are those of its class, and those without one while its class is the default', () => {
    assert.deepEqual(names(true), ['none', 'ours'])
    assert.deepEqual(names(false), ['ours'])
  })
})
