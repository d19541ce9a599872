// A CA that speaks ACME for a test: Pebble, by the makers of Let's Encrypt, with a name server of its own that leads every
// name to this machine unless it is told otherwise. Own ports, gone afterwards with all that it knew.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findExecutable } from '@brume/machine/executables'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { testServerCertificate } from './server-certificate.ts'

export interface PebbleOptions {
  /** Where it asks for proofs over HTTP. */
  httpPort: number
  /** Nonces of this part of all requests, in percent, are refused though they are good. */
  refusedNonces?: number
  /** Authorizations that are proven already are used again for this part of orders, in percent. */
  reusedAuthorizations?: number
  /** Key id -> key: only these customers have accounts. */
  customers?: Readonly<Record<string, string>>
  /** Of what it issues. */
  lifetimeSeconds?: number
}

export interface Pebble {
  directory: string
  /** The text of the directory. */
  read(): Promise<string>
  /** PEM of the CA that its own HTTPS certificate is of. */
  ca: string
  /** PEM of the CA that issues. Another one after each start. */
  root(): Promise<string>
  /** '' : there is no such name. Otherwise an IPv4 address. */
  setAddress(host: string, address: string): Promise<void>
  /** Takes requests and answers none of them, until it goes on. */
  hang(): void
  goOn(): void
  /** Forgets everything, and comes back at the same place. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** undefined where it can be run. */
export function whyNoPebble(): string | undefined {
  return ['pebble', 'pebble-challtestsrv'].every((name) => findExecutable(name) !== undefined)
    ? undefined
    : 'pebble is not installed (apt-get install pebble)'
}

export async function startPebble(options: PebbleOptions): Promise<Pebble> {
  const dir = mkdtempSync(join(tmpdir(), 'brume-pebble-'))
  const { cert, key, ca } = await testServerCertificate()
  const [acme, management, names, naming] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ]
  writeFileSync(join(dir, 'cert.pem'), cert)
  writeFileSync(join(dir, 'key.pem'), key)
  writeFileSync(
    join(dir, 'config.json'),
    JSON.stringify({
      pebble: {
        listenAddress: `127.0.0.1:${acme}`,
        managementListenAddress: `127.0.0.1:${management}`,
        certificate: join(dir, 'cert.pem'),
        privateKey: join(dir, 'key.pem'),
        httpPort: options.httpPort,
        tlsPort: 1,
        externalAccountBindingRequired: options.customers !== undefined,
        externalAccountMACKeys: options.customers ?? {},
        ...(options.lifetimeSeconds === undefined
          ? {}
          : { certificateValidityPeriod: options.lifetimeSeconds }),
      },
    }),
  )
  const run = (name: string, args: string[]) =>
    spawn(name, args, {
      stdio: 'ignore',
      env: {
        PEBBLE_VA_NOSLEEP: '1',
        PEBBLE_WFE_NONCEREJECT: String(options.refusedNonces ?? 0),
        PEBBLE_AUTHZREUSE: String(options.reusedAuthorizations ?? 0),
      },
    })
  const off = ['http01', 'https01', 'tlsalpn01'].flatMap((name) => [`-${name}`, ''])
  const resolver = run('pebble-challtestsrv', [
    ...['-dns01', `127.0.0.1:${names}`, '-management', `127.0.0.1:${naming}`],
    ...['-defaultIPv4', '127.0.0.1', '-defaultIPv6', '', ...off],
  ])
  const args = ['-config', join(dir, 'config.json'), '-dnsserver', `127.0.0.1:${names}`, '-strict']
  const start = () => run('pebble', args)
  let server = start()
  const read = (url: string) => readTrusting(url, ca)
  const directory = `https://127.0.0.1:${acme}/dir`
  const ready = () => eventually('pebble answers', async () => (await read(directory)).includes('newOrder'))
  await ready()
  const tell = async (path: string, body: object) => {
    await fetch(`http://127.0.0.1:${naming}/${path}`, { method: 'POST', body: JSON.stringify(body) })
  }
  return {
    directory,
    read: () => read(directory),
    ca,
    root: () => read(`https://127.0.0.1:${management}/roots/0`),
    async setAddress(host, address) {
      await tell('clear-a', { host })
      await tell('add-a', { host, addresses: address === '' ? [] : [address] })
    },
    hang: () => void server.kill('SIGSTOP'),
    goOn: () => void server.kill('SIGCONT'),
    async restart() {
      await ended(server)
      server = start()
      await ready()
    },
    async stop() {
      await Promise.all([ended(server), ended(resolver)])
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

function readTrusting(url: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ca, agent: false })
    sent.on('error', reject)
    sent.on('response', (response) => {
      let text = ''
      response.on('error', reject)
      response.on('data', (part) => {
        text += part
      })
      response.on('end', () => resolve(text))
    })
    sent.end()
  })
}
