import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PAUSE_IMAGE, pauseImage } from '@brume/images/pause/image'
import { packTar } from '@brume/images/tar/pack'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { brume, type Ran } from '../../testing.ts'

const hasApt = existsSync('/usr/bin/apt-get')

describe('brume image', { timeout: 120_000 }, () => {
  let plane: TestControlPlane
  let folder: string
  let env: Record<string, string>
  const image = (...argv: string[]): Promise<Ran> => brume(['image', ...argv], env)

  before(async () => {
    plane = await startTestControlPlane()
    folder = mkdtempSync(join(tmpdir(), 'brume-image-cli-'))
    env = { HOME: folder, KUBECONFIG: plane.kubeconfig }
    writeFileSync(join(folder, 'pause.tar'), pauseImage('amd64'))
  })
  after(async () => {
    await plane.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('says what is there, and how to get something', async () => {
    const { code, out } = await image('list')
    assert.deepEqual([code, out], [0, 'no images\nnext: ./brume image build busybox\n'])
  })

  it('imports, lists, exports and removes an image', async () => {
    const imported = await image('import', join(folder, 'pause.tar'))
    assert.equal(imported.code, 0, imported.err)
    assert.equal(imported.out, `imported: ${PAUSE_IMAGE}\n`)
    assert.match((await image('import', join(folder, 'pause.tar'), 'team/nap')).out, /team\/nap:latest\n$/)
    const listed = JSON.parse((await image('list', '-o', 'json')).out)
    assert.deepEqual(
      listed.map((one: { name: string; platforms: string[] }) => [one.name, one.platforms]),
      [
        [PAUSE_IMAGE, ['linux/amd64']],
        ['registry.brume.internal/team/nap:latest', ['linux/amd64']],
      ],
    )
    const path = join(folder, 'nap.tar')
    assert.equal((await image('export', 'team/nap', path)).code, 0)
    assert.match((await image('export', 'team/nap', path)).err, /exists already/)
    assert.match((await image('import', path, 'again:2')).out, /library\/again:2/)
    assert.equal((await image('rm', 'again:2')).out, 'removed: registry.brume.internal/library/again:2\n')
    const gone = await image('rm', 'again:2')
    assert.equal(gone.code, 1)
    assert.match(gone.err, /there is no image library\/again:2\nnext: .\/brume image list\n$/)
  })

  it('builds a recipe of one’s own into the registry, the same each time', {
    skip: hasApt ? false : 'apt is not installed',
  }, async () => {
    const dir = join(folder, 'app')
    mkdirSync(join(dir, 'public'), { recursive: true })
    writeFileSync(join(dir, 'public', 'index.html'), 'hello')
    writeFileSync(
      join(dir, 'recipe.yaml'),
      'name: team/site\nversion: "3"\nfiles:\n  - { path: /srv, copy: public }\ncommand: [/srv/run]\n',
    )
    const built = await image('build', dir)
    assert.equal(built.code, 0, built.err)
    const digest = /^digest: (sha256:\w+)$/m.exec(built.out)![1]
    assert.match(built.out, /^image: registry.brume.internal\/team\/site:3$/m)
    const again = await image('build', dir, '--output', join(folder, 'site.tar'))
    assert.match(again.out, new RegExp(`^digest: ${digest}$`, 'm'))
    writeFileSync(join(dir, 'public', 'index.html'), 'other')
    assert.doesNotMatch((await image('build', dir)).out, new RegExp(String(digest)))
  })

  it('builds nothing when there is no cloud to keep it', async () => {
    const { code, err } = await brume(['image', 'build', 'busybox'], { HOME: folder })
    assert.equal(code, 1)
    assert.match(err, /^brume image: no kubeconfig at [^\n]*\n$/)
  })

  it('says what is wrong, and what to run next', async () => {
    const wrong: [string[], RegExp][] = [
      [['import', join(folder, 'nothing.tar')], /it does not exist\nnext: .\/brume image import --help/],
      [
        ['export', 'nothing', 'x.tar'],
        /there is no image library\/nothing:latest\nnext: .\/brume image list/,
      ],
      [['build', 'nosuch'], /there is no recipe nosuch; those that come with Brume are .*\nnext: /],
      [
        ['build', folder],
        /holds none of recipe.yaml, Dockerfile, Containerfile\nnext: .\/brume image build --list/,
      ],
      [['build', '-f', 'nosuch'], /nosuch does not exist/],
      [['push', PAUSE_IMAGE, 'web'], /web names no registry\nnext: /],
      [['push', PAUSE_IMAGE, 'localhost:1/web'], /localhost:1 cannot be reached/],
      [['rm', 'brume/pause'], /name a tag or a digest/],
      [['rm', 'Web:1'], /is no name of an image/],
      [['import'], /name a file/],
      [['bild'], /there is no "image bild". Next: .\/brume image build/],
    ]
    for (const [argv, expected] of wrong) {
      const { code, err } = await image(...argv)
      assert.notEqual(code, 0, argv.join(' '))
      assert.match(err, expected)
      assert.doesNotMatch(err, /unexpected/)
    }
  })

  it('takes nothing in that reaches out of an image', async () => {
    const layer = packTar([{ path: '../../root/.profile', content: 'x' }])
    const config = {
      architecture: 'amd64',
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: [`sha256:${'0'.repeat(64)}`] },
    }
    const path = join(folder, 'hostile.tar')
    writeFileSync(
      path,
      packTar([
        { path: 'l.tar', content: layer },
        { path: 'c.json', content: JSON.stringify(config) },
        {
          path: 'manifest.json',
          content: JSON.stringify([{ Config: 'c.json', RepoTags: ['x:1'], Layers: ['l.tar'] }]),
        },
      ]),
    )
    const { code, err } = await image('import', path)
    assert.equal(code, 1)
    assert.match(err, /names a path that leads out of it: "..\/..\/root\/.profile"/)
    assert.match((await image('list', 'library/x')).out, /no images/)
  })

  it('has help for the noun and for each verb', async () => {
    assert.match((await image('--help')).out, /image export +Write an image/)
    for (const verb of ['build', 'list', 'import', 'export', 'push', 'rm']) {
      const { code, out } = await image(verb, '--help')
      assert.equal(code, 0)
      assert.match(out, new RegExp(`Usage: ./brume image ${verb} `))
    }
    assert.match((await image('build', '--list')).out, /^postgresql +PostgreSQL/m)
  })
})
