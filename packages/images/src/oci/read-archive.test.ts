import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import zlib from 'node:zlib'
import { seededRandom } from '@brume/base/seeded-random'
import { readWhole } from '../build/content.ts'
import { ImageError } from '../image-error.ts'
import { TAR_END, type TarEntry, tarHeader } from '../tar/header.ts'
import { type PackedFile, packTar, plainFile } from '../tar/pack.ts'
import { smallArchive } from './archive.ts'
import { checkLayer } from './check-layer.ts'
import { digestOf } from './digest.ts'
import { composeImage, type Image } from './image.ts'
import { readArchive } from './read-archive.ts'
import { MEDIA_TYPES } from './types.ts'

const dir = mkdtempSync(join(tmpdir(), 'brume-archive-'))
after(() => rmSync(dir, { recursive: true, force: true }))

const LAYER = packTar([{ path: 'etc/hello', content: 'hello' }])
const CONFIG = { architecture: 'amd64', os: 'linux', config: { Cmd: ['sh'] } }

function imageWith(
  layer: Buffer,
  { mediaType = MEDIA_TYPES.layer as string, diffId = digestOf(layer) } = {},
): Image {
  return composeImage(CONFIG, [{ mediaType, digest: digestOf(layer), diffId, content: layer }])
}

let count = 0
async function read(archive: Buffer) {
  const path = join(dir, `${count++}.tar`)
  writeFileSync(path, archive)
  return readArchive(path, { workDir: mkdtempSync(join(dir, 'work-')), onProgress: () => {} })
}

const refused = (archive: Buffer, message: RegExp) =>
  assert.rejects(read(archive), (error) => {
    assert.ok(error instanceof ImageError, String(error))
    assert.match(error.message, message)
    return true
  })

/** A docker archive of these layers, with names of files as docker 24 has them. */
function dockerArchive(
  layers: Buffer[],
  change: { config?: object; extra?: PackedFile[]; list?: unknown } = {},
) {
  const config = {
    ...CONFIG,
    rootfs: { type: 'layers', diff_ids: layers.map((one) => digestOf(one)) },
    ...change.config,
  }
  const names = layers.map((_, i) => `${i}/layer.tar`)
  return packTar([
    ...layers.map((content, i) => ({ path: names[i]!, content })),
    ...(change.extra ?? []),
    { path: 'config.json', content: JSON.stringify(config) },
    {
      path: 'manifest.json',
      content: JSON.stringify(change.list ?? [{ Config: 'config.json', RepoTags: ['web:1'], Layers: names }]),
    },
  ])
}

describe('archives of images', () => {
  it('in the OCI layout give the image that was written', async () => {
    const image = imageWith(LAYER)
    const [found] = await read(smallArchive(['registry.brume.internal/library/web:1'], image))
    assert.deepEqual(found!.names, ['registry.brume.internal/library/web:1'])
    assert.equal(found!.bundle.root.digest, image.descriptor.digest)
    assert.deepEqual(await readWhole(found!.bundle.blobs.get(digestOf(LAYER))!), LAYER)
  })

  it('may be packed, whole or by layer', async () => {
    const packed = zlib.gzipSync(LAYER)
    const image = imageWith(packed, { mediaType: MEDIA_TYPES.layerGzip, diffId: digestOf(LAYER) })
    const archive = smallArchive(['web:1'], image)
    for (const bytes of [zlib.gzipSync(archive), zlib.zstdCompressSync(archive)]) {
      const [found] = await read(bytes)
      assert.equal(found!.bundle.root.digest, image.descriptor.digest)
    }
  })

  it('may hold papers about an image, which are kept and not unpacked', async () => {
    const paper = Buffer.from('{"_type":"https://in-toto.io/Statement/v0.1"}')
    const image = imageWith(paper, { mediaType: 'application/vnd.in-toto+json' })
    const [found] = await read(smallArchive(['papers:1'], image))
    assert.deepEqual(await readWhole(found!.bundle.blobs.get(digestOf(paper))!), paper)
  })

  it('of docker become the same image each time, with packed layers', async () => {
    const [one] = await read(dockerArchive([LAYER]))
    const [two] = await read(dockerArchive([LAYER]))
    assert.deepEqual(one!.names, ['web:1'])
    assert.equal(one!.bundle.root.digest, two!.bundle.root.digest)
    const manifest = JSON.parse(one!.bundle.manifests[0]!.bytes.toString())
    assert.equal(manifest.layers[0].mediaType, MEDIA_TYPES.layerZstd)
  })

  it('of docker may link equal layers to each other, but not out of the archive', async () => {
    const list = [{ Config: 'config.json', RepoTags: null, Layers: ['0/layer.tar', '1/layer.tar'] }]
    const config = { rootfs: { type: 'layers', diff_ids: [digestOf(LAYER), digestOf(LAYER)] } }
    const with2 = (target: string) => {
      const link: TarEntry = { ...plainFile('1/layer.tar', 0), type: 'symlink', linkPath: target }
      return Buffer.concat([tarHeader(link), dockerArchive([LAYER], { list, config })])
    }
    const [found] = await read(with2('../0/layer.tar'))
    assert.deepEqual(found!.names, [])
    await refused(with2('/etc/passwd'), /has no "1\/layer.tar"/)
    await refused(with2('../../../etc/passwd'), /has no "1\/layer.tar"/)
  })
})

describe('archives that lie', () => {
  it('about a size or a content are refused', async () => {
    const image = imageWith(LAYER)
    const text = smallArchive(['web:1'], image)
    const sized = text.toString('latin1').replace(`"size":${LAYER.length}`, `"size":${LAYER.length + 1}`)
    // The manifest is another one then.
    await refused(Buffer.from(sized, 'latin1'), /content of sha256:\w+ is another/)
    const other = Buffer.from(text)
    other.write('HELLO', text.indexOf('hello', text.indexOf('etc/hello') + 20), 'latin1')
    await refused(other, /content of sha256:\w+ is another/)
    await refused(
      smallArchive(['w:1'], imageWith(LAYER, { diffId: digestOf('x') })),
      /the config says sha256/,
    )
    await refused(
      dockerArchive([LAYER], { config: { rootfs: { diff_ids: [digestOf('x')] } } }),
      /the config says/,
    )
    await refused(dockerArchive([LAYER], { config: { rootfs: { diff_ids: [] } } }), /config names 0/)
  })

  it('about what they are, are refused', async () => {
    await refused(packTar([{ path: 'hello', content: 'x' }]), /neither an OCI layout .* nor a Docker archive/)
    await refused(Buffer.from('hello '.repeat(200)), /no tar archive/)
    await refused(zlib.gzipSync('hello'), /no tar archive/)
    await refused(zlib.gzipSync(LAYER).subarray(0, 60), /gzip data is damaged/)
    await refused(dockerArchive([LAYER], { list: [] }), /holds no image/)
    await refused(dockerArchive([LAYER], { list: [{ Config: '../x', Layers: [] }] }), /leads out/)
    await refused(dockerArchive([LAYER], { list: { a: 1 } }), /not as docker writes it/)
    await refused(dockerArchive([Buffer.from('no tar')]), /no tar archive/)
  })

  it('never make the reader fail in another way', { timeout: 60_000 }, async () => {
    const random = seededRandom(7)
    const archives = [smallArchive(['web:1'], imageWith(LAYER)), dockerArchive([LAYER])]
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(random.pick(archives))
      // Texts, where the documents are.
      for (let i = random.below(4); i >= 0; i--) {
        const at = random.below(bytes.length)
        if (bytes[at]! >= 0x20 && bytes[at]! < 0x7f) bytes[at] = 0x20 + random.below(0x5f)
      }
      await read(bytes).catch((error) => {
        if (!(error instanceof ImageError)) throw error
      })
    }
  })
})

describe('layers', () => {
  const entry = (path: string, more: Partial<TarEntry> = {}): Buffer =>
    tarHeader({ ...plainFile(path, 0), ...more })
  const layer = (...entries: Buffer[]) => Buffer.concat([...entries, TAR_END])
  const link = (path: string, linkPath: string) => entry(path, { type: 'symlink', linkPath })
  const refusedLayer = (bytes: Buffer, message: RegExp, max?: number) =>
    assert.rejects(
      checkLayer(bytes, max),
      (error) => error instanceof ImageError && message.test(error.message),
    )

  it('that hold devices, or reach out of the image, are refused', async () => {
    await refusedLayer(layer(entry('dev/sda', { type: 'block-device' })), /holds a device: "dev\/sda"/)
    await refusedLayer(layer(entry('../../root/.ssh/authorized_keys')), /leads out/)
    await refusedLayer(layer(entry('/etc/passwd')), /absolute path/)
    const through = layer(link('a', '../../outside'), entry('a/passwd'))
    await refusedLayer(through, /"a\/passwd" through a link that leads out/)
  })

  it('that grow beyond the limit when unpacked are refused before they fill anything', async () => {
    const bomb = zlib.gzipSync(packTar([{ path: 'zeros', content: Buffer.alloc(20_000_000) }]))
    assert.ok(bomb.length < 100_000)
    await refusedLayer(bomb, /holds more than 1000000 bytes/, 1_000_000)
    const behind = zlib.gzipSync(Buffer.concat([LAYER, Buffer.alloc(20_000_000)]))
    await refusedLayer(behind, /more than 1000000 bytes when unpacked/, 1_000_000)
  })

  it('may hold links to anywhere inside, and programs with their owner’s rights, which are named', async () => {
    const ok = layer(
      link('bin', 'usr/bin'),
      link('etc/mtab', '/proc/mounts'),
      entry('bin/su', { mode: 0o4755 }),
    )
    const { setuid, diffId, packed } = await checkLayer(ok)
    assert.deepEqual({ setuid, diffId, packed }, { setuid: ['bin/su'], diffId: digestOf(ok), packed: 'no' })
    const { diffId: inner, digest } = await checkLayer(zlib.zstdCompressSync(ok))
    assert.equal(inner, digestOf(ok))
    assert.notEqual(digest, inner)
  })
})
