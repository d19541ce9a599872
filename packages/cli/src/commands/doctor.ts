// `brume doctor`: what is wrong with this machine and the cloud on it, each with how to mend it.

import { EXIT_FAILED, EXIT_OK, type ParsedCommand } from '@brume/base/command-line'
import { type Finding, printFindings, problem, problemsOf } from '@brume/machine/checks/finding'
import { DATA_DIR } from '@brume/machine/commands/options'
import { type Command, dataDirOf, type Io, OUTPUT_OPTION } from '../command.ts'
import { connect } from '../connect.ts'
import { apiFindings, auditFindings, hostFindings } from '../doctor/findings.ts'
import { observeHost } from '../doctor/observe.ts'
import { observeCloud } from '../status/observe.ts'

export const doctor: Command = {
  spec: {
    name: 'doctor',
    summary: 'Look for what is wrong with this machine and its cloud',
    details: 'Changes nothing. The exit code is 1 when there is a problem, and 0 with warnings alone.',
    options: [DATA_DIR, OUTPUT_OPTION],
  },
  async run(parsed, io) {
    const dataDir = dataDirOf(parsed.options)
    const host = await observeHost(dataDir)
    const findings = hostFindings(host, io.clock.now())
    // A node has no administrator's kubeconfig: its cloud is looked at from the first machine.
    if (host.runs && host.joined === undefined) findings.push(...(await askCloud(parsed, dataDir, io)))
    if (parsed.options['output'] === 'json') io.out.write(`${JSON.stringify({ findings }, null, 2)}\n`)
    else io.out.write(`${printFindings(findings, true)}\n${summary(findings)}\n`)
    return problemsOf(findings).length > 0 ? EXIT_FAILED : EXIT_OK
  },
}

async function askCloud(parsed: ParsedCommand, dataDir: string, io: Io): Promise<Finding[]> {
  try {
    const { client } = connect({ ...parsed, options: { ...parsed.options, 'data-dir': dataDir } }, io)
    try {
      const metrics = await client.call({ method: 'GET', path: '/metrics', accept: '*/*' })
      const findings = auditFindings((await metrics.buffer()).toString(), dataDir)
      return [...apiFindings(await observeCloud(client), io.clock.now()), ...findings]
    } finally {
      client.transport.close()
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return [problem('cloud', `the API does not answer: ${why}`, `./brume logs --data-dir ${dataDir}`)]
  }
}

function summary(findings: readonly Finding[]): string {
  const problems = problemsOf(findings).length
  const warnings = findings.filter(({ level }) => level === 'warning').length
  if (problems + warnings === 0) return 'Nothing is wrong.'
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`
  return `${count(problems, 'problem')}, ${count(warnings, 'warning')}.`
}
