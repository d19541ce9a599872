// Asks for names as programs in a pod do: by the resolver that Node has (c-ares), in the pod's network namespace.

import { run } from '@brume/machine/run'

/** Prints an answer a line: data in the words of zone files, sorted; or the error's code. */
const PROGRAM = `
const { Resolver } = require('node:dns').promises
const [server, ...asked] = process.argv.slice(1)
const resolver = new Resolver({ timeout: 4000, tries: 2 })
resolver.setServers([server])
const text = (type, one) =>
  type === 'MX' ? one.priority + ' ' + one.exchange
  : type === 'SRV' ? [one.priority, one.weight, one.port, one.name].join(' ')
  : type === 'TXT' ? one.join('') : String(one)
const answers = asked.map(async (question) => {
  const [type, name] = question.split(' ')
  try {
    const found = type === 'PTR' ? await resolver.reverse(name) : await resolver.resolve(name, type)
    return found.map((one) => text(type, one)).sort().join(', ')
  } catch (error) {
    return error.code
  }
})
Promise.all(answers).then((all) => process.stdout.write(JSON.stringify(all)))`

/** `questions`: `TYPE NAME`. One answer for each: `ENOTFOUND` there is no such name, `ENODATA` none of this type. */
export async function lookUp(pid: number, server: string, questions: readonly string[]): Promise<string[]> {
  const argv = [`--net=/proc/${pid}/ns/net`, process.execPath, '-e', PROGRAM, server, ...questions]
  return JSON.parse((await run(['nsenter', ...argv])).stdout)
}

/** Lines of the answer as `dig` of BIND prints them: `NAME TYPE DATA`; first what the head says: `NXDOMAIN aa`. */
export async function dig(pid: number, server: string, args: readonly string[]): Promise<string[]> {
  const argv = ['dig', `@${server}`, '+noall', '+comments', '+answer', '+tries=2', '+time=4', ...args]
  const { stdout } = await run(['nsenter', `--net=/proc/${pid}/ns/net`, ...argv])
  const status = /status: (\w+)/.exec(stdout)?.[1] ?? 'none'
  const isOwn = /flags:[^;]* aa[ ;]/.test(stdout)
  const records = stdout.split('\n').filter((line) => line !== '' && !line.startsWith(';'))
  return [
    `${status}${isOwn ? ' aa' : ''}`,
    ...records.map((line) => line.replace(/^(\S+)\s+\d+\s+IN\s+/, '$1 ').replaceAll(/\s+/g, ' ')).sort(),
  ]
}
