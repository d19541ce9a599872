// The commands about this machine: service, logs, doctor.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { brume } from '../testing.ts'

const LAUNCHER = resolve(import.meta.dirname, '../../../../brume')

describe('brume service', () => {
  it('prints what it would write and run, with the options for up', async () => {
    const args = ['service', 'install', '--dry-run', '--init', 'systemd', '--', '--listen', '0.0.0.0:7443']
    const { code, out } = await brume(args)
    assert.equal(code, 0)
    assert.match(out, /^write: \/etc\/systemd\/system\/brume\.service \(mode 644\)$/m)
    assert.match(
      out,
      new RegExp(`^ExecStart=${LAUNCHER} up --data-dir /var/lib/brume --listen 0.0.0.0:7443$`, 'm'),
    )
    assert.match(out, /^KillMode=process$/m)
    assert.match(out, /^run: systemctl enable brume\.service$/m)
  })

  it('has another name for another data directory', async () => {
    const args = ['service', 'remove', '--dry-run', '--init', 'openrc', '--data-dir', '/srv/cloud']
    const { out } = await brume(args)
    assert.match(
      out,
      /^run: rc-service brume-[0-9a-f]{8} stop\nrun: rc-update del brume-[0-9a-f]{8} default\n/,
    )
    assert.match(out, /^remove: \/etc\/init\.d\/brume-[0-9a-f]{8}$/m)
  })

  it('starts the agent alone on a machine that has joined, without the token', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'brume-joined-'))
    try {
      writeFileSync(join(dataDir, 'joined.json'), JSON.stringify({ server: 'https://192.0.2.1:6443' }))
      const install = ['service', 'install', '--dry-run', '--init', 'openrc', '--data-dir', dataDir, '--']
      const { code, out } = await brume([...install, '--log-level', 'info'])
      assert.equal(code, 0)
      assert.match(out, new RegExp(`^command_args='join --data-dir ${dataDir} --log-level info'$`, 'm'))
      const token = await brume([...install, '--token=abcdef.0123456789abcdef'])
      assert.equal(token.code, 2)
      assert.match(token.err, /a machine that has joined needs no --token/)
    } finally {
      rmSync(dataDir, { recursive: true, force: true })
    }
  })

  it('says what it can do, and where options of up belong', async () => {
    const none = await brume(['service'])
    assert.equal(none.code, 2)
    assert.match(none.err, /Next: \.\/brume service install/)
    const word = await brume(['service', 'install', 'now'])
    assert.equal(word.code, 2)
    assert.match(word.err, /unexpected word "now"/)
  })
})

describe('brume logs', () => {
  let dataDir = ''
  before(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'brume-logs-'))
    mkdirSync(join(dataDir, 'log'))
    writeFileSync(join(dataDir, 'log/brume.log'), 'one\ntwo\nthree\n')
  })
  after(() => rmSync(dataDir, { recursive: true, force: true }))

  it("shows the end of the cloud's log", async () => {
    assert.equal((await brume(['logs', '--data-dir', dataDir])).out, 'one\ntwo\nthree\n')
    assert.equal((await brume(['logs', 'cloud', '-n', '2', '--data-dir', dataDir])).out, 'two\nthree\n')
  })

  it('sends to kubectl for pods, and says when there is no log', async () => {
    const pod = await brume(['logs', 'web-1', '--data-dir', dataDir])
    assert.equal(pod.code, 2)
    assert.match(pod.err, /Next: kubectl logs web-1/)
    const none = await brume(['logs', 'containerd', '--data-dir', dataDir])
    assert.equal(none.code, 1)
    assert.match(none.err, /there is no log at .*node\/containerd\/log/)
    assert.equal((await brume(['logs', '--tail', 'all', '--data-dir', dataDir])).code, 2)
  })
})

describe('brume doctor', () => {
  it('ends with 1 where a cloud should run and does not, and tells machines so too', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'brume-doctor-'))
    try {
      mkdirSync(join(dataDir, 'store'))
      const { code, out } = await brume(['doctor', '--data-dir', dataDir, '-o', 'json'])
      assert.equal(code, 1)
      const { findings } = JSON.parse(out)
      const finding = findings.find(({ check }: { check: string }) => check === 'cloud')
      assert.deepEqual(finding, {
        check: 'cloud',
        level: 'problem',
        message: `the cloud in ${dataDir} does not run`,
        next: `./brume up --data-dir ${dataDir}`,
      })
    } finally {
      rmSync(dataDir, { recursive: true, force: true })
    }
  })
})
