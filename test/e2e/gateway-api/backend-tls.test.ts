// BackendTLSPolicies: a Service whose server has to show a certificate, through a whole control plane and a real HAProxy.

import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import { after, before, describe, it } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { eventually } from '@brume/testkit/eventually'
import { selfSigned } from '@brume/testkit/self-signed'
import { EdgeCloud } from './cloud.ts'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false
const CONDITIONS = '.status.ancestors[0].conditions'
const GOOD = ['Accepted=True/Accepted', 'ResolvedRefs=True/ResolvedRefs']

describe('a Service that is spoken to by TLS', { skip, timeout: 240_000 }, () => {
  let cloud: EdgeCloud

  before(async () => {
    cloud = await EdgeCloud.start()
    await cloud.namespace('team')
    const server = createServer({ key: own.key, cert: own.certificate }, (_, response) =>
      response.end('{"service":"web"}'),
    )
    await cloud.serveWith('team', 'web', server)
    await cloud.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g, namespace: team}
spec: {gatewayClassName: brume, listeners: [{name: web, port: ${cloud.ports.http}, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: team}
spec:
  parentRefs: [{name: g}]
  hostnames: [web.example]
  rules: [{backendRefs: [{name: web, port: 80}]}]
`)
  })
  after(() => cloud.stop())

  const own = selfSigned({ commonName: 'any', dnsNames: ['web.internal'] })
  const authority = (pem: string) =>
    cloud.apply(
      `{apiVersion: v1, kind: ConfigMap, metadata: {name: ca, namespace: team}, data: {ca.crt: ${JSON.stringify(pem)}}}`,
    )
  const policy = (validation: string) =>
    cloud.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: web, namespace: team}
spec:
  targetRefs: [{group: "", kind: Service, name: web}]
  validation: ${validation}
`)
  const named = '{caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}], hostname: web.internal}'
  const heard = () => cloud.heard('web.example', '/')
  const says = (...conditions: string[]) =>
    cloud.eventuallyConditions('backendtlspolicy web -n team', CONDITIONS, conditions)

  it('gets nothing until its policy is whole, and is asked by TLS from then on', async () => {
    await policy(named)
    await says('Accepted=False/NoValidCACertificate', 'ResolvedRefs=False/InvalidCACertificateRef')
    await cloud.served('nothing is asked', async () => (await heard()) === '500')
    await authority(own.certificate)
    await says(...GOOD)
    await cloud.served('it answers', async () => (await heard()) === 'web')
  })

  it('is asked as before while another edge takes over', async () => {
    let asking = true
    const answers = new Set<string>()
    const asked = (async () => {
      while (asking) answers.add(await heard())
    })()
    await cloud.restartEdge()
    await cloud.apply(
      '{apiVersion: v1, kind: Service, metadata: {name: more, namespace: team}, spec: {ports: [{port: 80}]}}',
    )
    await cloud.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: more, namespace: team}
spec: {parentRefs: [{name: g}], hostnames: [more.example], rules: [{backendRefs: [{name: more, port: 80}]}]}
`)
    await eventually('the next one serves', async () => (await cloud.heard('more.example', '/')) === '503')
    asking = false
    await asked
    assert.deepEqual([...answers], ['web'])
  })

  it('is not spoken to when it shows what another CA vouches for, or another name', async () => {
    await authority(selfSigned({ commonName: 'any', dnsNames: ['web.internal'] }).certificate)
    await cloud.served('another CA', async () => (await heard()) === '503')
    await authority(own.certificate)
    await cloud.served('its own CA', async () => (await heard()) === 'web')
    await policy(named.replace('web.internal', 'other.internal'))
    await cloud.served('another name', async () => (await heard()) === '503')
    await policy('{wellKnownCACertificates: System, hostname: web.internal}')
    await says(...GOOD)
    assert.equal(await heard(), '503')
  })

  it('of a policy that asks for what is not served gets nothing, and that is said', async () => {
    const others = 'subjectAltNames: [{type: URI, uri: "spiffe://a/b"}]'
    await policy(`{wellKnownCACertificates: System, hostname: web.internal, ${others}}`)
    await says('Accepted=False/Invalid', 'ResolvedRefs=True/ResolvedRefs')
    await cloud.served('nothing', async () => (await heard()) === '500')
  })
})
