import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { readWhole } from '../build/content.ts'
import { FileTree } from '../build/tree.ts'
import { TAR_END } from '../tar/header.ts'
import { packTar } from '../tar/pack.ts'
import { fetchArguments, needed } from './distribution.ts'
import { type ApkPackage, readPackage, unpackPackage } from './package.ts'

const dir = mkdtempSync(join(tmpdir(), 'brume-apk-'))
after(() => rmSync(dir, { recursive: true, force: true }))

/** As abuild makes them: three members, the first two without an end of archive. */
function writePackage(name: string, info: string, files: Record<string, string>): string {
  const cut = (bytes: Buffer) => bytes.subarray(0, bytes.length - TAR_END.length)
  const path = join(dir, `${name}.apk`)
  const data = packTar(Object.entries(files).map(([path, content]) => ({ path, content })))
  const members = [
    cut(packTar([{ path: '.SIGN.RSA.key.pub', content: 'signature' }])),
    cut(
      packTar([
        { path: '.PKGINFO', content: info },
        { path: '.post-install', content: 'exit 1' },
      ]),
    ),
    data,
  ]
  writeFileSync(path, Buffer.concat(members.map((member) => gzipSync(member))))
  return path
}

describe('packages of Alpine', () => {
  it('are read from their three archives, and leave their descriptions and documents behind', async () => {
    const info =
      'pkgname = curl\npkgver = 8.9.1-r2\nprovides = cmd:curl=8.9.1-r2\ndepend = so:libc.musl-x86_64.so.1\ndepend = !old\n'
    const found = await readPackage(
      writePackage('curl', info, { 'usr/bin/curl': 'program', 'usr/share/man/man1/curl.1': 'text' }),
    )
    assert.deepEqual([found.name, found.version], ['curl', '8.9.1-r2'])
    assert.deepEqual([found.provides, found.depends], [['cmd:curl'], ['so:libc.musl-x86_64.so.1']])
    const tree = new FileTree()
    await unpackPackage(tree, found)
    assert.deepEqual([...tree.paths()].sort(), ['usr', 'usr/bin', 'usr/bin/curl'])
    assert.equal((await readWhole(tree.get('usr/bin/curl')!.content!)).toString(), 'program')
  })

  it('that are none are refused', async () => {
    writeFileSync(join(dir, 'text.apk'), 'no package')
    await assert.rejects(readPackage(join(dir, 'text.apk')), /is no package of Alpine/)
    await assert.rejects(readPackage(writePackage('x', 'pkgver = 1\n', {})), /does not say what it is/)
  })

  it('are left out with what only they need', () => {
    const one = (name: string, depends: string[] = [], provides: string[] = []): ApkPackage => ({
      name,
      version: '1',
      depends,
      provides,
      archive: '',
    })
    const all = [
      one('app', ['so:lib.so', 'helper']),
      one('lib', [], ['so:lib.so']),
      one('helper', ['perl']),
      one('perl'),
    ]
    const request = { packages: ['app'], without: ['helper'], architecture: 'amd64' as const }
    assert.deepEqual(
      needed(all, request).map(({ name }) => name),
      ['app', 'lib'],
    )
    assert.deepEqual(fetchArguments(request, '/d').slice(-3), ['/d', '--', 'app'])
  })
})
