// The documents of the OCI image specification, as far as they are used here, and Docker's names for the same.

export const MEDIA_TYPES = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
} as const

export interface Platform {
  architecture: string
  os: string
  variant?: string
}

export interface Descriptor {
  mediaType: string
  /** sha256:... */
  digest: string
  /** Bytes. */
  size: number
  annotations?: Record<string, string>
  platform?: Platform
}

export interface Manifest {
  schemaVersion: 2
  mediaType: string
  config: Descriptor
  layers: Descriptor[]
  annotations?: Record<string, string>
}

export interface ImageIndex {
  schemaVersion: 2
  mediaType: string
  manifests: Descriptor[]
  annotations?: Record<string, string>
}

export interface ImageConfig extends Platform {
  created?: string
  author?: string
  config: {
    User?: string
    Env?: string[]
    Entrypoint?: string[]
    Cmd?: string[]
    WorkingDir?: string
    ExposedPorts?: Record<string, object>
    Volumes?: Record<string, object>
    Labels?: Record<string, string>
    StopSignal?: string
  }
  rootfs: { type: 'layers'; diff_ids: string[] }
  history?: { created?: string; created_by?: string; comment?: string; empty_layer?: boolean }[]
}

/** As images name machines: `amd64`, `arm64`. */
export type Architecture = 'amd64' | 'arm64'

/** Of this machine. Throws when images cannot name it. */
export function machineArchitecture(arch: string = process.arch): Architecture {
  if (arch === 'x64') return 'amd64'
  if (arch === 'arm64') return 'arm64'
  throw new Error(`images are built for amd64 and arm64, not for ${arch}`)
}
