// HAProxy's admin socket: what the process has, and changes of it that need no reload. Source: HAProxy's management
// guide, "Unix Socket commands".

import { connect } from 'node:net'

export class AdminError extends Error {
  override readonly name = 'AdminError'
}

export interface ServerState {
  ip: string
  port: number
  weight: number
  maintenance: boolean
}

const ANSWER_LIMIT_MS = 5000
/** HAProxy takes a command as large as its buffer, 16 KiB. */
const MAX_COMMAND = 12_000
const FORCED_MAINTENANCE = 1
/** Of each table, over a reload. */
const MAX_KEPT_RATES = 10_000

/** One command, or several joined by `;`. Throws AdminError when there is no answer. */
export function ask(socket: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = connect(socket)
    let text = ''
    const fail = (why: string) => {
      connection.destroy()
      reject(new AdminError(`HAProxy's admin socket: ${command.slice(0, 60)}: ${why}`))
    }
    connection.setEncoding('utf8').setTimeout(ANSWER_LIMIT_MS, () => fail('no answer'))
    connection.on('error', (error) => fail(error.message))
    connection.on('data', (chunk) => {
      text += chunk
    })
    connection.on('end', () => resolve(text))
    connection.write(`${command}\n`)
  })
}

/** Many commands, in order, in as few connections as they fit in. */
export async function askAll(socket: string, commands: readonly string[]): Promise<void> {
  for (const line of pieces(commands, ';')) await ask(socket, line)
}

/** Which worker answers, and what it has loaded. */
export async function infoOf(socket: string): Promise<{ pid: number; fingerprint: string }> {
  const text = await ask(socket, 'show info')
  const of = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1] ?? ''
  return { pid: Number(of('Pid')), fingerprint: of('description') }
}

/** Whether some frontend does not listen. */
export async function arePaused(socket: string): Promise<boolean> {
  const text = await ask(socket, 'show stat -1 1 -1')
  return /,(PAUSED|STOP),/.test(text)
}

/** Backend -> server -> state. */
export async function serversOf(socket: string): Promise<Map<string, Map<string, ServerState>>> {
  const text = await ask(socket, 'show servers state')
  const backends = new Map<string, Map<string, ServerState>>()
  for (const line of text.split('\n').slice(1)) {
    if (line === '' || line.startsWith('#')) continue
    const fields = line.split(' ')
    const [, backend = '', , server = '', ip = '', , admin, weight] = fields
    const servers = backends.get(backend) ?? new Map<string, ServerState>()
    backends.set(backend, servers)
    servers.set(server, {
      ip,
      port: Number(fields[18]),
      weight: Number(weight),
      maintenance: (Number(admin) & FORCED_MAINTENANCE) !== 0,
    })
  }
  return backends
}

/** The lines of a map as its file would have them. */
export async function mapOf(socket: string, path: string): Promise<string> {
  const text = await ask(socket, `show map ${path}`)
  return text.replaceAll(/^0x[0-9a-f]+ /gm, '').replace(/\n+$/, '\n')
}

/** All of it at once: requests see what was before or what comes, and nothing between. */
export async function setMap(socket: string, path: string, text: string): Promise<void> {
  const answer = await ask(socket, `prepare map ${path}`)
  const [, version] = /New version created: (\d+)/.exec(answer) ?? []
  if (version === undefined) throw new AdminError(`HAProxy does not change ${path}: ${answer.trim()}`)
  const lines = text.split('\n').filter((line) => line !== '')
  for (const piece of pieces(lines, '\n')) {
    const refused = (await ask(socket, `add map @${version} ${path} <<\n${piece}\n`)).trim()
    if (refused !== '') throw new AdminError(`HAProxy does not take lines of ${path}: ${refused}`)
  }
  const end = (await ask(socket, `commit map @${version} ${path}`)).trim()
  if (end !== '') throw new AdminError(`HAProxy does not change ${path}: ${end}`)
}

/** Of a file that it has loaded. */
export async function setCertificate(socket: string, path: string, pem: string): Promise<void> {
  const text = pem.trim().replaceAll(/\n+/g, '\n')
  const answers = [
    await ask(socket, `set ssl cert ${path} <<\n${text}\n`),
    await ask(socket, `commit ssl cert ${path}`),
  ]
  if (!answers[1]!.includes('Success!'))
    throw new AdminError(`HAProxy does not take ${path}: ${answers.join(' ').trim()}`)
}

/** How often each address has been counted in tables of rates: table -> address -> count. */
export async function ratesOf(
  socket: string,
  tables: readonly string[],
): Promise<Map<string, Map<string, number>>> {
  const rates = new Map<string, Map<string, number>>()
  for (const table of tables) {
    const text = await ask(socket, `show table ${table}`)
    const counted = [...text.matchAll(/key=(\S+) .*gpc0_rate\(\d+\)=(\d+)/g)].slice(0, MAX_KEPT_RATES)
    rates.set(table, new Map(counted.map(([, key, count]) => [key!, Number(count)])))
  }
  return rates
}

export async function setRates(
  socket: string,
  rates: ReadonlyMap<string, ReadonlyMap<string, number>>,
): Promise<void> {
  const commands = [...rates].flatMap(([table, counts]) =>
    [...counts].map(([key, count]) => `set table ${table} key ${key} data.gpc0_rate ${count}`),
  )
  await askAll(socket, commands)
}

function pieces(words: readonly string[], separator: string): string[] {
  const all: string[] = []
  let piece = ''
  for (const word of words) {
    if (piece !== '' && piece.length + word.length > MAX_COMMAND) {
      all.push(piece)
      piece = ''
    }
    piece += `${piece === '' ? '' : separator}${word}`
  }
  if (piece !== '') all.push(piece)
  return all
}
