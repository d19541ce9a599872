import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { seededRandom } from '@brume/base/seeded-random'
import { digestOf } from '../oci/digest.ts'
import { MEDIA_TYPES } from '../oci/types.ts'
import { RegistryError } from './errors.ts'
import { parseReferences } from './manifest.ts'
import { createRegistry, type Registry } from './registry.ts'
import type { FileRange, RegistryResponse } from './types.ts'

const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS

describe('the registry', () => {
  let root: string
  let registry: Registry

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'brume-registry-'))
    registry = createRegistry(root)
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  interface Sent {
    body?: Buffer | string | AsyncIterable<Buffer>
    headers?: Record<string, string>
    mayPull?: boolean
  }

  function send(method: string, target: string, { body, headers = {}, mayPull = true }: Sent = {}) {
    const url = new URL(target, 'https://registry')
    const stream = typeof body === 'string' || Buffer.isBuffer(body) || body === undefined ? once(body) : body
    return registry.handle({
      method,
      path: url.pathname,
      query: url.searchParams,
      headers,
      body: () => stream,
      mayPull: () => mayPull,
    })
  }

  async function* once(body: Buffer | string | undefined): AsyncGenerator<Buffer> {
    if (body !== undefined) yield Buffer.from(body as string)
  }

  const codeOf = ({ body }: RegistryResponse): string => JSON.parse(String(body)).errors[0].code

  async function pushBlob(repository: string, bytes: Buffer | string): Promise<string> {
    const { headers } = await send('POST', `/v2/${repository}/blobs/uploads/`)
    const digest = digestOf(bytes)
    const { status } = await send('PUT', `${headers['location']}?digest=${digest}`, { body: bytes })
    assert.equal(status, 201)
    return digest
  }

  function manifestOf(config: string, ...layers: string[]): string {
    const describe = (digest: string, mediaType: string) => ({ mediaType, digest, size: 1 })
    return JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.manifest,
      config: describe(config, MEDIA_TYPES.config),
      layers: layers.map((digest) => describe(digest, MEDIA_TYPES.layer)),
    })
  }

  const put = (
    repository: string,
    reference: string,
    body: string,
    contentType: string = MEDIA_TYPES.manifest,
  ) =>
    send('PUT', `/v2/${repository}/manifests/${reference}`, {
      body,
      headers: { 'content-type': contentType },
    })

  async function pushImage(repository: string, tag: string, content: string) {
    const config = await pushBlob(repository, `config of ${content}`)
    const layer = await pushBlob(repository, content)
    const manifest = manifestOf(config, layer)
    assert.equal((await put(repository, tag, manifest)).status, 201)
    return { layer, manifest, digest: digestOf(manifest) }
  }

  it('keeps what is pushed, and gives it back by tag and by digest', async () => {
    const { manifest, digest, layer } = await pushImage('team/web', '1', 'layer')
    for (const reference of ['1', digest]) {
      const { status, body, headers } = await send('GET', `/v2/team/web/manifests/${reference}`)
      assert.deepEqual([status, String(body), headers['docker-content-digest']], [200, manifest, digest])
      assert.equal(headers['content-type'], MEDIA_TYPES.manifest)
    }
    const blob = await send('GET', `/v2/team/web/blobs/${layer}`)
    assert.deepEqual([(blob.body as FileRange).start, (blob.body as FileRange).length], [0, 5])
    const part = await send('GET', `/v2/team/web/blobs/${layer}`, { headers: { range: 'bytes=1-2' } })
    assert.deepEqual([part.status, part.headers['content-range']], [206, 'bytes 1-2/5'])
    const beyond = await send('GET', `/v2/team/web/blobs/${layer}`, { headers: { range: 'bytes=5-' } })
    assert.equal(beyond.status, 416)
    assert.equal((await send('HEAD', `/v2/team/web/blobs/${digestOf('other')}`)).status, 404)
  })

  it('takes a blob in pieces, in order, and says where it is', async () => {
    const { headers } = await send('POST', '/v2/a/blobs/uploads/')
    const at = headers['location']!
    const first = await send('PATCH', at, { body: 'hello ', headers: { 'content-range': '0-5' } })
    assert.deepEqual([first.status, first.headers['range']], [202, '0-5'])
    const wrong = await send('PATCH', at, { body: 'x', headers: { 'content-range': '9-9' } })
    assert.deepEqual([wrong.status, codeOf(wrong)], [416, 'RANGE_INVALID'])
    assert.equal((await send('GET', at)).headers['range'], '0-5')
    const digest = digestOf('hello world')
    assert.equal((await send('PUT', `${at}?digest=${digest}`, { body: 'world' })).status, 201)
    assert.equal((await send('GET', at)).status, 404)
    assert.equal((await send('HEAD', `/v2/a/blobs/${digest}`)).headers['content-length'], '11')
  })

  it('goes on with an upload after a cut-off body and a restart', async () => {
    const { headers } = await send('POST', '/v2/a/blobs/uploads/')
    const at = headers['location']!
    const cut = (async function* () {
      yield Buffer.from('half')
      throw new Error('cut off')
    })()
    await assert.rejects(send('PATCH', at, { body: cut }), /cut off/)
    registry = createRegistry(root)
    assert.equal((await send('GET', at)).headers['range'], '0-3')
    const done = await send('PUT', `${at}?digest=${digestOf('halfdone')}`, { body: 'done' })
    assert.equal(done.status, 201)
  })

  it('refuses a content that is not what its digest says, and forgets it', async () => {
    const { headers } = await send('POST', '/v2/a/blobs/uploads/')
    const answer = await send('PUT', `${headers['location']}?digest=${digestOf('x')}`, { body: 'y' })
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'DIGEST_INVALID'])
    assert.deepEqual(readdirSync(join(root, 'uploads')), [])
    assert.equal(codeOf(await send('PUT', `${headers['location']}?digest=md5:1`, {})), 'DIGEST_INVALID')
    const bad = await put('a', digestOf('else'), manifestOf(digestOf('c')))
    assert.equal(codeOf(bad), 'DIGEST_INVALID')
  })

  it('serves a blob only from the repositories that it was pushed to, or mounted by who may read it there', async () => {
    const digest = await pushBlob('secret', 'blob')
    assert.equal((await send('HEAD', `/v2/open/blobs/${digest}`)).status, 404)
    const mount = `/v2/open/blobs/uploads/?mount=${digest}&from=secret`
    assert.equal((await send('POST', mount, { mayPull: false })).status, 202)
    assert.equal((await send('HEAD', `/v2/open/blobs/${digest}`)).status, 404)
    assert.equal((await send('POST', mount)).status, 201)
    assert.equal((await send('HEAD', `/v2/open/blobs/${digest}`)).status, 200)
  })

  it('refuses manifests that refer to what is not there, or are none', async () => {
    const config = await pushBlob('a', 'config')
    assert.equal(codeOf(await put('a', '1', manifestOf(config, digestOf('no')))), 'MANIFEST_BLOB_UNKNOWN')
    assert.equal(codeOf(await put('a', '1', 'no json')), 'MANIFEST_INVALID')
    assert.equal(codeOf(await put('a', '1', manifestOf(config), 'text/plain')), 'MANIFEST_INVALID')
    assert.equal(codeOf(await put('a', '1', 'x'.repeat(5_000_000))), 'SIZE_INVALID')
    assert.equal(codeOf(await put('a', '.tag', manifestOf(config))), 'TAG_INVALID')
  })

  it('never takes a name for a path', async () => {
    for (const path of [
      '/v2/../x/tags/list',
      '/v2/a/%2e%2e/tags/list',
      '/v2/A/tags/list',
      '/v2/a/_tags/tags/list',
    ]) {
      const answer = await registry.handle({
        method: 'GET',
        path,
        query: new URLSearchParams(),
        headers: {},
        body: () => once(undefined),
        mayPull: () => true,
      })
      assert.equal(codeOf(answer), 'NAME_INVALID', path)
    }
    assert.equal((await send('GET', '/v2/a/blobs/uploads/%2e%2e%2fx')).status, 404)
  })

  it('lists repositories and tags in pages', async () => {
    for (const tag of ['c', 'a', 'b']) await pushImage('team/web', tag, tag)
    await pushImage('web', '1', 'x')
    assert.deepEqual(JSON.parse(String((await send('GET', '/v2/_catalog')).body)).repositories, [
      'team/web',
      'web',
    ])
    const { body, headers } = await send('GET', '/v2/team/web/tags/list?n=2')
    assert.deepEqual(JSON.parse(String(body)), { name: 'team/web', tags: ['a', 'b'] })
    assert.equal(headers['link'], '</v2/team/web/tags/list?n=2&last=b>; rel="next"')
    const next = await send('GET', '/v2/team/web/tags/list?n=2&last=b')
    assert.deepEqual([JSON.parse(String(next.body)).tags, next.headers['link']], [['c'], undefined])
    assert.equal(codeOf(await send('GET', '/v2/nothing/tags/list')), 'NAME_UNKNOWN')
  })

  it('tells which manifests are about another', async () => {
    const { digest } = await pushImage('a', '1', 'x')
    const config = await pushBlob('a', '{}')
    const about = JSON.stringify({
      ...JSON.parse(manifestOf(config)),
      artifactType: 'text/sbom',
      subject: { mediaType: MEDIA_TYPES.manifest, digest, size: 1 },
    })
    const answer = await put('a', digestOf(about), about)
    assert.equal(answer.headers['oci-subject'], digest)
    const found = async (query = '') =>
      JSON.parse(String((await send('GET', `/v2/a/referrers/${digest}${query}`)).body)).manifests
    assert.deepEqual(
      (await found()).map((one: { digest: string }) => one.digest),
      [digestOf(about)],
    )
    assert.equal((await found('?artifactType=other')).length, 0)
    await send('DELETE', `/v2/a/manifests/${digestOf(about)}`)
    assert.equal((await found()).length, 0)
  })

  it('removes a tag alone, and a manifest with all its tags', async () => {
    const { digest } = await pushImage('a', '1', 'x')
    await pushImage('a', '2', 'x')
    assert.equal((await send('DELETE', '/v2/a/manifests/1')).status, 202)
    assert.equal((await send('GET', '/v2/a/manifests/1')).status, 404)
    assert.equal((await send('GET', '/v2/a/manifests/2')).status, 200)
    assert.equal((await send('DELETE', `/v2/a/manifests/${digest}`)).status, 202)
    assert.equal((await send('GET', '/v2/a/manifests/2')).status, 404)
  })

  it('gives the space of what is not needed back, when it is old enough', async () => {
    const kept = await pushImage('a', 'kept', 'kept')
    const gone = await pushImage('a', 'gone', 'gone')
    const shared = await pushImage('b', 'shared', 'gone')
    await send('DELETE', `/v2/a/manifests/${gone.digest}`)
    assert.deepEqual(await registry.collect(), { manifests: 0, blobs: 0, bytes: 0 })
    // Blobs that `b` still has stay, though `a` has lost them.
    await registry.collect(Date.now() + 2 * HOUR_MS)
    assert.equal((await send('HEAD', `/v2/b/blobs/${shared.layer}`)).status, 200)
    await send('DELETE', `/v2/b/manifests/${shared.digest}`)
    const { blobs } = await registry.collect(Date.now() + 2 * HOUR_MS)
    assert.equal(blobs, 3)
    assert.equal((await send('HEAD', `/v2/b/blobs/${shared.layer}`)).status, 404)
    assert.equal((await send('HEAD', `/v2/a/blobs/${kept.layer}`)).status, 200)
    assert.equal((await send('GET', '/v2/a/manifests/kept')).status, 200)
  })

  it('forgets images without a tag after a month, parts of an index and uploads that nobody ends apart', async () => {
    const old = await pushImage('a', '1', 'old')
    await pushImage('a', '1', 'new')
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.index,
      manifests: [{ mediaType: MEDIA_TYPES.manifest, digest: old.digest, size: 1 }],
    })
    assert.equal((await put('a', 'all', index, MEDIA_TYPES.index)).status, 201)
    const { headers } = await send('POST', '/v2/a/blobs/uploads/')
    await registry.collect(Date.now() + 40 * DAY_MS)
    assert.equal((await send('GET', `/v2/a/manifests/${old.digest}`)).status, 200)
    assert.equal((await send('GET', headers['location']!)).status, 404)
    await send('DELETE', '/v2/a/manifests/all')
    const { manifests } = await registry.collect(Date.now() + 40 * DAY_MS)
    assert.equal(manifests, 2)
    assert.equal((await send('GET', `/v2/a/manifests/${old.digest}`)).status, 404)
    assert.equal((await send('GET', '/v2/a/manifests/1')).status, 200)
  })

  it('keeps a young blob that a push relies on though no image needs it yet', async () => {
    const digest = await pushBlob('a', 'early')
    const hex = digest.slice(7)
    const past = new Date(Date.now() - 3 * HOUR_MS)
    for (const path of [join('blobs/sha256', hex.slice(0, 2), hex), join('repositories/a/_blobs', hex)]) {
      utimesSync(join(root, path), past, past)
    }
    // A pusher that asks whether it is there will not send it again.
    await send('HEAD', `/v2/a/blobs/${digest}`)
    assert.equal((await registry.collect()).blobs, 0)
    assert.equal((await put('a', '1', manifestOf(digest))).status, 201)
  })

  it('bounds how many uploads are open', { timeout: 60_000 }, async () => {
    for (let i = 0; i < 256; i++) assert.equal((await send('POST', '/v2/a/blobs/uploads/')).status, 202)
    assert.equal((await send('POST', '/v2/a/blobs/uploads/')).status, 429)
  })

  it('removes what a power cut left of files', async () => {
    await pushImage('a', '1', 'x')
    const left = join(root, 'repositories/a/_tags/2.partial')
    writeFileSync(left, '')
    await registry.collect()
    assert.ok(existsSync(left))
    await registry.collect(Date.now() + 2 * HOUR_MS)
    assert.ok(!existsSync(left))
    assert.equal((await send('GET', '/v2/a/manifests/1')).status, 200)
  })

  it('says that its disk is full, and goes on when it is not', { skip: noTmpfs() }, async () => {
    const small = join(root, 'small')
    mkdirSync(small)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small])
    try {
      registry = createRegistry(small)
      const bytes = randomBytes(3_000_000)
      const { headers } = await send('POST', '/v2/a/blobs/uploads/')
      const full = await send('PATCH', headers['location']!, { body: bytes })
      assert.deepEqual([full.status, codeOf(full)], [503, 'UNAVAILABLE'])
      const status = await send('GET', headers['location']!)
      const have = 1 + Number(/^0-(\d+)$/.exec(status.headers['range']!)![1])
      assert.equal(statSync(join(small, 'uploads', headers['docker-upload-uuid']!)).size, have)
      assert.equal((await send('DELETE', headers['location']!)).status, 204)
      await pushBlob('a', 'little')
    } finally {
      execFileSync('umount', [small])
    }
  })

  it('does not remove anything when a manifest is damaged', async () => {
    const { digest, layer } = await pushImage('a', '1', 'x')
    const hex = digest.slice(7)
    writeFileSync(join(root, 'blobs/sha256', hex.slice(0, 2), hex), '{}')
    await assert.rejects(registry.collect(Date.now() + 2 * HOUR_MS), /is damaged/)
    assert.equal((await send('HEAD', `/v2/a/blobs/${layer}`)).status, 200)
  })
})

/** The reason for which a small disk cannot be had here. */
function noTmpfs(): string | false {
  const path = mkdtempSync(join(tmpdir(), 'brume-tmpfs-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path]).status === 0
  if (mounted) execFileSync('umount', [path])
  rmSync(path, { recursive: true, force: true })
  return mounted ? false : 'a small disk of its own needs root and the right to mount'
}

describe('manifests of any bytes', () => {
  it('are taken or refused with the registry’s own error', () => {
    const random = seededRandom(3)
    const good = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MEDIA_TYPES.manifest,
        config: { mediaType: MEDIA_TYPES.config, digest: digestOf('c'), size: 3 },
        layers: [{ mediaType: MEDIA_TYPES.layer, digest: digestOf('l'), size: 4, urls: ['x'] }],
        subject: { mediaType: MEDIA_TYPES.manifest, digest: digestOf('s'), size: 1 },
        annotations: { a: 'b' },
      }),
    )
    const values = ['null', '[]', '{}', '"x"', '-1', '1e99', 'true']
    for (let round = 0; round < 5000; round++) {
      let text = good.toString()
      const at = random.below(text.length)
      text = random.chance(0.5)
        ? text.slice(0, at) + random.pick(values) + text.slice(at + random.below(8))
        : text.replace(/:("[^"]*"|\d+|\[[^\]]*\]|\{[^}]*\})/g, (found) =>
            random.chance(0.2) ? `:${random.pick(values)}` : found,
          )
      const bytes = random.chance(0.1) ? randomBytes(50) : Buffer.from(text)
      try {
        parseReferences(bytes, MEDIA_TYPES.manifest)
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error
      }
    }
  })
})
