import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { testServerCertificate } from '@brume/testkit/server-certificate'
import { bundleOf } from '../oci/bundle.ts'
import { digestOf } from '../oci/digest.ts'
import { composeImage } from '../oci/image.ts'
import { MEDIA_TYPES } from '../oci/types.ts'
import { createRegistry } from '../registry/registry.ts'
import { packTar } from '../tar/pack.ts'
import { externalRegistry, type Login } from './external-registry.ts'
import { remoteBundle } from './pull.ts'
import { pushBundle } from './push.ts'
import { RegistryClient, RegistryRefusal } from './registry-client.ts'

const LAYER = packTar([{ path: 'big', content: Buffer.alloc(9_000_000, 'x') }])
const IMAGE = composeImage({ architecture: 'amd64', os: 'linux', config: {} }, [
  { mediaType: MEDIA_TYPES.layer, digest: digestOf(LAYER), diffId: digestOf(LAYER), content: LAYER },
])
const LOGIN: Login = { user: 'me', password: 'secret' }
const BASIC = `Basic ${Buffer.from('me:secret').toString('base64')}`

describe('a registry elsewhere', { timeout: 60_000 }, () => {
  let root: string
  let server: https.Server
  let ca: string
  let host: string
  let challenge: 'basic' | 'bearer'
  let spoil: ((bytes: Buffer) => Buffer) | undefined
  let requests: string[]

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'brume-external-'))
    const registry = createRegistry(root)
    const { cert, key, ca: authority } = await testServerCertificate()
    ca = authority
    server = https.createServer({ cert, key }, (request, response) => void serve(request, response))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`

    async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
      const url = new URL(request.url ?? '/', `https://${host}`)
      const { authorization } = request.headers
      requests.push(`${request.method} ${url.pathname}`)
      if (url.pathname === '/token') {
        const scope = url.searchParams.get('scope')
        if (authorization !== BASIC) return void response.writeHead(401).end()
        return void response.end(JSON.stringify({ token: Buffer.from(scope ?? '').toString('base64url') }))
      }
      const repository = /^\/v2\/(.+)\/(?:blobs|manifests)\//.exec(url.pathname)?.[1]
      const scope = `repository:${repository}:pull,push`
      const wanted = challenge === 'basic' ? BASIC : `Bearer ${Buffer.from(scope).toString('base64url')}`
      if (authorization !== wanted) {
        const bearer = `Bearer realm="https://${host}/token",service="test",scope="${scope}"`
        return void response
          .writeHead(401, { 'www-authenticate': challenge === 'basic' ? 'Basic realm="x"' : bearer })
          .end()
      }
      const answer = await registry.handle({
        method: request.method ?? 'GET',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers as Record<string, string>,
        body: () => request,
        mayPull: () => true,
      })
      const { body } = answer
      const file = body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body)
      const bytes = file ? readFileSync(body.path) : Buffer.from((body ?? '') as string)
      response.writeHead(answer.status, answer.headers)
      response.end(request.method === 'HEAD' ? undefined : (spoil?.(bytes) ?? bytes))
    }
  })
  beforeEach(() => {
    challenge = 'bearer'
    spoil = undefined
    requests = []
  })
  after(() => {
    server.closeAllConnections()
    server.close()
    rmSync(root, { recursive: true, force: true })
  })

  const client = (login: Login | undefined = LOGIN) =>
    new RegistryClient(externalRegistry({ host, login, ca }))
  const push = (repository: string, login?: Login | undefined) =>
    pushBundle(client(login), bundleOf(IMAGE), { repository, tags: ['1'], onProgress: () => {} })

  it('takes and gives images with a token for each repository, and with a password', async () => {
    for (const kind of ['bearer', 'basic'] as const) {
      challenge = kind
      await push(`team/${kind}`)
      const bundle = await remoteBundle(client(), `team/${kind}`, '1')
      assert.equal(bundle.root.digest, IMAGE.descriptor.digest)
      const parts: Buffer[] = []
      const layer = bundle.blobs.get(digestOf(LAYER))!
      assert.ok('open' in layer)
      for await (const part of layer.open()) parts.push(part)
      assert.ok(Buffer.concat(parts).equals(LAYER))
    }
    assert.equal(requests.filter((one) => one === 'GET /token').length, 2)
    // In pieces of 4 MiB.
    assert.equal(requests.filter((one) => one.startsWith('PATCH /v2/team/bearer/')).length, 4)
  })

  it('is not sent what it has', async () => {
    await push('team/twice')
    requests = []
    await push('team/twice')
    assert.deepEqual(
      requests.filter((one) => /^(POST|PATCH)/.test(one)),
      [],
    )
  })

  it('is not believed when it sends another content, or more of it', async () => {
    await push('team/lies')
    const bundle = await remoteBundle(client(), 'team/lies', '1')
    const layer = bundle.blobs.get(digestOf(LAYER))!
    const readAll = async () => {
      assert.ok('open' in layer)
      for await (const _ of layer.open());
    }
    spoil = (bytes) => Buffer.concat([Buffer.from('y'), bytes.subarray(1)])
    await assert.rejects(readAll(), /sent another content than sha256/)
    await assert.rejects(
      remoteBundle(client(), 'team/lies', IMAGE.descriptor.digest),
      /sent another manifest/,
    )
    spoil = undefined
    const shorter = client().blob('team/lies', digestOf(LAYER), LAYER.length - 1)
    await assert.rejects(async () => {
      for await (const _ of shorter);
    }, /sent another content/)
  })

  it('says what is missing, or that a login is', async () => {
    await assert.rejects(remoteBundle(client(), 'team/none', '1'), (error) => {
      assert.ok(error instanceof RegistryRefusal)
      assert.deepEqual([error.status, error.message], [404, 'there is no image team/none:1'])
      return true
    })
    await assert.rejects(
      push('team/x', { user: 'me', password: 'wrong' }),
      /refused the login. Next: docker login/,
    )
    challenge = 'basic'
    const anonymous = new RegistryClient(externalRegistry({ host, login: undefined, ca }))
    await assert.rejects(anonymous.ping(), /wants a login. Next: docker login 127.0.0.1/)
  })
})
