// What stands between the API server and containers: what happens to streams when one of the parts goes, who is believed
// to be what, and the proxies to nodes, pods and Services.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { after, before, describe, it } from 'node:test'
import { NODES, PODS } from '@brume/client/builtin'
import { type BareNode, startBareNode } from '@brume/testkit/bare-node'
import { whyNoBusybox } from '@brume/testkit/busybox-image'
import { whyNoContainers } from '@brume/testkit/containerd'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { httpOf } from '@brume/testkit/http'
import { WebSocket, WebSocketServer } from 'ws'
import { exec, PODS_PATH, socketsOf } from './container-sockets.ts'

const skip = whyNoContainers() ?? whyNoBusybox() ?? false

describe('between the API server and containers', { skip, timeout: 120_000 }, () => {
  let plane: TestControlPlane
  let node: BareNode
  const { admin, open, refused } = socketsOf(() => plane)
  before(async () => {
    plane = await startTestControlPlane()
    node = await startBareNode(plane, {
      '/metrics': () => ({ contentType: 'text/plain', body: 'some 1\n' }),
    })
    await node.start({ name: 'p', command: ['sleep', '1000'] })
  })
  after(async () => {
    await node?.stop()
    await plane?.stop()
  })

  it('open streams are counted, and none when all are closed', async () => {
    const count = async () => {
      const { text } = await httpOf(plane).send('GET', '/metrics')
      return /^apiserver_open_streams (\d+)$/m.exec(text)?.[1]
    }
    await eventually('the ends of all streams before', async () => (await count()) === '0')
    const { ws, text, closed } = await open(exec('p', ['sh', '-c', 'echo up; sleep 1000']), [
      'v5.channel.k8s.io',
    ])
    await eventually('the stream', () => text.get(1) === 'up\n')
    assert.equal(await count(), '1')
    ws.terminate()
    await closed
    await eventually('its end', async () => (await count()) === '0')
  })

  it('a node that goes cuts its streams; one that is not there is named', async () => {
    const { closed, text } = await open(exec('p', ['sh', '-c', 'echo up; sleep 1000']), ['v4.channel.k8s.io'])
    await eventually('the stream', () => text.get(1) === 'up\n')
    await node.server.close()
    assert.equal(await closed, 1006)
    const { status, text: why } = await refused(exec('p', ['true']), ['v4.channel.k8s.io'])
    assert.equal(status, 503)
    assert.match(
      JSON.parse(why).message,
      /^error dialing backend: node "bare" at 127\.0\.0\.1:\d+: connect ECONNREFUSED/,
    )
    const logs = await httpOf(plane).send('GET', `${PODS_PATH}/p/log`)
    assert.equal(logs.status, 503)
    await node.listen()
    const again = await open(exec('p', ['echo', 'again']), ['v4.channel.k8s.io'])
    await again.closed
    assert.equal(again.text.get(1), 'again\n')
  })

  it('an API server that stops ends its streams, and serves new ones when it is back', async () => {
    const { closed, text } = await open(exec('p', ['sh', '-c', 'echo up; sleep 1000']), ['v5.channel.k8s.io'])
    await eventually('the stream', () => text.get(1) === 'up\n')
    await plane.restart()
    assert.notEqual(await closed, 1000)
    const again = await open(exec('p', ['echo', 'again']), ['v5.channel.k8s.io'])
    assert.equal(await again.closed, 1000)
    assert.equal(again.text.get(1), 'again\n')
  })

  it('a container runtime that dies cuts commands with a word; following goes on', async () => {
    await node.start({ name: 'talker', command: ['sh', '-c', 'while true; do date +%s%N; sleep 0.2; done'] })
    const leaving = new AbortController()
    const path = `${PODS_PATH}/talker/log`
    const log = await plane.client.transport.request({
      method: 'GET',
      path,
      query: { follow: 'true' },
      signal: leaving.signal,
    })
    let lines = 0
    const following = (async () => {
      for await (const chunk of log.body) lines += String(chunk).split('\n').length - 1
    })().catch(() => {})
    const { closed, text } = await open(exec('p', ['sh', '-c', 'echo up; sleep 1000']), ['v4.channel.k8s.io'])
    await eventually('both streams', () => text.get(1) === 'up\n' && lines > 0)
    const { containerd } = node.runtime
    const { pid } = containerd
    process.kill(pid, 'SIGKILL')
    assert.equal(await closed, 1000)
    assert.match(JSON.parse(text.get(3)!).message, /the stream to the container was cut/)
    await eventually('another runtime', () => containerd.pid !== pid && containerd.trouble === '')
    const before = lines
    await eventually('more lines', () => lines > before + 3)
    leaving.abort()
    await following
  })

  /** Straight to the agent's port. */
  const askAgent = async (path: string, credentials: object = {}) => {
    const { port } = node.server
    const options = {
      host: '127.0.0.1',
      port,
      path,
      rejectUnauthorized: false,
      agent: false as const,
      ...credentials,
    }
    const [response] = (await once(https.get(options), 'response')) as [http.IncomingMessage]
    let text = ''
    for await (const chunk of response) text += chunk
    return { status: response.statusCode, text }
  }

  it('logs and streams are for the API server alone', async () => {
    const { nodeClient } = plane.plane.pki
    const { certificatePem: cert, privateKeyPem: key } = nodeClient
    const log = '/containerLogs/default/p/main'
    assert.equal((await askAgent(log)).status, 403)
    assert.equal((await askAgent(log, admin())).status, 403)
    assert.equal((await askAgent(log, { cert, key })).status, 200)
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket' }
    const exec = await askAgent('/exec/default/p/main?command=true&output=1', {
      ...admin(),
      headers: upgrade,
    })
    assert.equal(exec.status, 403)
  })

  it('figures are for whoever may get them, by certificate or token', async () => {
    assert.deepEqual(await askAgent('/metrics'), { status: 401, text: 'Unauthorized' })
    assert.equal((await askAgent('/metrics', admin())).text, 'some 1\n')
    const core = '/api/v1/namespaces/default'
    const api = httpOf(plane)
    const { body } = await api.send('POST', `${core}/serviceaccounts/default/token`, { spec: {} })
    const withToken = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
    const bearer = withToken(body.status.token)
    assert.equal((await askAgent('/metrics', withToken('nonsense'))).status, 401)
    const refused = await askAgent('/metrics', bearer)
    assert.equal(refused.status, 403)
    assert.match(
      refused.text,
      /^Forbidden \(user=system:serviceaccount:default:default, verb=get, resource=nodes, subresource=metrics\)$/,
    )
    const rbac = '/apis/rbac.authorization.k8s.io/v1'
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'scraper' },
    }
    await api.send('POST', `${rbac}/clusterroles`, {
      ...role,
      rules: [{ apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] }],
    })
    await api.send('POST', `${rbac}/clusterrolebindings`, {
      ...role,
      kind: 'ClusterRoleBinding',
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'scraper' },
      subjects: [{ kind: 'ServiceAccount', namespace: 'default', name: 'default' }],
    })
    await eventually('the right is known', async () => (await askAgent('/metrics', bearer)).status === 200)
    assert.equal((await askAgent('/stats/summary', bearer)).status, 403)
  })

  it('an agent with the certificate of another node is not believed', async () => {
    const nodes = plane.client.resource(NODES)
    const { status } = (await nodes.get({ name: 'bare' })) as { status?: object }
    await nodes.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'other' }, status } as never)
    const answer = await httpOf(plane).send('GET', '/api/v1/nodes/other/proxy/healthz')
    assert.equal(answer.status, 503)
    assert.match(answer.body.message, /its certificate is of system:node:bare, not of system:node:other/)
  })

  it('a node, its pods and their Services are reached through the API', async () => {
    const api = httpOf(plane)
    assert.equal((await api.send('GET', '/api/v1/nodes/bare/proxy/healthz')).text, 'ok')
    const list = await api.send('GET', '/api/v1/nodes/bare/proxy/pods')
    assert.equal(list.body.kind, 'PodList')
    const ran = await api.send('POST', '/api/v1/nodes/bare/proxy/run/default/p/main?cmd=echo%20one%20two')
    assert.deepEqual([ran.status, ran.text], [200, 'one two\n'])
    const backend = http.createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      const { authorization, 'x-forwarded-uri': uri } = request.headers
      response.setHeader('location', '/elsewhere')
      response.setHeader('access-control-allow-origin', '*')
      response.writeHead(request.method === 'PUT' ? 418 : 200)
      response.end(JSON.stringify({ method: request.method, url: request.url, body, authorization, uri }))
    })
    const address = await listenOnMachine(backend)
    try {
      const { port } = backend.address() as AddressInfo
      const pods = plane.client.resource(PODS)
      const status = { phase: 'Running', podIP: address, podIPs: [{ ip: address }] }
      await pods.patch(
        { namespace: 'default', name: 'p' },
        { type: 'merge', body: { status }, subresource: 'status' },
      )
      const prefix = `${PODS_PATH}/p:${port}/proxy`
      const answer = await api.send('PUT', `${prefix}/a/b`, 'x'.repeat(100_000), {
        query: { q: '1' },
        headers: { authorization: 'Bearer secret' },
      })
      assert.equal(answer.status, 418)
      assert.equal(answer.headers['location'], `${prefix}/elsewhere`)
      assert.equal(answer.headers['access-control-allow-origin'], undefined)
      assert.match(String(answer.headers['content-security-policy']), /^sandbox /)
      assert.deepEqual(
        [
          answer.body.method,
          answer.body.url,
          answer.body.body.length,
          answer.body.authorization,
          answer.body.uri,
        ],
        ['PUT', '/a/b?q=1', 100_000, undefined, prefix],
      )
      assert.equal((await api.send('GET', prefix)).headers['location'], `${prefix}/`)
      const core = '/api/v1/namespaces/default'
      await api.send('POST', `${core}/services`, {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 's' },
        spec: { ports: [{ name: 'web', port: 80 }] },
      })
      const endpoints = (targetRef: object | undefined) => ({
        apiVersion: 'v1',
        kind: 'Endpoints',
        metadata: { name: 's' },
        subsets: [{ addresses: [{ ip: address, targetRef }], ports: [{ name: 'web', port }] }],
      })
      await api.send('POST', `${core}/endpoints`, endpoints(undefined))
      const none = await api.send('GET', `${core}/services/s:80/proxy/x`)
      assert.deepEqual([none.status, none.body.message], [503, 'no endpoints available for service "s:80"'])
      await api.send(
        'PUT',
        `${core}/endpoints/s`,
        endpoints({ kind: 'Pod', namespace: 'default', name: 'p' }),
      )
      assert.equal((await api.send('GET', `${core}/services/s:80/proxy/x`)).body.url, '/x')
      assert.equal((await api.send('GET', `${core}/services/s:web/proxy/y`)).body.url, '/y')
      new WebSocketServer({ server: backend }).on('connection', (ws, { headers }) => {
        ws.on('message', (data) => ws.send(`${headers.authorization ?? 'nobody'}: ${data}`))
      })
      const through = `${plane.plane.url.replace('https', 'wss')}${core}/services/s:web/proxy/socket`
      const ws = new WebSocket(through, { ca: plane.plane.pki.ca.certificatePem, ...admin() })
      await once(ws, 'open')
      ws.send('hello')
      const [echo] = (await once(ws, 'message')) as [Buffer]
      assert.equal(String(echo), 'nobody: hello')
      ws.close()
      await once(ws, 'close')
      const local = { podIP: '127.0.0.1', podIPs: [{ ip: '127.0.0.1' }] }
      await pods.patch(
        { namespace: 'default', name: 'p' },
        { type: 'merge', body: { status: local }, subresource: 'status' },
      )
      assert.equal((await api.send('GET', `${prefix}/`)).body.message, 'address not allowed')
    } finally {
      backend.closeAllConnections()
      backend.close()
    }
  })
})

/** An address that is not the machine's own loopback. */
async function listenOnMachine(server: http.Server): Promise<string> {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const address = all.find(({ internal, family }) => !internal && family === 'IPv4')!.address
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  return address
}
