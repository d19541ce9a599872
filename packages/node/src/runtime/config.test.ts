import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { containerdConfig, type RuntimeConfig } from './config.ts'
import { installedHandlers } from './handlers.ts'
import { runtimePaths } from './paths.ts'

const CONFIG: RuntimeConfig = {
  version: { major: 1, minor: 6 },
  paths: runtimePaths('/data'),
  snapshotter: 'overlayfs',
  cniBinDir: '/usr/lib/cni',
  cniConfDir: '/data/node/cni/conf',
  restrictOomScore: true,
  handlers: installedHandlers('/usr/sbin/runc', () => undefined),
}

const BOTH_FORMATS = `root = "/data/node/containerd/root"
state = "/data/node/containerd/state"
`

const RUNTIME_TABLES = (plugin: string) => `[plugins."${plugin}".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."${plugin}".containerd.runtimes.runc.options]
BinaryName = "/usr/sbin/runc"
Root = "/data/node/containerd/state/runc"
SystemdCgroup = false
`

describe("containerd's configuration", () => {
  it('is of format 2 for containerd 1.x', () => {
    const text = containerdConfig(CONFIG)
    assert.ok(text.startsWith(`version = 2\n${BOTH_FORMATS}`))
    assert.match(text, /\[grpc\]\naddress = "\/data\/node\/containerd\/containerd\.sock"\nuid = 0\ngid = 0\n/)
    assert.match(
      text,
      /\[plugins\."io\.containerd\.grpc\.v1\.cri"\]\ndisable_tcp_service = true\nstream_server_address = "127\.0\.0\.1"\n/,
    )
    assert.match(text, /\nrestrict_oom_score_adj = true\nnetns_mounts_under_state_dir = true\n/)
    assert.match(text, /\nsandbox_image = "registry\.brume\.internal\/brume\/pause:1"\n/)
    assert.match(text, /cri"\.cni\]\nbin_dir = "\/usr\/lib\/cni"\nconf_dir = "\/data\/node\/cni\/conf"\n/)
    assert.match(text, /cri"\.registry\]\nconfig_path = "\/data\/node\/containerd\/certs\.d"\n/)
    assert.ok(text.includes(RUNTIME_TABLES('io.containerd.grpc.v1.cri')))
    // The tasks service of 1.x does not load without it.
    assert.equal(text.includes('io.containerd.runtime.v1.linux'), false)
  })

  it('is of format 3 for containerd 2, whose CRI plugin is in parts', () => {
    const text = containerdConfig({ ...CONFIG, version: { major: 2, minor: 0 } })
    assert.ok(text.startsWith(`version = 3\n${BOTH_FORMATS}`))
    assert.match(text, /images"\.pinned_images\]\nsandbox = "registry\.brume\.internal\/brume\/pause:1"\n/)
    assert.match(text, /v1\.images"\]\nsnapshotter = "overlayfs"\n/)
    assert.ok(text.includes(RUNTIME_TABLES('io.containerd.cri.v1.runtime')))
    assert.match(text, /v1\.runtime"\.cni\]\nbin_dir = "\/usr\/lib\/cni"\n/)
  })

  it('has what else the machine runs containers with, each by its own means', () => {
    const programs = ['crun', 'containerd-shim-runsc-v1', 'runsc', 'containerd-shim-kata-v2']
    const find = (program: string) => (programs.includes(program) ? `/usr/bin/${program}` : undefined)
    const handlers = installedHandlers('/usr/sbin/runc', find)
    assert.deepEqual(
      handlers.map(({ name }) => name),
      ['runc', 'crun', 'runsc', 'kata'],
    )
    const text = containerdConfig({ ...CONFIG, handlers })
    assert.match(text, /default_runtime_name = "runc"/)
    assert.match(
      text,
      /runtimes\.crun\.options\]\nBinaryName = "\/usr\/bin\/crun"\nRoot = "\/data\/node\/containerd\/state\/crun"\n/,
    )
    assert.match(text, /runtimes\.runsc\]\nruntime_type = "io\.containerd\.runsc\.v1"\n/)
    // A shim without what it starts is no runtime.
    assert.deepEqual(installedHandlers('/r', (program) => (program === 'runsc' ? '/x' : undefined)).length, 1)
  })

  it('names a list of plugin directories since containerd 2.1', () => {
    const text = containerdConfig({ ...CONFIG, version: { major: 2, minor: 1 } })
    assert.match(text, /v1\.runtime"\.cni\]\nbin_dirs = \["\/usr\/lib\/cni"\]\n/)
    assert.doesNotMatch(text, /bin_dir =/)
  })
})
