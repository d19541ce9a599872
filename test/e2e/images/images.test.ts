// Images on real tools: built from the distribution's packages, kept in the built-in registry, pulled and run by
// containerd as a node does, and exchanged with buildah.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { issueClientCertificate } from '@brume/apiserver/auth/pki/client-certificate'
import { remoteBundle } from '@brume/images/client/pull'
import { pushBundle } from '@brume/images/client/push'
import { RegistryClient } from '@brume/images/client/registry-client'
import { imageArchive } from '@brume/images/oci/archive'
import { bundleOf } from '@brume/images/oci/bundle'
import { digestOf } from '@brume/images/oci/digest'
import { composeImage } from '@brume/images/oci/image'
import { MEDIA_TYPES, machineArchitecture } from '@brume/images/oci/types'
import { pauseImage } from '@brume/images/pause/image'
import { paddingOf, TAR_END, tarHeader } from '@brume/images/tar/header'
import { plainFile } from '@brume/images/tar/pack'
import { findExecutable } from '@brume/machine/executables'
import { run } from '@brume/machine/run'
import { importImage } from '@brume/node/runtime/import-image'
import { writeRegistryHosts } from '@brume/node/runtime/registry-hosts'
import { startTestContainerd, type TestContainerd, whyNoContainers } from '@brume/testkit/containerd'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { httpOf } from '@brume/testkit/http'
import { brume } from '../../../packages/cli/src/testing.ts'

const BUSYBOX = 'registry.brume.internal/library/busybox:latest'
const LIMIT_MS = 240_000

const noContainers = whyNoContainers()
const noApt = findExecutable('apt-get') === undefined ? 'apt is not installed' : await whyNoSources()
const noBuildah = findExecutable('buildah') === undefined ? 'buildah is not installed' : undefined

/** Lists of packages come from the network. */
async function whyNoSources(): Promise<string | undefined> {
  const { stdout } = await run(['apt-get', 'indextargets', '--format', '$(SITE)'])
  const sites = [...new Set(stdout.split('\n'))].filter((site) => site.startsWith('http'))
  for (const site of sites) {
    const answer = await fetch(site, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined)
    if (answer !== undefined) return undefined
  }
  return sites.length === 0 ? 'apt has no sources' : 'the sources of apt cannot be reached'
}

describe('images without a registry elsewhere', { skip: noApt ?? false, timeout: LIMIT_MS }, () => {
  let plane: TestControlPlane
  let folder: string
  let env: Record<string, string>

  before(async () => {
    plane = await startTestControlPlane()
    folder = mkdtempSync(join(tmpdir(), 'brume-e2e-images-'))
    env = { HOME: folder, KUBECONFIG: plane.kubeconfig }
  })
  after(async () => {
    await plane.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const image = async (...argv: string[]) => {
    const ran = await brume(
      ['image', ...argv, ...(argv[0] === 'build' ? ['--cache-dir', join(folder, 'cache')] : [])],
      env,
    )
    assert.equal(ran.code, 0, ran.err)
    return ran
  }
  const digestIn = (out: string) => /^digest: (\S+)$/m.exec(out)![1]

  it('are built from packages, with the same digest each time, also after the downloads are gone', async () => {
    const first = await image('build', 'busybox')
    const second = await image('build', 'busybox')
    assert.equal(digestIn(first.out), digestIn(second.out))
    assert.doesNotMatch(second.err, /fetching/)
    rmSync(join(folder, 'cache', 'apt', machineArchitecture(), 'archives'), { recursive: true })
    const third = await image('build', 'busybox')
    assert.match(third.err, /fetching 1 packages/)
    assert.equal(digestIn(third.out), digestIn(first.out))
  })

  describe('on containerd', { skip: noContainers ?? false }, () => {
    let node: TestContainerd
    before(async () => {
      node = await startTestContainerd()
    })
    after(() => node.stop())

    const ctr = (...argv: string[]) =>
      run(['ctr', '--address', node.containerd.socket, '--namespace', 'k8s.io', ...argv])

    const runOnce = async (name: string, ...command: string[]) => {
      const options = ['--rm', '--runc-root', `${node.containerd.paths.state}/runc`]
      return (await ctr('run', ...options, name, `test-${Math.random().toString(36).slice(2)}`, ...command))
        .stdout
    }

    it('are pulled with the certificate of a node, and run', async () => {
      await image('build', 'busybox')
      const { pki, url } = plane.plane
      const { certificatePem, privateKeyPem } = await issueClientCertificate(pki, {
        commonName: 'system:node:n1',
        organizations: ['system:nodes'],
        ttlSeconds: 3600,
      })
      const files = { ca: pki.ca.certificatePem, certificate: certificatePem, key: privateKeyPem }
      const paths = { ca: '', certificate: '', key: '' }
      for (const [name, text] of Object.entries(files)) {
        paths[name as keyof typeof paths] = join(folder, `${name}.pem`)
        writeFileSync(join(folder, `${name}.pem`), text)
      }
      writeRegistryHosts(node.containerd.paths, { url, ...paths })
      await ctr('images', 'pull', '--hosts-dir', node.containerd.paths.certs, BUSYBOX)
      assert.match(
        await runOnce(BUSYBOX, 'sh', '-c', 'id -un; ls -d /tmp /bin/sh; cat /etc/passwd'),
        /^root\n.*nobody/s,
      )
    })

    it('are imported from an archive, those of recipes and the one of the sandbox', async () => {
      const path = join(folder, 'busybox.tar')
      await image('build', 'busybox', '-o', path, '-t', 'imported:1')
      await importImage(node.containerd.paths, path)
      const name = 'registry.brume.internal/library/imported:1'
      assert.equal(await runOnce(name, 'echo', 'hello'), 'hello\n')
      writeFileSync(join(folder, 'pause.tar'), pauseImage())
      await importImage(node.containerd.paths, join(folder, 'pause.tar'))
      assert.match((await ctr('images', 'ls', '-q')).stdout, /^registry.brume.internal\/brume\/pause:1$/m)
    })

    it('come back from containerd as they were', async () => {
      await ctr('images', 'pull', '--hosts-dir', node.containerd.paths.certs, BUSYBOX)
      const path = join(folder, 'from-containerd.tar')
      await ctr('images', 'export', path, BUSYBOX)
      await image('import', path, 'back:1')
      const [there, back] = await Promise.all(
        ['busybox/manifests/latest', 'back/manifests/1'].map((one) =>
          httpOf(plane).send('GET', `/v2/library/${one}`),
        ),
      )
      assert.equal(back!.headers['docker-content-digest'], there!.headers['docker-content-digest'])
    })

    it('that reach out of themselves do not do so on a node either', async () => {
      // Pushed by a tool that does not look, as `brume image import` would.
      const outside = join(folder, 'outside')
      const layer = Buffer.concat([
        tarHeader({ ...plainFile('up', 0), type: 'symlink', linkPath: '../../../../../../../../..' }),
        tarHeader(plainFile(`up${outside}`, 4)),
        Buffer.from('evil'),
        Buffer.alloc(paddingOf(4)),
        tarHeader(plainFile(`../../../../../../../..${outside}`, 0)),
        TAR_END,
      ])
      const config = { architecture: machineArchitecture(), os: 'linux', config: {} }
      const digest = digestOf(layer)
      const hostile = composeImage(config, [
        { mediaType: MEDIA_TYPES.layer, digest, diffId: digest, content: layer },
      ])
      const registry = new RegistryClient(plane.client.transport)
      await pushBundle(registry, bundleOf(hostile), { repository: 'evil', tags: ['1'], onProgress: () => {} })
      const name = 'registry.brume.internal/evil:1'
      const pull = ctr('images', 'pull', '--hosts-dir', node.containerd.paths.certs, name)
      await pull.catch((error) => assert.match(String(error), /failed to extract layer|unpack/))
      assert.ok(!existsSync(outside))
      const { code, err } = await brume(['image', 'import', await exported('evil:1')], env)
      assert.equal(code, 1)
      assert.match(err, /through a link that leads out of the image|leads out of it/)
    })

    const exported = async (name: string) => {
      const path = join(folder, 'evil.tar')
      const [repository = '', tag = ''] = name.split(':')
      const bundle = await remoteBundle(new RegistryClient(plane.client.transport), repository, tag)
      const parts: Buffer[] = []
      for await (const part of imageArchive([name], bundle)) parts.push(part)
      writeFileSync(path, Buffer.concat(parts))
      return path
    }

    it('of a recipe with many packages hold a program that works, as nobody in particular', async () => {
      await image('build', 'python', '-o', join(folder, 'python.tar'))
      await importImage(node.containerd.paths, join(folder, 'python.tar'))
      const program = `
import ssl, sqlite3, os, json
print(os.getuid(), len(ssl.create_default_context().get_ca_certs()) > 50, sqlite3.connect(":memory:").execute("select 6*7").fetchone()[0])`
      const name = 'registry.brume.internal/library/python:latest'
      assert.equal(await runOnce(name, 'python3', '-c', program), '10001 True 42\n')
    })
  })

  describe('with buildah', {
    skip: noBuildah ?? (process.getuid?.() === 0 ? false : 'buildah needs root'),
  }, () => {
    it('are built from a Dockerfile that starts from one of the registry', async () => {
      await image('build', 'busybox')
      const context = join(folder, 'site')
      mkdirSync(context, { recursive: true })
      writeFileSync(join(context, 'hello.txt'), 'hello')
      writeFileSync(
        join(context, 'Dockerfile'),
        `FROM ${BUSYBOX}\nCOPY hello.txt /srv/hello.txt\nRUN tr a-z A-Z < /srv/hello.txt > /srv/loud.txt\nCMD ["httpd"]\n`,
      )
      const first = await image('build', context, '-t', 'site:1')
      assert.match(first.out, /^image: registry.brume.internal\/library\/site:1$/m)
      const second = await image('build', context, '-t', 'site:1')
      assert.equal(digestIn(first.out), digestIn(second.out))
      const path = join(folder, 'site.tar')
      await image('export', 'site:1', path)
      const { stdout } = await run(['tar', 'xOf', path, 'manifest.json'])
      const layers: string[] = JSON.parse(stdout)[0].Layers
      const top = await run(['sh', '-c', `tar xOf '${path}' '${layers.at(-1)}' | tar xzO srv/loud.txt`])
      assert.equal(top.stdout, 'HELLO')
    })

    it('say which step of a Dockerfile failed', async () => {
      const context = join(folder, 'broken')
      mkdirSync(context, { recursive: true })
      writeFileSync(join(context, 'Dockerfile'), `FROM ${BUSYBOX}\nRUN exit 3\n`)
      const argv = ['image', 'build', context, '--cache-dir', join(folder, 'cache')]
      const { code, err } = await brume(argv, env)
      assert.equal(code, 1)
      assert.match(err, /buildah failed .*exit 3/)
    })

    it('come and go by a login with a token', async () => {
      const { send } = httpOf(plane)
      const rbac = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'
      await send('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'ci' } })
      await send('POST', rbac, {
        metadata: { name: 'ci-images' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'brume:image-pusher' },
        subjects: [{ kind: 'ServiceAccount', name: 'ci', namespace: 'default' }],
      })
      const path = '/api/v1/namespaces/default/serviceaccounts/ci/token'
      const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }
      const { token } = (await send('POST', path, request)).body.status
      // Docker's own format knows no zstd.
      await image('build', 'busybox', '--compression', 'gzip', '-t', 'plain:1')
      const certs = join(folder, 'certs')
      mkdirSync(certs, { recursive: true })
      writeFileSync(join(certs, 'ca.crt'), plane.plane.pki.ca.certificatePem)
      const policy = join(folder, 'policy.json')
      writeFileSync(policy, JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }))
      const host = new URL(plane.plane.url).host
      const auth = ['--authfile', join(folder, 'auth.json'), '--cert-dir', certs]
      const storage = [
        '--root',
        join(folder, 'b', 'root'),
        '--runroot',
        join(folder, 'b', 'run'),
        '--storage-driver',
        'vfs',
      ]
      const buildah = (...argv: string[]) => run(['buildah', ...storage, ...argv])
      await assert.rejects(
        buildah('pull', '--cert-dir', certs, `docker://${host}/library/busybox`),
        /authentication required|unauthorized/,
      )
      await buildah('login', ...auth, '--username', 'ci', '--password', token, host)
      const from = `docker://${host}/library/plain:1`
      await buildah('pull', '--signature-policy', policy, ...auth, from)
      const to = `docker://${host}/team/copy:1`
      await buildah('push', '--signature-policy', policy, ...auth, `${host}/library/plain:1`, to)
      assert.match((await image('list', 'team/copy')).out, /team\/copy:1 /)
      const saved = join(folder, 'docker.tar')
      const name = `${host}/library/plain:1`
      await buildah('push', '--signature-policy', policy, name, `docker-archive:${saved}:old/style:7`)
      assert.match((await image('import', saved)).out, /^imported: registry.brume.internal\/old\/style:7$/m)
      await buildah('rmi', '--all')
    })
  })

  it('go to another cloud in one file', async () => {
    const other = await startTestControlPlane()
    try {
      await image('build', 'busybox')
      const path = join(folder, 'carried.tar')
      await image('export', 'busybox', path)
      const ran = await brume(['image', 'import', path], { ...env, KUBECONFIG: other.kubeconfig })
      assert.equal(ran.out, `imported: ${BUSYBOX}\n`)
      const [here, there] = await Promise.all(
        [plane, other].map((one) => httpOf(one).send('GET', '/v2/library/busybox/manifests/latest')),
      )
      assert.equal(here!.headers['docker-content-digest'], there!.headers['docker-content-digest'])
      assert.ok(readFileSync(path).length > 500_000)
    } finally {
      await other.stop()
    }
  })
})
