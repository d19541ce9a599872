import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { findExecutable } from '../executables.ts'
import { RunError, run } from '../run.ts'
import { detectInit, installService, removeService, serviceRuns } from './apply.ts'
import type { ServiceOptions } from './options.ts'
import { type ServicePlan, servicePlan } from './service.ts'

const OPTIONS: ServiceOptions = {
  name: 'brume',
  launcher: '/opt/brume/brume',
  command: 'up',
  dataDir: '/var/lib/brume',
  options: ['--listen', '0.0.0.0:6443'],
}

const UNIT = `[Unit]
Description=Brume, the private cloud of this machine (/var/lib/brume)
Wants=network-online.target
After=network-online.target local-fs.target time-sync.target nftables.service firewalld.service ufw.service
RequiresMountsFor=/var/lib/brume
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=/opt/brume/brume up --data-dir /var/lib/brume --listen 0.0.0.0:6443
Environment=HOME=/root
WorkingDirectory=/
Restart=on-failure
RestartPreventExitStatus=2
RestartSec=2
# Containers outlive Brume: only its own process is ended, and their control groups are left alone.
KillMode=process
Delegate=yes
TimeoutStopSec=15
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
OOMScoreAdjust=-900
OOMPolicy=continue

[Install]
WantedBy=multi-user.target
`

describe('the service of systemd', () => {
  const plan = servicePlan('systemd', OPTIONS)

  it('ends Brume alone, so that workloads go on, and starts it after network and firewall', () => {
    assert.deepEqual(plan.file, { path: '/etc/systemd/system/brume.service', mode: 0o644, text: UNIT })
  })

  it('is enabled and started, and taken away, by systemctl', () => {
    assert.deepEqual(plan.install, [
      ['systemctl', 'daemon-reload'],
      ['systemctl', 'enable', 'brume.service'],
      ['systemctl', 'restart', 'brume.service'],
    ])
    assert.deepEqual(plan.remove, [['systemctl', 'disable', '--now', 'brume.service']])
  })

  it('starts the agent alone on a machine that has joined, and not again when that was removed', () => {
    const { text } = servicePlan('systemd', { ...OPTIONS, command: 'join', options: [] }).file
    assert.match(
      text,
      /^Description=Brume, this machine as a node of a private cloud \(\/var\/lib\/brume\)$/m,
    )
    assert.match(text, /^ExecStart=\/opt\/brume\/brume join --data-dir \/var\/lib\/brume$/m)
    assert.match(text, /^RestartPreventExitStatus=2$/m)
  })

  it('keeps blanks, percent signs, dollars and quotes as they are', () => {
    const { file } = servicePlan('systemd', { ...OPTIONS, dataDir: '/srv/my "100%" $cloud' })
    assert.match(
      file.text,
      /^ExecStart=\/opt\/brume\/brume up --data-dir "\/srv\/my \\"100%%\\" \$\$cloud" --listen/m,
    )
  })

  it('is accepted by systemd itself', {
    skip: findExecutable('systemd-analyze') ? false : 'no systemd-analyze',
  }, async () => {
    const dir = mkdtempSync(join(tmpdir(), 'brume-unit-'))
    try {
      // The program must exist for the check.
      const { file } = servicePlan('systemd', { ...OPTIONS, launcher: '/bin/true' })
      const path = join(dir, 'brume-test.service')
      await installService({ ...plan, file: { ...file, path }, install: [] })
      const { stderr } = await run(['systemd-analyze', 'verify', '--man=no', path])
      assert.equal(
        stderr
          .split('\n')
          .filter((line) => line.includes('brume-test'))
          .join('\n'),
        '',
      )
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  })
})

const SCRIPT = `#!/sbin/openrc-run
# Written by "brume service install".

name="Brume"
description="Brume, the private cloud of this machine"
supervisor=supervise-daemon
command=/opt/brume/brume
command_args='up --data-dir /var/lib/brume --listen 0.0.0.0:6443'
directory=/
output_log=/var/log/brume.log
error_log=/var/log/brume.log
respawn_delay=2
respawn_max=0
retry=TERM/15
rc_ulimit="-n 1048576"
# Containers outlive Brume.
rc_cgroup_cleanup=NO

depend() {
	need net localmount cgroups
	use dns logger
	after firewall nftables ufw ntp-client chronyd
}
`

describe('the service of OpenRC', () => {
  it('is a script for supervise-daemon that needs network and control groups', () => {
    const plan = servicePlan('openrc', OPTIONS)
    assert.deepEqual(plan.file, { path: '/etc/init.d/brume', mode: 0o755, text: SCRIPT })
    assert.deepEqual(plan.install, [
      ['rc-update', 'add', 'brume', 'default'],
      ['rc-service', 'brume', 'restart'],
    ])
  })

  it('hands its arguments on as they are, whatever is in them', async () => {
    const dataDir = `/srv/it's $HOME "x" \\`
    const { file } = servicePlan('openrc', { ...OPTIONS, dataDir, options: [] })
    // As supervise-daemon's script does it: the words are read by the shell a second time.
    const script = `${file.text.match(/^command_args=(?:.|\n)*?(?=^directory=)/m)![0]}\neval "printf '%s\\n' $command_args"`
    const { stdout } = await run(['sh', '-c', script])
    assert.deepEqual(stdout.trimEnd().split('\n'), ['up', '--data-dir', dataDir])
  })
})

describe('a service', () => {
  it('is written for the init system that runs', () => {
    assert.equal(
      detectInit((path) => path === '/run/systemd/system'),
      'systemd',
    )
    assert.equal(
      detectInit((path) => path === '/run/openrc' || path === '/sbin/openrc-run'),
      'openrc',
    )
    assert.equal(
      detectInit(() => false),
      undefined,
    )
  })

  it('is installed, replaced, seen and removed, and nothing is left', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'brume-service-'))
    try {
      const path = join(dir, 'etc/init.d/brume')
      const plan: ServicePlan = {
        file: { path, mode: 0o755, text: 'one' },
        install: [['touch', join(dir, 'runs')]],
        remove: [['rm', join(dir, 'runs')], ['false']],
        removed: [['rmdir', join(dir, 'etc/init.d')]],
        status: ['test', '-e', join(dir, 'runs')],
        logs: '',
      }
      assert.equal(await removeService(plan), false)
      await installService(plan)
      await installService({ ...plan, file: { ...plan.file, text: 'two' } })
      assert.equal(readFileSync(path, 'utf8'), 'two')
      assert.equal(statSync(path).mode & 0o777, 0o755)
      assert.equal(await serviceRuns(plan), true)
      assert.equal(await removeService(plan), true)
      assert.equal(await serviceRuns(plan), false)
      assert.equal(existsSync(join(dir, 'etc/init.d')), false)
      await assert.rejects(installService({ ...plan, install: [['false']] }), RunError)
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  })
})
