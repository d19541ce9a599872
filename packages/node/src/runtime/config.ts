// containerd's configuration as text: its own root, state and socket, the CRI plugin, and no more plugins than that
// needs. Format 2 for containerd 1.x, format 3 for 2.x (containerd's docs/cri/config.md). Pure.

import type { RuntimeHandler } from './handlers.ts'
import type { RuntimePaths } from './paths.ts'

/** Built and imported by the agent: no registry is needed to start a pod. */
export const SANDBOX_IMAGE = 'registry.brume.internal/brume/pause:1'

export const BUILT_IN_REGISTRY = 'registry.brume.internal'

export interface ContainerdVersion {
  major: number
  minor: number
}

export interface RuntimeConfig {
  version: ContainerdVersion
  paths: RuntimePaths
  snapshotter: 'overlayfs' | 'native'
  cniBinDir: string
  /** The built-in network's, or a site's own. */
  cniConfDir: string
  /** Without CAP_SYS_RESOURCE a container's oom_score_adj cannot go below containerd's own. */
  restrictOomScore: boolean
  /** The first is the usual one. */
  handlers: readonly RuntimeHandler[]
}

/** Not needed by CRI; some of them fail, or look for their tools, on machines without them. */
const UNUSED_V1 = [
  'io.containerd.internal.v1.opt',
  'io.containerd.internal.v1.restart',
  'io.containerd.internal.v1.tracing',
  'io.containerd.tracing.processor.v1.otlp',
  'io.containerd.snapshotter.v1.aufs',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.zfs',
]

const UNUSED_V2 = [
  'io.containerd.internal.v1.opt',
  'io.containerd.internal.v1.tracing',
  'io.containerd.monitor.container.v1.restart',
  'io.containerd.nri.v1.nri',
  'io.containerd.snapshotter.v1.blockfile',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.zfs',
  'io.containerd.tracing.processor.v1.otlp',
]

/** The kubelet's own figure for a line of a container's log. */
const MAX_LOG_LINE_BYTES = 16_384
const CONCURRENT_DOWNLOADS = 3

type Toml = { [key: string]: string | number | boolean | readonly string[] | Toml }

export function containerdConfig(config: RuntimeConfig): string {
  return config.version.major >= 2 ? toml(formatThree(config)) : toml(formatTwo(config))
}

function formatTwo(config: RuntimeConfig): Toml {
  return {
    version: 2,
    ...common(config),
    disabled_plugins: UNUSED_V1,
    plugins: {
      'io.containerd.grpc.v1.cri': {
        ...streaming(),
        ...containers(config),
        sandbox_image: SANDBOX_IMAGE,
        max_concurrent_downloads: CONCURRENT_DOWNLOADS,
        containerd: {
          snapshotter: config.snapshotter,
          default_runtime_name: config.handlers[0]!.name,
          discard_unpacked_layers: false,
          runtimes: runtimes(config),
        },
        cni: { bin_dir: config.cniBinDir, conf_dir: config.cniConfDir, max_conf_num: 1 },
        registry: { config_path: config.paths.certs },
      },
    },
  }
}

function formatThree(config: RuntimeConfig): Toml {
  const { major, minor } = config.version
  const binDir: Toml =
    major > 2 || minor >= 1 ? { bin_dirs: [config.cniBinDir] } : { bin_dir: config.cniBinDir }
  return {
    version: 3,
    ...common(config),
    disabled_plugins: UNUSED_V2,
    plugins: {
      'io.containerd.cri.v1.images': {
        snapshotter: config.snapshotter,
        max_concurrent_downloads: CONCURRENT_DOWNLOADS,
        discard_unpacked_layers: false,
        pinned_images: { sandbox: SANDBOX_IMAGE },
        registry: { config_path: config.paths.certs },
      },
      'io.containerd.cri.v1.runtime': {
        ...containers(config),
        containerd: { default_runtime_name: config.handlers[0]!.name, runtimes: runtimes(config) },
        cni: { ...binDir, conf_dir: config.cniConfDir, max_conf_num: 1 },
      },
      'io.containerd.grpc.v1.cri': streaming(),
    },
  }
}

function common({ paths }: RuntimeConfig): Toml {
  return {
    root: paths.root,
    state: paths.state,
    grpc: { address: paths.socket, uid: 0, gid: 0 },
    debug: { level: 'info' },
  }
}

/** exec, attach and port-forward: on loopback alone; each URL holds a secret word and is good once. */
function streaming(): Toml {
  return { disable_tcp_service: true, stream_server_address: '127.0.0.1', stream_server_port: '0' }
}

function containers({ restrictOomScore }: RuntimeConfig): Toml {
  return {
    restrict_oom_score_adj: restrictOomScore,
    netns_mounts_under_state_dir: true,
    tolerate_missing_hugetlb_controller: true,
    disable_hugetlb_controller: true,
    max_container_log_line_size: MAX_LOG_LINE_BYTES,
    // As containerd 2 has it from the start: port 80 and ping need no root in a pod of its own network.
    enable_unprivileged_ports: true,
    enable_unprivileged_icmp: true,
  }
}

function runtimes({ paths, handlers }: RuntimeConfig): Toml {
  return Object.fromEntries(
    handlers.map(({ name, type, binary }) => {
      if (binary === undefined) return [name, { runtime_type: type }]
      const options = { BinaryName: binary, Root: `${paths.state}/${name}`, SystemdCgroup: false }
      return [name, { runtime_type: type, options }]
    }),
  )
}

/** Plain values first: in TOML whatever follows a table's head belongs to that table. */
function toml(table: Toml, path: readonly string[] = []): string {
  const entries = Object.entries(table)
  const plain = entries.filter(([, value]) => !isTable(value))
  const tables = entries.filter((entry): entry is [string, Toml] => isTable(entry[1]))
  const head = path.length > 0 && plain.length > 0 ? `\n[${path.map(tomlKey).join('.')}]\n` : ''
  const lines = plain.map(([key, value]) => `${tomlKey(key)} = ${JSON.stringify(value)}\n`).join('')
  return head + lines + tables.map(([key, value]) => toml(value, [...path, key])).join('')
}

function isTable(value: Toml[string]): value is Toml {
  return typeof value === 'object' && !Array.isArray(value)
}

function tomlKey(key: string): string {
  return /^[\w-]+$/.test(key) ? key : JSON.stringify(key)
}
