// Logins that other tools left: the files of docker and podman.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ImageError } from '../image-error.ts'
import { isObject } from '../oci/json.ts'
import type { Login } from './external-registry.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Docker's registry is known by an older name there. */
const DOCKER_HUB = ['docker.io', 'index.docker.io', 'https://index.docker.io/v1/']

/** The first that any of the files has for the host. */
export async function findLogin(host: string, env: Environment): Promise<Login | undefined> {
  const names = host === 'docker.io' ? DOCKER_HUB : [host, `https://${host}`]
  for (const path of loginFiles(env)) {
    const auths = await readAuths(path)
    for (const name of names) {
      const entry = auths[name]
      const login =
        isObject(entry) && typeof entry['auth'] === 'string' ? parseAuth(entry['auth']) : undefined
      if (login !== undefined) return login
    }
  }
  return undefined
}

function loginFiles(env: Environment): string[] {
  const { REGISTRY_AUTH_FILE: own, XDG_RUNTIME_DIR: run, DOCKER_CONFIG: docker, HOME: home = '/root' } = env
  return [
    ...(own ? [own] : []),
    ...(run ? [join(run, 'containers', 'auth.json')] : []),
    join(home, '.config', 'containers', 'auth.json'),
    join(docker || join(home, '.docker'), 'config.json'),
  ]
}

async function readAuths(path: string): Promise<Record<string, unknown>> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return {}
  try {
    const { auths } = JSON.parse(text)
    return isObject(auths) ? auths : {}
  } catch (cause) {
    throw new ImageError(`${path} is not JSON`, { cause })
  }
}

export function parseAuth(text: string): Login | undefined {
  const plain = Buffer.from(text, 'base64').toString()
  const colon = plain.indexOf(':')
  return colon < 1 ? undefined : { user: plain.slice(0, colon), password: plain.slice(colon + 1) }
}
