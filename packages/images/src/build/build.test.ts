import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { loadRecipe } from '../recipe/load.ts'
import { parseRecipe } from '../recipe/parse.ts'
import { type BuildOptions, buildImage } from './build.ts'
import { readWhole } from './content.ts'

const dir = mkdtempSync(join(tmpdir(), 'brume-build-'))
after(() => rmSync(dir, { recursive: true, force: true }))
const cacheDir = join(dir, 'cache')

/** Recipes without packages need nothing but this program. */
const build = (text: string, options: Partial<BuildOptions> = {}) =>
  buildImage(parseRecipe(`name: test\n${text}`, 'recipe').recipe, {
    cacheDir,
    distribution: 'debian',
    ...options,
  })

async function listOf(text: string): Promise<string> {
  await using built = await build(text, { compression: 'gzip' })
  const layer = await readWhole(built.image.blobs.get(built.image.manifest.layers[0]!.digest)!)
  const path = join(dir, 'layer.tgz')
  writeFileSync(path, layer)
  return execFileSync('tar', ['tzvf', path], { encoding: 'utf8' })
}

async function configOf(text: string) {
  await using built = await build(text)
  return JSON.parse((await readWhole(built.image.blobs.get(built.image.manifest.config.digest)!)).toString())
}

describe('an image from a recipe', () => {
  it('has the files, owners, modes and accounts that the recipe names, and what every program expects', async () => {
    const list = await listOf(`
users: [{ name: web, id: 10001, home: /srv/www }]
files:
  - { path: /etc/app.conf, content: "a: 1", mode: "0640", owner: "10001:0" }
  - { path: /var/lib/app, directory: true, mode: "1777" }
  - { path: /usr/bin/tool, content: "x", mode: "4755" }
  - { path: /bin/link, link: tool }
  - { path: /var/run/app, directory: true }
  - { path: /usr/local/bin, links: "/usr/bin/*" }
`)
    for (const line of [
      /^-rw-r----- 10001\/0 +4 1970-01-01 00:00 etc\/app.conf$/m,
      /^drwxrwxrwt 0\/0 .* var\/lib\/app\/$/m,
      /^-rwsr-xr-x 0\/0 .* usr\/bin\/tool$/m,
      /^lrwxrwxrwx 0\/0 .* usr\/bin\/link -> tool$/m,
      /^lrwxrwxrwx 0\/0 .* usr\/local\/bin\/tool -> \/usr\/bin\/tool$/m,
      /^lrwxrwxrwx 0\/0 .* bin -> usr\/bin$/m,
      /^lrwxrwxrwx 0\/0 .* var\/run -> \/run$/m,
      /^drwxr-xr-x 0\/0 .* run\/app\/$/m,
      /^drwxr-xr-x 10001\/10001 .* srv\/www\/$/m,
      /^drwxrwxrwt 0\/0 .* tmp\/$/m,
      /^-rw-r--r-- 0\/0 .* etc\/passwd$/m,
    ]) {
      assert.match(list, line)
    }
  })

  it('has the same digest wherever and whenever it is built', async () => {
    const places = ['one', 'two'].map((name) => join(dir, name))
    const digests: string[] = []
    for (const place of places) {
      mkdirSync(join(place, 'site'), { recursive: true })
      // In another order, with other times and other group rights.
      for (const name of place.endsWith('one') ? ['a', 'b'] : ['b', 'a']) {
        writeFileSync(join(place, 'site', name), name)
      }
      chmodSync(join(place, 'site', 'a'), place.endsWith('one') ? 0o644 : 0o664)
      utimesSync(join(place, 'site', 'b'), 1000, place.length)
      symlinkSync('a', join(place, 'site', 'c'))
      writeFileSync(join(place, 'recipe.yaml'), 'name: site\nfiles: [{ path: /srv, copy: site }]\n')
      const recipe = await loadRecipe(join(place, 'recipe.yaml'))
      await using built = await buildImage(recipe, { cacheDir: join(place, 'cache'), distribution: 'debian' })
      digests.push(built.image.descriptor.digest)
    }
    assert.equal(digests[0], digests[1])
  })

  it('says how it is started', async () => {
    const { config, architecture } = await configOf(`
user: 10001:10001
env: { A: b }
entrypoint: [/run]
command: [now]
ports: [8080, 53/udp]
volumes: [/data]
stopSignal: SIGINT
`)
    assert.equal(typeof architecture, 'string')
    const { User, Entrypoint, Cmd, ExposedPorts, Volumes, StopSignal, Env } = config
    assert.deepEqual(
      { User, Entrypoint, Cmd, ExposedPorts, Volumes, StopSignal },
      {
        User: '10001:10001',
        Entrypoint: ['/run'],
        Cmd: ['now'],
        ExposedPorts: { '8080/tcp': {}, '53/udp': {} },
        Volumes: { '/data': {} },
        StopSignal: 'SIGINT',
      },
    )
    assert.deepEqual(Env.slice(1), ['A=b'])
    assert.match(Env[0], /^PATH=.*\/usr\/bin/)
  })

  it('can be of another architecture than this machine', async () => {
    await using built = await build('', { architecture: 'arm64' })
    assert.deepEqual(built.image.descriptor.platform, { architecture: 'arm64', os: 'linux' })
  })

  it('leaves nothing behind, whether it succeeds or not', async () => {
    {
      await using built = await build('version: "1"')
      assert.deepEqual(built.tags, ['1', 'latest'])
    }
    await assert.rejects(build('busybox: all'), /no package brings \/bin\/busybox/)
    await assert.rejects(
      build('files: [{ path: /x, copy: /nothing/here }]'),
      /cannot copy \/nothing\/here: it does not exist/,
    )
    await assert.rejects(build('version: { package: nginx }'), /nginx, which is not among its packages/)
    await assert.rejects(build('', { distribution: 'fedora' }), /this is fedora/)
    assert.deepEqual(readdirSync(join(cacheDir, 'work')), [])
    // Of a build that was killed two days ago.
    const abandoned = join(cacheDir, 'work', 'build-killed')
    mkdirSync(abandoned)
    utimesSync(abandoned, Date.now() / 1000 - 172_800, Date.now() / 1000 - 172_800)
    {
      await using _ = await build('')
    }
    assert.deepEqual(readdirSync(join(cacheDir, 'work')), [])
  })
})
