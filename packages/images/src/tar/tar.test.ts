import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { seededRandom } from '@brume/base/seeded-random'
import { ImageError } from '../image-error.ts'
import { paddingOf, TAR_END, type TarEntry, tarHeader } from './header.ts'
import { packTar, plainFile } from './pack.ts'
import { linkEscapes, safePath } from './path.ts'
import { type ReadEntry, readTar, TAR_LIMITS, type TarLimits } from './read.ts'
import { streamSource } from './source.ts'

const dir = mkdtempSync(join(tmpdir(), 'brume-tar-'))
after(() => rmSync(dir, { recursive: true, force: true }))

async function* pieces(bytes: Buffer, size = 1000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

interface Found extends TarEntry {
  text: string
}

async function entriesOf(bytes: Buffer, limits: TarLimits = TAR_LIMITS, size = 1000): Promise<Found[]> {
  const found: Found[] = []
  for await (const entry of readTar(streamSource(pieces(bytes, size)), limits)) {
    const parts: Buffer[] = []
    for await (const part of entry.content()) parts.push(part)
    const { content: _, contentOffset: __, ...rest } = entry as ReadEntry
    found.push({ ...rest, text: Buffer.concat(parts).toString() })
  }
  return found
}

function archive(...entries: [TarEntry, string?][]): Buffer {
  const parts = entries.flatMap(([entry, text = '']) => [
    tarHeader({ ...entry, sizeBytes: text.length }),
    Buffer.from(text),
    Buffer.alloc(paddingOf(text.length)),
  ])
  return Buffer.concat([...parts, TAR_END])
}

const link = (path: string, linkPath: string): TarEntry => ({
  ...plainFile(path, 0),
  type: 'symlink',
  linkPath,
})

describe('writing and reading archives', () => {
  it('gives back what was written, names and numbers of any size included', async () => {
    const long = `${'d'.repeat(120)}/${'e'.repeat(120)}/${'f'.repeat(90)}`
    const xattrs = new Map([['security.capability', Buffer.from([1, 0, 0, 2, 10])]])
    const written: [TarEntry, string?][] = [
      [plainFile('a', 0), 'text'],
      [{ ...plainFile(long, 0, 0o4755), uid: 3_000_000, gid: 7, mtimeSeconds: 9 }, 'x'.repeat(2000)],
      [{ ...plainFile('ä/ö', 0), xattrs }, 'umlauts'],
      [link('b', '../target'.repeat(20))],
      [{ ...plainFile('c', 0), type: 'hardlink', linkPath: 'a' }],
      [{ ...plainFile('null', 0), type: 'character-device', deviceMajor: 1, deviceMinor: 3 }],
      [{ ...plainFile('dir', 0, 0o1777), type: 'directory' }],
    ]
    const expected = written.map(([entry, text = '']) => ({ ...entry, sizeBytes: text.length, text }))
    assert.deepEqual(await entriesOf(archive(...written)), expected)
    assert.deepEqual(await entriesOf(archive(...written), TAR_LIMITS, 7), expected)
  })

  it('gives the same bytes for the same files', () => {
    const files = [{ path: 'x', content: 'y' }]
    assert.deepEqual(packTar(files), packTar(files))
  })

  it('writes what GNU tar reads', () => {
    const long = `${'d'.repeat(120)}/${'e'.repeat(140)}`
    const path = join(dir, 'ours.tar')
    writeFileSync(
      path,
      packTar([
        { path: long, content: 'deep' },
        { path: 'ü', content: 'umlaut', mode: 0o755 },
      ]),
    )
    assert.equal(execFileSync('tar', ['xOf', path, long], { encoding: 'utf8' }), 'deep')
    assert.match(execFileSync('tar', ['tvf', path], { encoding: 'utf8' }), /-rwxr-xr-x 0\/0 +6 1970-01-01/)
  })

  it('reads what GNU tar writes, in its own form and in that of POSIX', async () => {
    const root = join(dir, 'tree')
    const name = `${'n'.repeat(110)}/${'m'.repeat(110)}`
    mkdirSync(join(root, name), { recursive: true })
    writeFileSync(join(root, name, 'file'), 'content')
    symlinkSync('t'.repeat(150), join(root, 'link'))
    for (const format of ['gnu', 'posix']) {
      const path = join(dir, `${format}.tar`)
      execFileSync('tar', ['cf', path, `--format=${format}`, '-C', root, '.'])
      const found = await entriesOf(readFileSync(path))
      assert.equal(found.find((entry) => entry.path === `${name}/file`)?.text, 'content')
      assert.equal(found.find((entry) => entry.path === 'link')?.linkPath, 't'.repeat(150))
    }
  })
})

describe('hostile archives', () => {
  const refused = (bytes: Buffer, message: RegExp, limits?: TarLimits) =>
    assert.rejects(
      entriesOf(bytes, limits),
      (error) => error instanceof ImageError && message.test(error.message),
    )

  it('are refused when a path leads out, is absolute, or is longer than a file system takes', async () => {
    await refused(archive([plainFile('../etc/passwd', 0)]), /leads out of it/)
    await refused(archive([plainFile('a/../../b', 0)]), /leads out of it/)
    await refused(archive([plainFile('/etc/passwd', 0)]), /absolute path/)
    await refused(archive([plainFile('x/'.repeat(3000), 0)]), /more than 4096 bytes/)
    await refused(archive([{ ...plainFile('c', 0), type: 'hardlink', linkPath: '../c' }]), /leads out of it/)
  })

  it('are refused when a size is a lie', async () => {
    const bytes = archive([plainFile('a', 0), 'short'])
    bytes.write('00000100000', 124, 'latin1')
    await refused(rechecked(bytes), /ends in the middle of "a"/)
    const negative = archive([plainFile('a', 0)])
    negative.fill(0xff, 124, 136)
    await refused(rechecked(negative), /larger than any disk/)
  })

  it('are refused when there is too much in them', async () => {
    const many = archive([plainFile('a', 0), 'xx'], [plainFile('b', 0), 'yy'])
    await refused(many, /more than 1 entries/, { entries: 1, contentBytes: 100 })
    await refused(many, /more than 3 bytes/, { entries: 10, contentBytes: 3 })
  })

  it('are refused when they are damaged, cut off or nothing of the kind', async () => {
    const bytes = archive([plainFile('a', 0), 'x'], [plainFile('b', 0), 'y'])
    await refused(Buffer.from('not an archive'.repeat(100)), /no tar archive/)
    await refused(Buffer.alloc(0), /no tar archive/)
    const flipped = Buffer.from(bytes)
    flipped[1024 + 3] = 0x41
    await refused(flipped, /checksum/)
    await refused(bytes.subarray(0, 700).subarray(0, 512), /ends in the middle/)
    const sparse = Buffer.from(bytes)
    sparse.write('S', 156)
    await refused(rechecked(sparse), /sparse file/)
  })

  it('never make the reader fail in another way, or read on without end', { timeout: 60_000 }, async () => {
    const random = seededRandom(20).next
    const good = archive(
      [{ ...plainFile('p'.repeat(200), 0), xattrs: new Map([['user.a', Buffer.from('b')]]) }, 'content'],
      [link('l', 't'.repeat(120))],
      [plainFile('z', 0), 'y'.repeat(600)],
    )
    for (let round = 0; round < 3000; round++) {
      const bytes = Buffer.from(good.subarray(0, 1 + Math.floor(random() * good.length)))
      for (let i = Math.floor(random() * 6); i >= 0; i--) {
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
      }
      const mended = random() < 0.7 ? rechecked(bytes) : bytes
      await entriesOf(mended, TAR_LIMITS, 333).catch((error) => {
        if (!(error instanceof ImageError)) throw error
      })
    }
  })
})

describe('paths', () => {
  it('lose what does not matter', () => {
    assert.equal(safePath('./a//b/./c/'), 'a/b/c')
    assert.equal(safePath('./'), '')
  })

  it('of links are known to lead out, or not to', () => {
    assert.equal(linkEscapes('a/b', '../c'), false)
    assert.equal(linkEscapes('a/b', '../../c'), true)
    assert.equal(linkEscapes('a', '/etc/passwd'), false)
    assert.equal(linkEscapes('a', '/../x'), true)
    assert.equal(linkEscapes('a/b/c', 'x/../../../../y'), true)
  })
})

/** With right checksums wherever a header is: mutations then reach what is behind the checksum. */
function rechecked(bytes: Buffer): Buffer {
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    const block = bytes.subarray(at, at + 512)
    if (block.toString('latin1', 257, 262) !== 'ustar') continue
    block.fill(0x20, 148, 156)
    const sum = block.reduce((total, byte) => total + byte, 0)
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  }
  return bytes
}
