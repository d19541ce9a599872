import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import https from 'node:https'
import { after, before, describe, it } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { httpOf } from '@brume/testkit/http'
import { nodeTransport } from '@brume/testkit/node-user'

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

const digestOf = (bytes: Buffer | string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const basic = (token: string) => `Basic ${Buffer.from(`anybody:${token}`).toString('base64')}`

describe('the built-in registry at the port of the API', { timeout: 120_000 }, () => {
  let plane: TestControlPlane
  let token: string

  before(async () => {
    plane = await startTestControlPlane()
    const { send } = httpOf(plane)
    const meta = (name: string) => ({ metadata: { name } })
    await send('POST', '/api/v1/namespaces/default/serviceaccounts', meta('builder'))
    const path = '/api/v1/namespaces/default/serviceaccounts/builder/token'
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }
    token = (await send('POST', path, request)).body.status.token
  })
  after(() => plane.stop())

  /** Over HTTP/1.1, as docker does. */
  function send(
    method: string,
    path: string,
    { body, headers = {} }: { body?: Buffer; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const { url, pki } = plane.plane
    return new Promise((resolve, reject) => {
      const request = https.request(new URL(path, url), {
        method,
        headers,
        ca: pki.ca.certificatePem,
        agent: false,
      })
      request.once('error', reject)
      request.once('response', async (message) => {
        const parts: Buffer[] = []
        for await (const part of message) parts.push(part)
        resolve({ status: message.statusCode ?? 0, headers: message.headers, body: Buffer.concat(parts) })
      })
      request.end(body)
    })
  }

  const grant = (role: string, rules: object[]) => {
    const { send: post } = httpOf(plane)
    const rbac = '/apis/rbac.authorization.k8s.io/v1'
    const apiGroup = 'rbac.authorization.k8s.io'
    return post('POST', `${rbac}/clusterroles`, { metadata: { name: role }, rules }).then(() =>
      post('POST', `${rbac}/clusterrolebindings`, {
        metadata: { name: role },
        roleRef: { apiGroup, kind: 'ClusterRole', name: role },
        subjects: [{ kind: 'ServiceAccount', name: 'builder', namespace: 'default' }],
      }),
    )
  }

  it('asks who comes, in the way that docker login understands', async () => {
    const answer = await send('GET', '/v2/')
    assert.equal(answer.status, 401)
    assert.equal(answer.headers['www-authenticate'], 'Basic realm="brume"')
    assert.equal(JSON.parse(answer.body.toString()).errors[0].code, 'UNAUTHORIZED')
    for (const authorization of [basic('wrong'), basic(''), 'Basic !!', 'Bearer wrong']) {
      assert.equal((await send('GET', '/v2/', { headers: { authorization } })).status, 401, authorization)
    }
  })

  it('lets in who has a token, to what rights on paths allow', async () => {
    const headers = { authorization: basic(token) }
    const before = await send('GET', '/v2/', { headers })
    assert.deepEqual([before.status, JSON.parse(before.body.toString()).errors[0].code], [403, 'DENIED'])
    await grant('team-a', [
      { nonResourceURLs: ['/v2/', '/v2/team-a/*'], verbs: ['get', 'head', 'post', 'put', 'patch'] },
    ])
    assert.equal((await send('GET', '/v2/', { headers })).status, 200)
    assert.equal((await send('POST', '/v2/team-a/web/blobs/uploads/', { headers })).status, 202)
    assert.equal((await send('POST', '/v2/team-b/web/blobs/uploads/', { headers })).status, 403)
    assert.equal((await send('DELETE', `/v2/team-a/web/manifests/1`, { headers })).status, 403)
    // What may not be read may not be mounted either.
    const admin = httpOf(plane)
    const blob = Buffer.from('of team b')
    const start = await admin.send('POST', '/v2/team-b/web/blobs/uploads/')
    const query = { digest: digestOf(blob) }
    const done = await admin.send('PUT', String(start.headers['location']), blob, { query })
    assert.equal(done.status, 201)
    const mount = `/v2/team-a/web/blobs/uploads/?mount=${digestOf(blob)}&from=team-b/web`
    assert.equal((await send('POST', mount, { headers })).status, 202)
  })

  it('streams what is larger than any other request may be, both ways', async () => {
    const headers = { authorization: `Bearer ${token}` }
    const blob = randomBytes(12 * 1024 * 1024)
    const start = await send('POST', '/v2/team-a/big/blobs/uploads/', { headers })
    const done = await send('PUT', `${start.headers['location']}?digest=${digestOf(blob)}`, {
      headers,
      body: blob,
    })
    assert.equal(done.status, 201)
    const got = await send('GET', `/v2/team-a/big/blobs/${digestOf(blob)}`, { headers })
    assert.ok(got.body.equals(blob))
    const head = await send('HEAD', `/v2/team-a/big/blobs/${digestOf(blob)}`, { headers })
    assert.deepEqual([head.headers['content-length'], head.body.length], [String(blob.length), 0])
    // And over HTTP/2.
    const second = await plane.client.transport.request({
      method: 'GET',
      path: `/v2/team-a/big/blobs/${digestOf(blob)}`,
    })
    assert.ok((await second.buffer()).equals(blob))
  })

  it('keeps what arrived of an upload whose client went away', async () => {
    const headers = { authorization: `Bearer ${token}` }
    const start = await send('POST', '/v2/team-a/cut/blobs/uploads/', { headers })
    const path = String(start.headers['location'])
    const { url, pki } = plane.plane
    await new Promise<void>((resolve) => {
      const request = https.request(new URL(path, url), {
        method: 'PATCH',
        ca: pki.ca.certificatePem,
        headers: { ...headers, 'content-length': '1000000' },
      })
      request.once('error', () => resolve())
      request.once('close', () => resolve())
      request.write(randomBytes(300_000), () => request.destroy())
    })
    const status = await send('GET', path, { headers })
    assert.equal(status.status, 204)
    const have = Number(/^0-(\d+)$/.exec(String(status.headers['range']))![1])
    assert.ok(have < 300_000, String(have))
  })

  it('lets nodes pull, and not push', async () => {
    const transport = await nodeTransport(plane, 'n1')
    const statusOf = async (method: string, path: string) => {
      const answer = await transport.request({ method, path })
      await answer.buffer()
      return answer.status
    }
    assert.equal(await statusOf('GET', '/v2/'), 200)
    assert.equal(await statusOf('GET', '/v2/team-a/web/manifests/none'), 404)
    assert.equal(await statusOf('POST', '/v2/team-a/web/blobs/uploads/'), 403)
    assert.equal(await statusOf('DELETE', '/v2/team-a/web/manifests/none'), 403)
    transport.close()
  })

  it('keeps images over a restart', async () => {
    const { send: admin } = httpOf(plane)
    const config = Buffer.from('{}')
    const start = await admin('POST', '/v2/kept/blobs/uploads/')
    await admin('PUT', String(start.headers['location']), config, { query: { digest: digestOf(config) } })
    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    const manifest = {
      schemaVersion: 2,
      mediaType,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(config), size: 2 },
      layers: [],
    }
    const put = await admin('PUT', '/v2/kept/manifests/1', manifest, { contentType: mediaType })
    assert.equal(put.status, 201)
    await plane.restart()
    assert.deepEqual((await admin('GET', '/v2/kept/manifests/1')).body, manifest)
  })
})
