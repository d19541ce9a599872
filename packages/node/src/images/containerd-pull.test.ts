// Pulls by a real containerd from a registry that listens in this test.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { digestOf } from '@brume/images/oci/digest'
import { composeImage, type Image } from '@brume/images/oci/image'
import { MEDIA_TYPES, machineArchitecture } from '@brume/images/oci/types'
import { PAUSE_IMAGE } from '@brume/images/pause/image'
import { packTar } from '@brume/images/tar/pack'
import { startTestContainerd, type TestContainerd, whyNoContainers } from '@brume/testkit/containerd'
import { eventually } from '@brume/testkit/eventually'
import { type ImagePuller, PodProblem } from '../contract.ts'
import { type Cri, connectCri } from '../cri/cri.ts'
import { ensureSandboxImage } from '../runtime/import-image.ts'
import { type TestNodeContext, testNodeContext } from '../testing/node-context.ts'
import { IMAGE_GC_POLICY, imageGc } from './image-gc.ts'
import { bytesBeingReceived } from './pull-progress.ts'
import { imagePuller } from './puller.ts'

const skip = whyNoContainers() ?? false
const SLOW_BYTES = 4_000_000
const slow = Promise.withResolvers<void>()
const AUTHORIZATION = `Basic ${Buffer.from('ann:secret').toString('base64')}`

function imageWith(path: string, architecture: string = machineArchitecture(), bytes = 5): Image {
  const layer = packTar([{ path, content: Buffer.alloc(bytes, 'x'), mode: 0o644 }])
  const digest = digestOf(layer)
  const config = { architecture, os: 'linux', config: { User: '1000:1000', Cmd: ['/hello'] } }
  return composeImage(config, [{ mediaType: MEDIA_TYPES.layer, digest, diffId: digest, content: layer }])
}

/** Serves images by name and tag; those of `private/` want a password. */
function serve(images: Map<string, Image>): Promise<Server> {
  const server = createServer((request, response) => {
    const [, name = '', kind = '', of = ''] =
      /^\/v2\/(.+)\/(manifests|blobs)\/(.+)$/.exec(request.url ?? '') ?? []
    const answer = (status: number, headers: Record<string, string> = {}, body: Buffer | string = '') => {
      response.writeHead(status, { 'content-length': body.length, ...headers })
      response.end(request.method === 'HEAD' ? undefined : body)
    }
    if (name.startsWith('private/') && request.headers.authorization !== AUTHORIZATION) {
      return answer(401, { 'www-authenticate': 'Basic realm="test"' })
    }
    const all = [...images].filter(([key]) => key.startsWith(`${name}:`)).map(([, image]) => image)
    const image = images.get(`${name}:${of}`) ?? all.find(({ blobs }) => blobs.has(of))
    if (image === undefined) return answer(404)
    const digest = kind === 'manifests' && !of.startsWith('sha256:') ? image.descriptor.digest : of
    const type = kind === 'blobs' ? 'application/octet-stream' : image.descriptor.mediaType
    const body = image.blobs.get(digest) as Buffer
    const headers = { 'content-type': type, 'docker-content-digest': digest }
    if (!name.startsWith('slow/') || body.length < SLOW_BYTES) return answer(200, headers, body)
    // The second half comes when the test says so.
    response.writeHead(200, { ...headers, 'content-length': body.length })
    response.write(body.subarray(0, SLOW_BYTES / 2))
    void slow.promise.then(() => response.end(body.subarray(SLOW_BYTES / 2)))
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

/** An index that has nothing for this machine. */
function foreignIndex(): Image {
  const foreign = imageWith('hello', 's390x')
  const index = { schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests: [foreign.descriptor] }
  const bytes = Buffer.from(JSON.stringify(index))
  const descriptor = { mediaType: MEDIA_TYPES.index, digest: digestOf(bytes), size: bytes.length }
  return { ...foreign, descriptor, blobs: new Map([...foreign.blobs, [descriptor.digest, bytes]]) }
}

describe('a real containerd', { skip, timeout: 120_000 }, () => {
  let test: TestContainerd
  let cri: Cri
  let registry: Server
  let host: string
  let context: TestNodeContext
  let puller: ImagePuller
  const images = new Map<string, Image>([
    ['team/web:1', imageWith('hello')],
    ['private/web:1', imageWith('hello')],
    ['team/foreign:1', foreignIndex()],
    ['slow/web:1', imageWith('hello', machineArchitecture(), SLOW_BYTES)],
    ['team/hostile:1', imageWith('../../../../../../../../brume-hostile')],
  ])

  before(async () => {
    ;[test, registry] = await Promise.all([startTestContainerd(), serve(images)])
    host = `127.0.0.1:${(registry.address() as AddressInfo).port}`
    cri = connectCri(test.containerd.socket)
    context = testNodeContext({ root: join(test.dataDir, 'node'), cri })
    const auths = { [host]: { auth: Buffer.from('ann:secret').toString('base64') } }
    const data = { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') }
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {},
      type: 'kubernetes.io/dockerconfigjson',
      data,
    }
    puller = imagePuller(context, { objects: { get: async () => secret } })
  })
  after(async () => {
    cri?.close()
    registry?.closeAllConnections()
    registry?.close()
    await test?.stop()
  })
  let pods = 0
  const ensure = (name: string, more: object = {}) => {
    const metadata = { namespace: 'ns', name: 'p', uid: `u${pods++}` }
    const pod: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [], ...more } }
    return puller.ensure(pod, { name: 'c', image: `${host}/${name}` })
  }
  const refused = async (name: string, why: RegExp) => {
    const error = await ensure(name).then(
      () => undefined,
      (reason) => reason,
    )
    assert.ok(error instanceof PodProblem, String(error))
    assert.equal(error.reason, 'ErrImagePull')
    assert.match(error.message, why)
  }

  it('gives an image, with the user that it says it runs as', async () => {
    const { imageRef, imageUser } = await ensure('team/web:1')
    assert.match(imageRef, /^sha256:/)
    assert.deepEqual(imageUser, { uid: 1000 })
    assert.equal((await ensure('team/web:1')).imageRef, imageRef)
    assert.match(context.events.at(-1)!.message, /already present on machine/)
  })

  it('is refused an image that needs a password, and given it with the pod’s pull secret', async () => {
    await refused('private/web:1', /kubectl create secret docker-registry/)
    await ensure('private/web:1', { imagePullSecrets: [{ name: 's' }] })
  })

  it('says that a tag does not exist, and that an image has no variant for this machine', async () => {
    await refused('team/web:2', /not found; check the name and the tag/)
    await refused('team/foreign:1', /no variant for linux\/a/)
  })

  it('shows how much of an image has come while it is pulled', async () => {
    const content = join(test.containerd.paths.root, 'io.containerd.content.v1.content')
    const pulled = ensure('slow/web:1')
    const bytes = await eventually('half of it', async () => {
      const come = await bytesBeingReceived(content)
      return come > SLOW_BYTES / 4 ? come : undefined
    })
    assert.ok(bytes < SLOW_BYTES)
    slow.resolve()
    await pulled
    assert.equal(await bytesBeingReceived(content), 0)
  })

  it('leaves nothing outside of an image whose layer points there', async () => {
    await ensure('team/hostile:1').catch((error) => assert.ok(error instanceof PodProblem))
    assert.equal(existsSync('/brume-hostile'), false)
    assert.equal(existsSync(join(test.dataDir, 'brume-hostile')), false)
  })

  it('loses the images that no container uses, but for the sandbox image and those that have just come', async () => {
    await ensureSandboxImage(test.containerd.paths, cri)
    await ensure('team/web:1')
    const young = imageGc(context, async () => ({ capacityBytes: 1, availableBytes: 1 }))
    assert.equal(await young.collect({ allUnused: true }), 0)
    const gc = imageGc(context, async () => ({ capacityBytes: 1, availableBytes: 1 }), {
      ...IMAGE_GC_POLICY,
      minAgeMs: 0,
    })
    assert.ok((await gc.collect({ allUnused: true })) > 0)
    const left = await cri.listImages()
    assert.deepEqual(
      left.flatMap(({ repoTags }) => repoTags ?? []),
      [PAUSE_IMAGE],
    )
    assert.match((await ensure('team/web:1')).imageRef, /^sha256:/)
  })

  it('gets the image when a registry that was away is back', async () => {
    registry.closeAllConnections()
    await new Promise((resolve) => registry.close(resolve))
    images.set('team/late:1', imageWith('hello'))
    await refused('team/late:1', /no way from this node to 127\.0\.0\.1:\d+.*brume image import/)
    const port = Number(host.split(':')[1])
    registry = await serve(images)
    registry.closeAllConnections()
    await new Promise((resolve) => registry.close(resolve))
    await new Promise<void>((resolve) => registry.listen(port, '127.0.0.1', resolve))
    assert.match((await ensure('team/late:1')).imageRef, /^sha256:/)
  })
})
