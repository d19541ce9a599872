// From a Dockerfile: buildah builds, without a daemon, and its image is taken over like any other archive. Steps run in
// a chroot, so that no container runtime is touched; buildah keeps its layers in our cache, not in the machine's.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bundle } from '../oci/bundle.ts'
import { readArchive } from '../oci/read-archive.ts'
import { run } from '../process/run.ts'
import { BUILT_IN_REGISTRY } from '../reference.ts'

const NAME = 'localhost/brume-build'

export interface RegistryAccess {
  /** host:port of the API server. */
  address: string
  /** PEM. */
  ca: string | undefined
  certificate: string | undefined
  key: string | undefined
  token: string | undefined
}

export interface DockerfileOptions {
  file: string
  /** The directory that COPY takes files from. */
  context: string
  /** Of a FROM that names several stages. */
  target?: string | undefined
  /** Takes the result; to be removed when it has been used. */
  workDir: string
  cacheDir: string
  /** So that FROM can name images of the built-in registry. */
  registry?: RegistryAccess | undefined
  onProgress(line: string): void
  signal?: AbortSignal | undefined
}

/** Throws ImageError with the end of buildah's messages. */
export async function buildDockerfile(options: DockerfileOptions): Promise<Bundle> {
  const { workDir, cacheDir, onProgress, signal } = options
  const storage = join(cacheDir, 'buildah')
  await mkdir(storage, { recursive: true })
  const { argv: access, env } = await registryFiles(options)
  const common = storageArguments(storage)
  const name = `${NAME}:${workDir.slice(workDir.lastIndexOf('-') + 1).toLowerCase()}`
  await run(buildArguments(common, access, name, options), { env, signal, onLine: onProgress })
  const archive = join(workDir, 'image.tar')
  await run(['buildah', ...common, 'push', '-q', name, `oci-archive:${archive}`], { env, signal })
  // The layers stay in buildah's cache; the name has done its work.
  await run(['buildah', ...common, 'rmi', name], { env, signal }).catch(() => {})
  const [image] = await readArchive(archive, { workDir, onProgress: () => {} })
  return image!.bundle
}

/** Plain copies need no kernel support; whoever builds much sets STORAGE_DRIVER=overlay. */
function storageArguments(storage: string): string[] {
  const driver = process.env['STORAGE_DRIVER'] ?? 'vfs'
  return ['--root', join(storage, 'root'), '--runroot', join(storage, 'run'), '--storage-driver', driver]
}

export function buildArguments(
  common: readonly string[],
  access: readonly string[],
  name: string,
  { file, context, target }: Pick<DockerfileOptions, 'file' | 'context' | 'target'>,
): string[] {
  return [
    ...['buildah', ...common, 'build', '--isolation', 'chroot', '--layers', '--format', 'oci'],
    // So that the same steps on the same files give the same digest.
    ...['--timestamp', '0', '--network', 'host', ...access],
    ...(target === undefined ? [] : ['--target', target]),
    ...['--tag', name, '--file', file, context],
  ]
}

/** Files that tell buildah where the built-in registry is, and who we are there. */
async function registryFiles({
  registry,
  workDir,
}: DockerfileOptions): Promise<{ argv: string[]; env: Record<string, string> }> {
  const policy = join(workDir, 'policy.json')
  await writeFile(policy, JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }))
  const conf = join(workDir, 'registries.conf')
  await writeFile(conf, registriesConf(registry))
  const argv = ['--signature-policy', policy]
  const env = { CONTAINERS_REGISTRIES_CONF: conf }
  if (registry === undefined) return { argv, env }
  const certificates = join(workDir, 'certs')
  await mkdir(certificates)
  const write = async (name: string, text: string | undefined) => {
    if (text !== undefined) await writeFile(join(certificates, name), text, { mode: 0o600 })
  }
  await write('ca.crt', registry.ca)
  await write('client.cert', registry.certificate)
  await write('client.key', registry.key)
  argv.push('--cert-dir', certificates)
  if (registry.token === undefined) return { argv, env }
  const auth = Buffer.from(`token:${registry.token}`).toString('base64')
  const file = join(workDir, 'auth.json')
  const entry = { auth }
  const auths = { [registry.address]: entry, [BUILT_IN_REGISTRY]: entry }
  await writeFile(file, JSON.stringify({ auths }), { mode: 0o600 })
  return { argv: [...argv, '--authfile', file], env }
}

/** Short names mean Docker's registry, as in every Dockerfile. */
function registriesConf(registry: RegistryAccess | undefined): string {
  const builtIn =
    registry === undefined
      ? ''
      : `[[registry]]\nprefix = "${BUILT_IN_REGISTRY}"\nlocation = ${JSON.stringify(registry.address)}\n`
  return `unqualified-search-registries = ["docker.io"]\nshort-name-mode = "permissive"\n${builtIn}`
}
