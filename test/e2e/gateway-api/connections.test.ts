// What the Gateway API promises about certificates and whole connections: HTTPS, TLS passed on and opened, TCP, gRPC.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttp2Server, connect as http2Connect } from 'node:http2'
import { createServer as createTcpServer, connect as tcpConnect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls'
import { findExecutable } from '@brume/machine/executables'
import { eventually } from '@brume/testkit/eventually'
import { freePort } from '@brume/testkit/free-port'
import { selfSigned } from '@brume/testkit/self-signed'
import { EdgeCloud, greeter } from './cloud.ts'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false
const CONNECT_LIMIT_MS = 5000

describe("the Gateway API's connections", { skip, timeout: 240_000 }, () => {
  let cloud: EdgeCloud
  const port = { tls: 0, opened: 0, tcp: 0, grpc: 0, busy: 0 }

  before(async () => {
    cloud = await EdgeCloud.start()
    for (const name of Object.keys(port) as (keyof typeof port)[]) port[name] = await freePort()
    await cloud.namespace('team')
    await cloud.namespace('vault')
    await cloud.serve('team', 'web')
    await cloud.apply(
      `${secret('team', 'site', '*.site.example')}---${secret('vault', 'shared', 'shared.example')}`,
    )
  })
  after(() => cloud.stop())

  const pair = (name: string) => selfSigned({ commonName: name, dnsNames: [name] })

  function secret(namespace: string, name: string, host: string): string {
    const { key, certificate } = pair(host)
    const [tlsKey, tlsCert] = [key, certificate].map((pem) => Buffer.from(pem).toString('base64'))
    return `
apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: {name: ${name}, namespace: ${namespace}}
data: {tls.crt: ${tlsCert}, tls.key: ${tlsKey}}
`
  }

  const gateway = (name: string, ...listeners: string[]) => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name}, namespace: team}
spec: {gatewayClassName: brume, listeners: [${listeners.join(', ')}]}
`
  const route = (kind: string, name: string, parent: string, spec: string) => `
apiVersion: gateway.networking.k8s.io/v1${kind.startsWith('T') ? 'alpha2' : ''}
kind: ${kind}
metadata: {name: ${name}, namespace: team}
spec: {parentRefs: [{name: ${parent}}], ${spec}}
`
  const to = (name: string) => `rules: [{backendRefs: [{name: ${name}, port: 80}]}]`

  /** What comes over TLS, and the name in the certificate that is shown. */
  function overTls(at: number, servername: string, say = ''): Promise<{ text: string; shown: string }> {
    return new Promise((resolve, reject) => {
      const socket = tlsConnect({ host: '127.0.0.1', port: at, servername, rejectUnauthorized: false })
      const limit = setTimeout(() => socket.destroy(new Error('no answer')), CONNECT_LIMIT_MS)
      let text = ''
      let shown = ''
      socket.on('secureConnect', () => {
        shown = String(socket.getPeerCertificate().subject?.CN)
        socket.write(say)
      })
      socket.on('data', (chunk) => {
        text += chunk
      })
      socket.on('error', reject)
      socket.on('close', () => {
        clearTimeout(limit)
        resolve({ text, shown })
      })
    })
  }
  const request = (host: string) => `GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`

  async function overTcp(at: number): Promise<string> {
    const socket = tcpConnect({ host: '127.0.0.1', port: at })
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    await once(socket, 'close')
    return text
  }

  it('show the certificate of the listener whose name is asked for', async () => {
    const listener = (name: string, host: string, ref: string) =>
      `{name: ${name}, port: ${cloud.ports.https}, protocol: HTTPS, hostname: '${host}', tls: {certificateRefs: [${ref}]}}`
    await cloud.apply(
      `${gateway('https', listener('site', '*.site.example', '{name: site}'), listener('shared', 'shared.example', '{name: shared, namespace: vault}'))}---${route('HTTPRoute', 'https', 'https', to('web'))}`,
    )
    const conditions = '.status.listeners[1].conditions'
    await cloud.eventuallyConditions('gateway https -n team', conditions, [
      'ResolvedRefs=False/RefNotPermitted',
      'Programmed=False/Invalid',
    ])
    const asked = async (host: string) => {
      const { text, shown } = await overTls(cloud.ports.https, host, request(host))
      return `${shown} ${/^HTTP\/1.1 (\d+)/.exec(text)?.[1]}`
    }
    await cloud.served(
      'the site is served',
      async () => (await asked('a.site.example')) === '*.site.example 200',
    )
    await cloud.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: shared, namespace: vault}
spec:
  from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: team}]
  to: [{group: "", kind: Secret, name: shared}]
`)
    await cloud.eventuallyConditions('gateway https -n team', conditions, ['Programmed=True/Programmed'])
    await cloud.served(
      'the other one too',
      async () => (await asked('shared.example')) === 'shared.example 200',
    )
  })

  it("pass TLS on unopened by the name in its hello, also on the port of the edge's HTTPS", async () => {
    for (const name of ['one', 'two']) {
      const { certificate: cert, key } = pair(`${name}.pass.example`)
      await cloud.serveWith(
        'team',
        name,
        createTlsServer({ cert, key }, (socket) => socket.end(name)),
      )
    }
    const pass = (name: string, at: number) =>
      `{name: ${name}, port: ${at}, protocol: TLS, hostname: '*.pass.example', tls: {mode: Passthrough}}`
    await cloud.apply(
      [
        gateway('pass', pass('own', port.tls), pass('shared', cloud.ports.https)),
        route('TLSRoute', 'one', 'pass', `hostnames: [one.pass.example, uno.pass.example], ${to('one')}`),
        route('TLSRoute', 'rest', 'pass', `hostnames: ['*.pass.example'], ${to('two')}`),
      ].join('---'),
    )
    await cloud.eventuallyConditions('tlsroute rest -n team', '.status.parents[0].conditions', [
      'Accepted=True/Accepted',
    ])
    for (const at of [port.tls, cloud.ports.https]) {
      const heard = async (name: string) => (await overTls(at, name)).text
      await cloud.served(`one answers on ${at}`, async () => (await heard('one.pass.example')) === 'one')
      assert.equal(await heard('uno.pass.example'), 'one')
      assert.equal(await heard('x.y.pass.example'), 'two')
      assert.equal((await overTls(at, 'one.pass.example')).shown, 'one.pass.example')
    }
    const { shown, text } = await overTls(cloud.ports.https, 'a.site.example', request('a.site.example'))
    assert.deepEqual([shown, /^HTTP\/1.1 200/.test(text)], ['*.site.example', true])
    await assert.rejects(overTls(port.tls, 'elsewhere.example'))
  })

  it('open TLS and pass on what is in it', async () => {
    await cloud.serveWith('team', 'plain', greeter('plain'))
    const listener = `{name: opened, port: ${port.opened}, protocol: TLS, hostname: '*.site.example', tls: {mode: Terminate, certificateRefs: [{name: site}]}}`
    await cloud.apply(
      `${gateway('opened', listener)}---${route('TLSRoute', 'opened', 'opened', `hostnames: [plain.site.example], ${to('plain')}`)}`,
    )
    await eventually('it is served', async () => {
      const { text, shown } = await overTls(port.opened, 'plain.site.example')
      return text === 'plain' && shown === '*.site.example'
    })
  })

  it('pass TCP on by the port, to the older of two routes', async () => {
    for (const name of ['old', 'new']) await cloud.serveWith('team', name, greeter(name))
    await cloud.apply(
      `${gateway('tcp', `{name: tcp, port: ${port.tcp}, protocol: TCP}`)}---${route('TCPRoute', 'a-old', 'tcp', to('old'))}`,
    )
    await eventually('the old one answers', async () => (await overTcp(port.tcp)) === 'old')
    await cloud.apply(route('TCPRoute', 'b-new', 'tcp', to('new')))
    await cloud.eventuallyConditions('tcproute b-new -n team', '.status.parents[0].conditions', [
      'Accepted=True/Accepted',
      'PartiallyInvalid=True/UnsupportedValue',
    ])
    assert.equal(await overTcp(port.tcp), 'old')
    await cloud.kubectl('delete tcproute a-old -n team')
    await eventually('the new one answers', async () => (await overTcp(port.tcp)) === 'new')
  })

  it('carry gRPC by service and method, with its trailers', async () => {
    for (const name of ['cart', 'rest']) {
      const server = createHttp2Server()
      server.on('stream', (stream, headers) => {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
        stream.on('wantTrailers', () =>
          stream.sendTrailers({ 'grpc-status': '0', 'x-who': `${name} ${headers[':path']}` }),
        )
        stream.end(Buffer.from([0, 0, 0, 0, 0]))
      })
      await cloud.serveWith('team', name, server as never)
    }
    await cloud.apply(
      [
        gateway('grpc', `{name: grpc, port: ${port.grpc}, protocol: HTTP}`),
        route(
          'GRPCRoute',
          'grpc',
          'grpc',
          `hostnames: [calls.example], rules: [{matches: [{method: {service: shop.Cart}}, {method: {method: Buy}}], backendRefs: [{name: cart, port: 80}]}, {backendRefs: [{name: rest, port: 80}]}]`,
        ),
      ].join('---'),
    )
    const call = (path: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const session = http2Connect(`http://127.0.0.1:${port.grpc}`)
        session.on('error', reject)
        const stream = session.request({
          ':method': 'POST',
          ':path': path,
          ':authority': 'calls.example',
          'content-type': 'application/grpc',
          te: 'trailers',
        })
        let told = ''
        stream.on('trailers', (trailers) => {
          told = `${trailers['grpc-status']} ${trailers['x-who']}`
        })
        stream.on('error', reject)
        stream.on('close', () => {
          session.close()
          resolve(told)
        })
        stream.resume()
        stream.end(Buffer.from([0, 0, 0, 0, 0]))
      })
    await cloud.served(
      'a call is answered',
      async () => (await call('/shop.Cart/Add')) === '0 cart /shop.Cart/Add',
    )
    assert.equal(await call('/shop.Order/Buy'), '0 cart /shop.Order/Buy')
    assert.equal(await call('/shop.Order/List'), '0 rest /shop.Order/List')
    assert.equal(await call('/shop.Carts/List'), '0 rest /shop.Carts/List')
  })

  it('are not had for a name by HTTPRoutes and GRPCRoutes at once, but by the older', async () => {
    await cloud.apply(route('HTTPRoute', 'pages', 'grpc', `hostnames: ["*.example"], ${to('web')}`))
    const conditions = '.status.parents[0].conditions'
    await cloud.eventuallyConditions('httproute pages -n team', conditions, [
      'Accepted=False/HostnameConflict',
    ])
    await cloud.eventuallyConditions('grpcroute grpc -n team', conditions, ['Accepted=True/Accepted'])
    assert.equal(await cloud.heard('x.example', '/', { port: port.grpc }), '404')
    await cloud.kubectl('delete grpcroute grpc -n team')
    await cloud.eventuallyConditions('httproute pages -n team', conditions, ['Accepted=True/Accepted'])
    await eventually(
      'it is served',
      async () => (await cloud.heard('x.example', '/', { port: port.grpc })) === 'web',
    )
  })

  it('are not had on a port of another program, until it gives it up', async () => {
    const other = createTcpServer().listen(port.busy)
    await once(other, 'listening')
    await cloud.apply(
      `${gateway('busy', `{name: busy, port: ${port.busy}, protocol: HTTP}`)}---${route('HTTPRoute', 'busy', 'busy', to('web'))}`,
    )
    const conditions = '.status.listeners[0].conditions'
    await cloud.eventuallyConditions('gateway busy -n team', conditions, [
      'Accepted=False/PortUnavailable',
      'Programmed=False/Invalid',
    ])
    other.close()
    await cloud.eventuallyConditions('gateway busy -n team', conditions, ['Programmed=True/Programmed'])
    await eventually(
      'it is served',
      async () => (await cloud.heard('x.example', '/', { port: port.busy })) === 'web',
    )
  })

  it('go on while the edge is restarted, and after it', async () => {
    const version = () =>
      cloud.kubectlArgv(['gateway', 'busy', '-n', 'team', '-o', 'jsonpath={.metadata.resourceVersion}'])
    const before = await version()
    await cloud.restartEdge()
    assert.equal(await cloud.heard('x.example', '/', { port: port.busy }), 'web')
    await cloud.apply(
      route(
        'HTTPRoute',
        'after',
        'busy',
        `hostnames: [after.example], rules: [{matches: [{path: {value: /x}}]}]`,
      ),
    )
    await eventually(
      'a change is served',
      async () => (await cloud.heard('after.example', '/x', { port: port.busy })) === '500',
    )
    // One more route is attached: that is all that is to be told.
    assert.notEqual(await version(), before)
    assert.equal((await overTls(port.opened, 'plain.site.example')).text, 'plain')
  })
})
