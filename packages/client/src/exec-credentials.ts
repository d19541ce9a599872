// Credentials from a program that the kubeconfig names (client.authentication.k8s.io): run when needed, kept until
// they expire or the server refuses them.

import { spawn } from 'node:child_process'
import type { Clock } from '@brume/base/clock'
import type { Credentials } from './credentials.ts'
import { decodeJson, isJsonError } from './json.ts'
import { type ExecPlugin, KubeconfigError } from './kubeconfig-file.ts'

export interface ExecOptions {
  plugin: ExecPlugin
  /** For plugins that ask for it. */
  cluster: { server: string; 'certificate-authority-data'?: string }
  env: Readonly<Record<string, string | undefined>>
  clock: Clock
}

interface ExecStatus {
  token?: string
  clientCertificateData?: string
  clientKeyData?: string
  expirationTimestamp?: string
}

const VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']
/** A program that has not answered by then is ended. */
const TIMEOUT_MS = 60_000
const MAX_OUTPUT_BYTES = 1024 * 1024

export function execCredentials(options: ExecOptions): Credentials {
  let current: Promise<ExecStatus> | undefined
  let expiresAt = Number.POSITIVE_INFINITY
  const status = async () => {
    if (options.clock.now() >= expiresAt) current = undefined
    current ??= runPlugin(options).catch((error) => {
      current = undefined
      throw error
    })
    const given = await current
    const expires = Date.parse(given.expirationTimestamp ?? '')
    expiresAt = Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires
    return given
  }
  return {
    async authorization() {
      const { token } = await status()
      return token === undefined || token === '' ? undefined : `Bearer ${token}`
    },
    async certificate() {
      const { clientCertificateData, clientKeyData } = await status()
      if (!clientCertificateData || !clientKeyData) return {}
      return { certificatePem: clientCertificateData, keyPem: clientKeyData }
    },
    refresh() {
      current = undefined
      return true
    },
  }
}

async function runPlugin({ plugin, cluster, env }: ExecOptions): Promise<ExecStatus> {
  const { apiVersion = '', command } = plugin
  if (!VERSIONS.includes(apiVersion)) {
    throw new KubeconfigError(
      `the credential plugin ${command} uses ${apiVersion || 'no apiVersion'}; set it to ${VERSIONS[0]} in the kubeconfig`,
    )
  }
  const spec = { interactive: false, ...(plugin.provideClusterInfo ? { cluster } : {}) }
  const own = Object.fromEntries((plugin.env ?? []).map(({ name, value }) => [name, value]))
  const output = await runBounded(plugin, {
    ...env,
    ...own,
    KUBERNETES_EXEC_INFO: JSON.stringify({ apiVersion, kind: 'ExecCredential', spec }),
  })
  let answer: { kind?: string; apiVersion?: string; status?: ExecStatus }
  try {
    answer = decodeJson(output)
  } catch (cause) {
    if (!isJsonError(cause)) throw cause
    throw new KubeconfigError(
      `the credential plugin ${command} did not print JSON. Try it by hand: ${command}`,
      {
        cause,
      },
    )
  }
  if (answer.kind !== 'ExecCredential' || answer.apiVersion !== apiVersion || answer.status === undefined) {
    throw new KubeconfigError(
      `the credential plugin ${command} did not print an ExecCredential of ${apiVersion} with a status`,
    )
  }
  return answer.status
}

function runBounded(plugin: ExecPlugin, env: Record<string, string | undefined>): Promise<string> {
  const { command, args, installHint } = plugin
  return new Promise((resolve, reject) => {
    const child = spawn(command, args ?? [], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
    const chunks: Buffer[] = []
    let bytes = 0
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= MAX_OUTPUT_BYTES) chunks.push(chunk)
      else child.kill('SIGKILL')
    })
    child.once('error', (cause) => {
      clearTimeout(timer)
      const hint = installHint === undefined ? 'Install it, or correct the kubeconfig' : installHint.trim()
      reject(new KubeconfigError(`the credential plugin ${command} cannot be run. ${hint}`, { cause }))
    })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0 && bytes <= MAX_OUTPUT_BYTES) return resolve(Buffer.concat(chunks).toString('utf8'))
      const why =
        bytes > MAX_OUTPUT_BYTES
          ? `printed more than ${MAX_OUTPUT_BYTES} bytes`
          : signal === null
            ? `failed with exit code ${code}`
            : `was ended by ${signal} (limit: ${TIMEOUT_MS / 1000} s)`
      reject(new KubeconfigError(`the credential plugin ${command} ${why}. Try it by hand: ${command}`))
    })
  })
}
