import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { silentLogger } from '@brume/base/log'
import { mountsBelow } from '@brume/machine/mounts'
import { unmount } from './mounts.ts'
import { openBelow } from './safe-path.ts'
import { bindSubPath, subPathOf } from './sub-path.ts'

const ENV = [
  { key: 'POD', value: 'web-0' },
  { key: 'EMPTY', value: '' },
]

const PATHS: [Record<string, string>, string | RegExp][] = [
  [{}, ''],
  [{ subPath: 'a/b' }, 'a/b'],
  [{ subPath: '$(POD)' }, '$(POD)'],
  [{ subPathExpr: 'logs/$(POD)' }, 'logs/web-0'],
  [{ subPathExpr: '$$(POD)' }, '$(POD)'],
  [{ subPathExpr: '$(NONE)/$(EMPTY)/$(NONE)' }, /^missing value for EMPTY, NONE$/],
  [{ subPath: '/etc' }, /^error SubPath `\/etc` must not be an absolute path$/],
  [{ subPath: 'a/../../b' }, /^unable to provision SubPath `a\/\.\.\/\.\.\/b`: must not contain '\.\.'$/],
  [{ subPathExpr: '$(POD)/..' }, /must not contain/],
]

for (const [mount, expected] of PATHS) {
  test(`the sub path of ${JSON.stringify(mount)}`, () => {
    if (typeof expected === 'string') assert.equal(subPathOf(mount, ENV), expected)
    else
      assert.throws(() => subPathOf(mount, ENV), { reason: 'CreateContainerConfigError', message: expected })
  })
}

function volume(t: TestContext) {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'brume-sub-path-')))
  const root = join(base, 'volume')
  const outside = join(base, 'outside')
  for (const dir of [root, outside]) mkdirSync(dir)
  writeFileSync(join(outside, 'secret'), 'of the node')
  t.after(async () => {
    for (const { path } of mountsBelow(base)) await unmount(path)
    rmSync(base, { recursive: true, force: true })
  })
  return { base, root, outside }
}

/** Links of a volume whose owner means ill. */
const HOSTILE: [string, string, (root: string, outside: string) => void][] = [
  ['a link to the outside', 'x', (root, outside) => symlinkSync(outside, join(root, 'x'))],
  ['a relative link to the outside', 'x', (root) => symlinkSync('../outside', join(root, 'x'))],
  ['a link to a file outside', 'x', (root, outside) => symlinkSync(join(outside, 'secret'), join(root, 'x'))],
  ['a link on the way', 'x/secret', (root, outside) => symlinkSync(outside, join(root, 'x'))],
  ['a link to the root of the machine', 'x/etc', (root) => symlinkSync('/', join(root, 'x'))],
  [
    'a link above a directory that is to be made',
    'x/new',
    (root, outside) => symlinkSync(outside, join(root, 'x')),
  ],
  ['a link to nothing outside', 'x', (root, outside) => symlinkSync(join(outside, 'none'), join(root, 'x'))],
  ['a link to its like', 'x', (root) => symlinkSync('../volume-else', join(root, 'x'))],
  [
    'a chain of links',
    'a/b',
    (root) => {
      symlinkSync('c', join(root, 'a'))
      mkdirSync(join(root, 'c'))
      symlinkSync('../../outside', join(root, 'c', 'b'))
    },
  ],
  ['a loop', 'x', (root) => symlinkSync('x', join(root, 'x'))],
]

for (const [what, path, prepare] of HOSTILE) {
  test(`${what} is not followed`, async (t) => {
    const { base, root, outside } = volume(t)
    mkdirSync(join(base, 'volume-else'))
    prepare(root, outside)
    await assert.rejects(async () => (await openBelow(root, path, 0o755)).close())
    assert.equal(existsSync(join(outside, 'new')), false)
    assert.equal(existsSync(join(outside, 'none')), false)
  })
}

test('a link within the volume is followed', async (t) => {
  const { root } = volume(t)
  mkdirSync(join(root, 'data'))
  symlinkSync('data', join(root, 'current'))
  const handle = await openBelow(root, 'current', 0o755)
  assert.equal((await handle.stat()).ino, statSync(join(root, 'data')).ino)
  await handle.close()
})

test('directories that are missing are made with the mode of the volume', async (t) => {
  const { root } = volume(t)
  const before = process.umask(0o077)
  t.after(() => process.umask(before))
  await (await openBelow(root, 'a/b', 0o2777)).close()
  assert.equal(statSync(join(root, 'a/b')).mode & 0o7777, 0o2777)
})

test('a link that comes in while the path is looked at never leads out', { timeout: 60_000 }, async (t) => {
  const { root, outside, base } = volume(t)
  const secret = statSync(join(outside, 'secret')).ino
  mkdirSync(join(root, 'x'))
  writeFileSync(join(root, 'x', 'secret'), 'of the volume')
  for (let i = 0; i < 300; i++) {
    const opening = openBelow(root, 'x/secret', 0o755)
    renameSync(join(root, 'x'), join(base, 'away'))
    symlinkSync(outside, join(root, 'x'))
    const handle = await opening.catch(() => undefined)
    if (handle !== undefined) {
      assert.notEqual((await handle.stat()).ino, secret)
      await handle.close()
    }
    rmSync(join(root, 'x'))
    renameSync(join(base, 'away'), join(root, 'x'))
  }
  const handle = await openBelow(root, 'x/secret', 0o755)
  assert.equal((await handle.stat()).ino, statSync(join(root, 'x', 'secret')).ino)
  await handle.close()
})

describe('binding', { skip: process.getuid?.() !== 0 && 'needs root' }, () => {
  const options = (root: string, target: string, subPath: string) => ({
    root,
    subPath,
    target,
    volume: 'data',
    container: 'app',
    logger: silentLogger,
  })

  test('a part of the volume is there at its own place, once, and what was there before is replaced', async (t) => {
    const { base, root } = volume(t)
    const target = join(base, 'pod', 'volume-subpaths', 'data', 'app', '0')
    mkdirSync(join(root, 'a'))
    writeFileSync(join(root, 'a', 'file'), '1')
    await bindSubPath(options(root, target, 'a'))
    await bindSubPath(options(root, target, 'a'))
    assert.equal(readFileSync(join(target, 'file'), 'utf8'), '1')
    assert.equal(mountsBelow(target).length, 1)
    await bindSubPath(options(root, target, 'b'))
    assert.equal(existsSync(join(target, 'file')), false)
    assert.equal(mountsBelow(target).length, 1)
  })

  test('a file can be a part too', async (t) => {
    const { base, root } = volume(t)
    const target = join(base, 'pod', '0')
    writeFileSync(join(root, 'key'), 'value')
    await bindSubPath(options(root, target, 'key'))
    assert.equal(readFileSync(target, 'utf8'), 'value')
  })

  test('a refusal says nothing about the files of the node', async (t) => {
    const { base, root, outside } = volume(t)
    symlinkSync(outside, join(root, 'x'))
    await assert.rejects(bindSubPath(options(root, join(base, 'pod', '0'), 'x/secret')), {
      reason: 'CreateContainerConfigError',
      message: 'failed to prepare subPath for volumeMount "data" of container "app"',
    })
    assert.deepEqual(mountsBelow(base), [])
  })
})
