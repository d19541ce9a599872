// The Gateway API through kubectl, as its users see it: kinds, defaults, conditions, and what bad input gets.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { eventually } from '@brume/testkit/eventually'
import { ADDRESS, EdgeCloud } from './cloud.ts'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false

describe('the Gateway API and kubectl', { skip, timeout: 180_000 }, () => {
  let cloud: EdgeCloud
  before(async () => {
    cloud = await EdgeCloud.start()
    await cloud.namespace('shop')
    await cloud.serve('shop', 'web')
  })
  after(() => cloud.stop())

  const gateway = (name: string, listeners: string, more = '') => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name}, namespace: shop}
spec: {gatewayClassName: brume, listeners: [${listeners}]${more}}
`
  const route = (name: string, spec: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}, namespace: shop}
spec: {${spec}}
`
  const listener = (name: string, more = '') =>
    `{name: ${name}, port: ${cloud.ports.http}, protocol: HTTP${more}}`

  it('has the class of this edge, which is accepted before there is a Gateway', async () => {
    await cloud.kubectl('wait gc/brume --for=condition=Accepted --timeout=30s')
    assert.match(
      await cloud.kubectl('get gc'),
      /^NAME +CONTROLLER +ACCEPTED +AGE\nbrume +brume.dev\/gateway +True /,
    )
  })

  it('explains its kinds', async () => {
    assert.match(
      await cloud.kubectl('explain gateway.spec.listeners.hostname'),
      /Only requests for this name/,
    )
    assert.match(await cloud.kubectl('explain httproute.spec.rules.filters.requestRedirect'), /statusCode/)
    assert.match(
      await cloud.kubectl('api-resources --api-group=gateway.networking.k8s.io'),
      /referencegrants +refgrant/,
    )
  })

  it('serves a Gateway with a route, and says so on both', async () => {
    await cloud.apply(gateway('main', listener('web')))
    const rules = 'rules: [{backendRefs: [{name: web, port: 80}]}]'
    await cloud.apply(route('shop', `parentRefs: [{name: main}], hostnames: [shop.example], ${rules}`))
    await cloud.kubectl('wait gateway/main -n shop --for=condition=Programmed --timeout=30s')
    assert.match(
      await cloud.kubectl('get gateways -n shop'),
      new RegExp(
        `^NAME +CLASS +ADDRESS +PROGRAMMED +AGE\\nmain +brume +${ADDRESS.replaceAll('.', '\\.')} +True `,
      ),
    )
    await cloud.eventuallyConditions('httproute shop -n shop', '.status.parents[0].conditions', [
      'Accepted=True/Accepted',
      'ResolvedRefs=True/ResolvedRefs',
    ])
    assert.equal(await cloud.heard('shop.example', '/'), 'web')
    const attached = '{.status.listeners[0].attachedRoutes} {.status.listeners[0].supportedKinds[*].kind}'
    assert.equal(
      await cloud.kubectlArgv(['gateway', 'main', '-n', 'shop', '-o', `jsonpath=${attached}`]),
      '1 HTTPRoute GRPCRoute',
    )
    assert.match(
      await cloud.kubectl('describe httproute shop -n shop'),
      /Controller Name: +brume.dev\/gateway/,
    )
  })

  it('takes what is applied on the server, and is not in the way of its next change', async () => {
    const rules = 'rules: [{backendRefs: [{name: web, port: 80}]}]'
    const text = (host: string) =>
      route('applied', `parentRefs: [{name: main}], hostnames: [${host}], ${rules}`)
    await cloud.kubectl('apply --server-side -f -', text('one.example'))
    await cloud.eventuallyConditions('httproute applied -n shop', '.status.parents[0].conditions', [
      'Accepted=True/Accepted',
    ])
    await cloud.kubectl('apply --server-side -f -', text('two.example'))
    const generation = '{.metadata.generation}={.status.parents[0].conditions[0].observedGeneration}'
    await eventually('the second generation is observed', async () => {
      return (
        (await cloud.kubectlArgv(['httproute', 'applied', '-n', 'shop', '-o', `jsonpath=${generation}`])) ===
        '2=2'
      )
    })
    await cloud.served(
      'the other name is served',
      async () => (await cloud.heard('two.example', '/')) === 'web',
    )
    assert.equal(await cloud.heard('one.example', '/'), '404')
  })

  it('says what is wrong with a route, and serves what is not', async () => {
    await cloud.apply(
      [
        route('nowhere', 'parentRefs: [{name: main, sectionName: x}]'),
        route(
          'gone',
          'parentRefs: [{name: main}], hostnames: [gone.example], rules: [{backendRefs: [{name: gone, port: 80}]}]',
        ),
        route(
          'kind',
          'parentRefs: [{name: main}], hostnames: [kind.example], rules: [{backendRefs: [{name: b, kind: Bucket, group: x.example}]}]',
        ),
        route(
          'regex',
          'parentRefs: [{name: main}], hostnames: [regex.example], rules: [{matches: [{path: {type: RegularExpression, value: "/("}}]}]',
        ),
        route(
          'good',
          'parentRefs: [{name: main}], hostnames: [good.example], rules: [{backendRefs: [{name: web, port: 80}]}]',
        ),
      ].join('---'),
    )
    const expect = async (name: string, ...wanted: string[]) =>
      cloud.eventuallyConditions(`httproute ${name} -n shop`, '.status.parents[0].conditions', wanted)
    await expect('nowhere', 'Accepted=False/NoMatchingParent')
    await expect('gone', 'Accepted=True/Accepted', 'ResolvedRefs=False/BackendNotFound')
    await expect('kind', 'Accepted=True/Accepted', 'ResolvedRefs=False/InvalidKind')
    await expect('regex', 'Accepted=False/UnsupportedValue')
    await expect('good', 'Accepted=True/Accepted')
    assert.equal(await cloud.heard('good.example', '/'), 'web')
    assert.equal(await cloud.heard('gone.example', '/'), '500')
    assert.equal(await cloud.heard('kind.example', '/'), '500')
    await cloud.serve('shop', 'gone')
    await expect('gone', 'ResolvedRefs=True/ResolvedRefs')
  })

  it('says what is wrong with a listener, and serves the others', async () => {
    const secret = `
apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: {name: broken, namespace: shop}
stringData: {tls.crt: none, tls.key: none}
`
    const https = `{name: https, port: ${cloud.ports.https}, protocol: HTTPS, tls: {certificateRefs: [{name: broken}]}}`
    const udp = '{name: udp, port: 5353, protocol: UDP}'
    const own = listener('own', ', hostname: own.example')
    const same = listener('same')
    await cloud.apply(`${secret}---${gateway('mixed', [https, udp, own, same].join(', '))}`)
    const of = (i: number, ...wanted: string[]) =>
      cloud.eventuallyConditions('gateway mixed -n shop', `.status.listeners[${i}].conditions`, wanted)
    await of(
      0,
      'Accepted=True/Accepted',
      'ResolvedRefs=False/InvalidCertificateRef',
      'Programmed=False/Invalid',
    )
    await of(1, 'Accepted=False/UnsupportedProtocol')
    await of(2, 'Accepted=True/Accepted', 'Programmed=True/Programmed')
    await of(3, 'Accepted=False/HostnameConflict', 'Conflicted=True/HostnameConflict')
    await cloud.eventuallyConditions('gateway mixed -n shop', '.status.conditions', [
      'Accepted=True/ListenersNotValid',
      'Programmed=True/Programmed',
    ])
    assert.equal(await cloud.heard('good.example', '/'), 'web')
    await cloud.kubectl('delete gateway mixed -n shop')
  })

  it('leaves what other controllers say on a route, and takes back its own word', async () => {
    const other = {
      parentRef: { name: 'elsewhere' },
      controllerName: 'other.example/gateway',
      conditions: [
        {
          type: 'Accepted',
          status: 'True',
          reason: 'Accepted',
          message: '',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    }
    await cloud.apply(route('two', 'parentRefs: [{name: main}, {name: elsewhere}]'))
    await cloud.eventuallyConditions('httproute two -n shop', '.status.parents[0].conditions', [
      'Accepted=True/Accepted',
    ])
    const names = async () =>
      (
        await cloud.kubectlArgv([
          'httproute',
          'two',
          '-n',
          'shop',
          '-o',
          'jsonpath={.status.parents[*].controllerName}',
        ])
      ).split(' ')
    const patch = JSON.stringify([{ op: 'add', path: '/status/parents/0', value: other }])
    await cloud.kubectl(
      `patch httproute two -n shop --subresource=status --type=json -p ${patch.replaceAll(' ', '')}`,
    )
    assert.deepEqual(await names(), ['other.example/gateway', 'brume.dev/gateway'])
    await cloud.kubectl(
      'patch httproute two -n shop --type=merge -p {"spec":{"parentRefs":[{"name":"elsewhere"}]}}',
    )
    await eventually('our word is gone', async () => (await names()).join() === 'other.example/gateway')
  })

  it('lets people with the role edit make routes, and those with view read them', async () => {
    const can = async (verb: string, resource: string, role: string) => {
      const what = `auth can-i ${verb} ${resource} -n shop --as=${role}`
      return (await cloud.kubectl(what).catch(() => 'no')).trim()
    }
    for (const role of ['edit', 'view'])
      await cloud.kubectl(`create rolebinding ${role} -n shop --clusterrole=${role} --user=${role}`)
    assert.equal(await can('create', 'httproutes.gateway.networking.k8s.io', 'edit'), 'yes')
    assert.equal(await can('create', 'gateways.gateway.networking.k8s.io', 'edit'), 'yes')
    assert.equal(await can('list', 'grpcroutes.gateway.networking.k8s.io', 'view'), 'yes')
    assert.equal(await can('create', 'httproutes.gateway.networking.k8s.io', 'view'), 'no')
  })

  it("serves the guide's example as it stands there, but for the ports", async () => {
    const guide = readFileSync(join(import.meta.dirname, '../../../docs/guide/gateway-api.md'), 'utf8')
    const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(guide) ?? []
    const text = yaml
      .replaceAll('port: 8080', 'port: 80 ')
      .replace('port: 80\n', `port: ${cloud.ports.http}\n`)
      .replace('port: 443\n', `port: ${cloud.ports.https}\n`)
    await cloud.kubectl('delete gateway,httproute --all -n shop')
    await cloud.namespace('edge')
    await cloud.kubectl('label namespace shop public=yes')
    for (const name of ['shop', 'shop-next', 'api']) await cloud.serve('shop', name)
    const folder = mkdtempSync(join(tmpdir(), 'brume-guide-'))
    const [key, crt] = ['key', 'crt'].map((end) => join(folder, `tls.${end}`)) as [string, string]
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=example']
    execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', crt], { stdio: 'ignore' })
    await cloud.kubectl(`create secret tls example-org -n edge --cert=${crt} --key=${key}`)
    rmSync(folder, { recursive: true })
    await cloud.apply(text)
    await cloud.kubectl('wait gateway/public -n edge --for=condition=Programmed --timeout=30s')
    await cloud.eventuallyConditions('httproute shop -n shop', '.status.parents[0].conditions', [
      'Accepted=True/Accepted',
      'ResolvedRefs=True/ResolvedRefs',
    ])
    await eventually('plain HTTP is sent to HTTPS', async () => {
      const { status, headers } = await cloud.ask('shop.example.org', '/x')
      return status === 301 && headers.location === 'https://shop.example.org/x'
    })
  })

  it('writes nothing when nothing changed', async () => {
    const version = () =>
      cloud.kubectlArgv(['httproute,gateway', '-A', '-o', 'jsonpath={.items[*].metadata.resourceVersion}'])
    const first = await version()
    await cloud.restartEdge()
    // Something else changes and is told: by then all others were looked at.
    await cloud.apply(
      route('after', 'parentRefs: [{name: public, namespace: edge}], hostnames: [after.example.org]'),
    )
    await cloud.eventuallyConditions('httproute after -n shop', '.status.parents[0].conditions', [
      'Accepted=True/Accepted',
    ])
    await cloud.kubectl('delete httproute after -n shop')
    const left = (await version()).split(' ')
    // The Gateway counts its routes.
    assert.equal(
      left.filter((one) => !first.split(' ').includes(one)).length <= 1,
      true,
      `${first} | ${left}`,
    )
  })
})
