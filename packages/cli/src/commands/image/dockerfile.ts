// The part of `brume image build` that needs buildah: it is installed when it is missing, and told where the cloud's
// registry is.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ParsedCommand } from '@brume/base/command-line'
import type { Connection } from '@brume/client/kubeconfig'
import { buildDockerfile, type RegistryAccess } from '@brume/images/dockerfile/build'
import type { Bundle } from '@brume/images/oci/bundle'
import { readDistribution } from '@brume/machine/distribution'
import { findExecutable } from '@brume/machine/executables'
import { InstallError } from '@brume/machine/install/failure'
import { installMissing } from '@brume/machine/install/install'
import type { Need } from '@brume/machine/install/packages'
import { CommandError, type Io } from '../../command.ts'
import { connect } from '../../connect.ts'
import { explained, progressTo } from './registry.ts'

const BUILDAH: Need = {
  name: 'buildah',
  packages: { apt: 'buildah', apk: 'buildah' },
  isThere: () => findExecutable('buildah') !== undefined,
}

export interface DockerfileBuild {
  file: string
  context: string
  cacheDir: string
  deliver(bundle: Bundle): Promise<number>
}

export async function buildFromDockerfile(
  parsed: ParsedCommand,
  io: Io,
  { file, context, cacheDir, deliver }: DockerfileBuild,
): Promise<number> {
  await ensureBuildah(io)
  const workDir = await mkdtemp(join(tmpdir(), 'brume-build-'))
  try {
    return await explained(async () => {
      const bundle = await buildDockerfile({
        file,
        context,
        target: parsed.options['target'],
        workDir,
        cacheDir,
        registry: parsed.options['output'] === undefined ? await registryAccess(parsed, io) : undefined,
        onProgress: progressTo(io.err),
      })
      return await deliver(bundle)
    }, './brume image build --help')
  } finally {
    await rm(workDir, { recursive: true, force: true })
  }
}

async function ensureBuildah(io: Io): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new CommandError(
      'Dockerfiles are built as root',
      'sudo ./brume image build   (recipes need no root)',
    )
  }
  try {
    await installMissing({
      distribution: readDistribution(),
      needs: [BUILDAH],
      onProgress: progressTo(io.err),
    })
  } catch (error) {
    if (!(error instanceof InstallError)) throw error
    throw new CommandError(error.message, error.next, { cause: error })
  }
}

/** So that FROM can name images of the cloud. */
async function registryAccess(parsed: ParsedCommand, io: Io): Promise<RegistryAccess> {
  const { client, connection } = connect(parsed, io)
  client.transport.close()
  return accessOf(connection)
}

async function accessOf({ server, caPem, credentials }: Connection): Promise<RegistryAccess> {
  const { certificatePem, keyPem } = await credentials.certificate()
  const authorization = await credentials.authorization()
  return {
    address: new URL(server).host,
    ca: caPem,
    certificate: certificatePem,
    key: keyPem,
    token: authorization?.replace(/^Bearer /, ''),
  }
}
