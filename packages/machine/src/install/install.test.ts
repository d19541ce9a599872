import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { RunError } from '../run.ts'
import { installStep, refreshStep } from './commands.ts'
import { explainFailure } from './failure.ts'
import { installMissing, isProgress } from './install.ts'
import { isNoBusybox, NEEDS, type Need, packagesFor } from './packages.ts'

const DEBIAN = { name: 'Debian GNU/Linux 12', installer: 'apt' } as const

describe('what is missing', () => {
  it('is named by the packages of each distribution, each once', () => {
    assert.deepEqual(packagesFor(NEEDS, 'apt'), [
      'containerd',
      'runc',
      'containernetworking-plugins',
      'haproxy',
      'nftables',
      'conntrack',
      'iproute2',
      'mount',
      'util-linux',
      'ca-certificates',
    ])
    assert.deepEqual(packagesFor(NEEDS, 'apk'), [
      'containerd',
      'containerd-ctr',
      'runc',
      'cni-plugins',
      'haproxy',
      'nftables',
      'conntrack-tools',
      'iproute2',
      'util-linux-misc',
      'ca-certificates',
    ])
  })

  it("is iproute2 where there is BusyBox's ip alone", () => {
    const dir = mkdtempSync(join(tmpdir(), 'brume-install-'))
    try {
      writeFileSync(join(dir, 'busybox'), '')
      symlinkSync('busybox', join(dir, 'ip'))
      assert.equal(isNoBusybox(join(dir, 'ip')), false)
      rmSync(join(dir, 'ip'))
      writeFileSync(join(dir, 'ip'), '')
      assert.equal(isNoBusybox(join(dir, 'ip')), true)
      assert.equal(isNoBusybox(undefined), false)
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  })

  it('is installed by apt without a question and without more than that', () => {
    assert.deepEqual(installStep('apt', ['runc', 'nftables']), {
      what: 'installing runc, nftables',
      argv: [
        ...['apt-get', 'install', '--yes', '-q', '--no-install-recommends', '--no-upgrade'],
        ...['-o', 'Dpkg::Options::=--force-confold', '-o', 'DPkg::Lock::Timeout=120', 'runc', 'nftables'],
      ],
      env: { DEBIAN_FRONTEND: 'noninteractive', APT_LISTCHANGES_FRONTEND: 'none', NEEDRESTART_SUSPEND: '1' },
    })
    assert.deepEqual(refreshStep('apt').argv.slice(0, 3), ['apt-get', 'update', '-q'])
  })

  it('is installed by apk', () => {
    const { argv } = installStep('apk', ['runc', 'nftables'])
    assert.deepEqual(argv, ['apk', 'add', '--no-progress', '--wait', '120', 'runc', 'nftables'])
    assert.deepEqual(refreshStep('apk').argv, ['apk', 'update', '--no-progress'])
  })

  it('is not asked for when it is there', async () => {
    const there: Need = { name: 'x', packages: { apt: 'x', apk: 'x' }, isThere: () => true }
    assert.deepEqual(
      await installMissing({ distribution: DEBIAN, needs: [there], onProgress: assert.fail }),
      [],
    )
  })

  it('cannot be installed on an unknown distribution, which is said with what to do', async () => {
    const needs: Need[] = [{ name: 'runc', packages: { apt: 'runc', apk: 'runc' }, isThere: () => false }]
    const distribution = { name: 'Arch Linux', installer: undefined }
    await assert.rejects(
      installMissing({ distribution, needs, onProgress: () => {} }),
      (error: Error & { next: string }) =>
        error.message === 'runc not found, and Brume cannot install on Arch Linux' &&
        error.next.includes('containerd'),
    )
    await assert.rejects(
      installMissing({ distribution: DEBIAN, needs, onProgress: () => {}, allowed: false }),
      /runc not found on this machine/,
    )
  })
})

/** A directory with an `apt-get` that writes what it is asked, and behaves as the script says. */
async function withAptGet(script: string, body: (dir: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'brume-install-'))
  const path = process.env['PATH']
  try {
    const program = join(dir, 'apt-get')
    writeFileSync(program, `#!/bin/sh\necho "$1" >> ${dir}/calls\n${script.replaceAll('DIR', dir)}\n`)
    chmodSync(program, 0o755)
    process.env['PATH'] = `${dir}:${path}`
    await body(dir)
  } finally {
    process.env['PATH'] = path
    rmSync(dir, { recursive: true, force: true })
  }
}

describe('an installation', () => {
  const needOf = (dir: string): Need => ({
    name: 'thing',
    packages: { apt: 'thing', apk: 'thing' },
    isThere: () => existsSync(join(dir, 'installed')),
  })

  it('reads the lists of packages when the first try fails, and shows what it does', async () => {
    const script = `case "$1" in
  update) touch DIR/lists ;;
  install) [ -e DIR/lists ] || { echo "E: Unable to locate package thing" >&2; exit 100; }
    echo "Get:1 http://registry.example thing amd64 1.0"; echo "Reading state information..."; echo "Setting up thing (1.0) ..."; touch DIR/installed ;;
esac`
    await withAptGet(script, async (dir) => {
      const lines: string[] = []
      const onProgress = (line: string) => void lines.push(line)
      const done = await installMissing({ distribution: DEBIAN, needs: [needOf(dir)], onProgress })
      assert.deepEqual(done, ['thing'])
      assert.deepEqual(lines, [
        'installing thing',
        'reading the lists of packages',
        'installing thing',
        '  Get:1 http://registry.example thing amd64 1.0',
        '  Setting up thing (1.0) ...',
      ])
    })
  })

  it('that cannot reach the package registry says so, and what to check', async () => {
    const script = `echo "E: Failed to fetch http://registry.example/x  Temporary failure resolving 'registry.example'" >&2; exit 100`
    await withAptGet(script, async (dir) => {
      await assert.rejects(
        installMissing({ distribution: DEBIAN, needs: [needOf(dir)], onProgress: () => {} }),
        (error: Error & { next: string }) => {
          assert.match(error.message, /^the package registry is not reachable \(E: Failed to fetch/)
          assert.match(error.next, /^check the network, .*proxy/)
          return true
        },
      )
    })
  })

  it('that brings nothing is no success', async () => {
    await withAptGet('exit 0', async (dir) => {
      await assert.rejects(
        installMissing({ distribution: DEBIAN, needs: [needOf(dir)], onProgress: () => {} }),
        /thing still not found after thing came/,
      )
    })
  })

  it('that fails for an unknown reason says what was run', () => {
    const error = new RunError(['apk', 'add', 'x'], 'ended with code 9: strange', { stderr: 'strange' })
    const explained = explainFailure('apk', error)
    assert.equal(explained.message, 'apk add x: ended with code 9: strange')
    assert.equal(explained.next, 'run it by hand: apk add x')
    const lacking = new RunError(['apk', 'add', 'x'], 'ended', {
      stderr: 'ERROR: unable to select packages:\n  x (no such package):',
    })
    assert.match(explainFailure('apk', lacking).next, /\/community/)
  })

  it("shows apk's lines too", () => {
    assert.equal(isProgress('(3/12) Installing runc (1.1.13-r1)'), true)
    assert.equal(isProgress('OK: 12 MiB in 20 packages'), false)
  })
})
