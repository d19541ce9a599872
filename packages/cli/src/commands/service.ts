// `brume service`: the cloud, or this machine as a node of one, starts with the machine.

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { EXIT_FAILED, EXIT_OK, UsageError } from '@brume/base/command-line'
import { DATA_DIR } from '@brume/machine/commands/options'
import { ownNames } from '@brume/machine/own-names'
import { RunError } from '@brume/machine/run'
import { detectInit, installService, removeService, serviceRuns } from '@brume/machine/services/apply'
import { type InitSystem, type ServicePlan, servicePlan } from '@brume/machine/services/service'
import { type Command, CommandError, dataDirOf, type Io } from '../command.ts'
import { brumeRuns, joinedCloud } from '../doctor/observe.ts'

const LAUNCHER = resolve(import.meta.dirname, '../../../../brume')
const ACTIONS = ['install', 'remove', 'status']
const MAX_OPTIONS = 40
/** Of a machine's first `join` alone: the service must work without, and its file is no place for secrets. */
const FIRST_TIME = ['--token', '--ca-hash']

export const service: Command = {
  spec: {
    name: 'service',
    usage: 'install|remove|status [-- OPTION...]',
    summary: 'Start the cloud with the machine (systemd, OpenRC)',
    details: `Install writes a service that runs "./brume up" from this folder, and starts it. On a machine that has joined another's cloud
it runs "./brume join", which needs no token then. Options of these follow two dashes:
./brume service install -- --listen 0.0.0.0:6443
Containers go on while the service is stopped, restarted or removed.`,
    options: [
      DATA_DIR,
      { name: 'dry-run', help: 'Print what would be written and run' },
      {
        name: 'init',
        value: 'NAME',
        help: 'The init system to write for',
        choices: ['systemd', 'openrc'],
        default: 'the one that runs',
      },
    ],
    maxArguments: MAX_OPTIONS,
    argumentChoices: ACTIONS,
  },
  async run({ words, options }, io) {
    const [action = '', ...further] = words
    if (!ACTIONS.includes(action))
      throw new UsageError('name what to do. Next: ./brume service install (or remove, status)')
    if (further[0] !== undefined && !further[0].startsWith('-'))
      throw new UsageError(`unexpected word "${further[0]}". Next: ./brume service ${action} --help`)
    const dataDir = dataDirOf(options)
    const name = ownNames(dataDir).table
    const init = (options['init'] as InitSystem | undefined) ?? detectInit()
    if (init === undefined) throw noInit()
    const command = joinedCloud(dataDir) === undefined ? 'up' : 'join'
    if (command === 'join') refuseFirstTime(further)
    const plan = servicePlan(init, { name, launcher: LAUNCHER, command, dataDir, options: further })
    if (options['dry-run'] !== undefined) return print(action, plan, io)
    if (action === 'status') return status(plan, io)
    if (process.getuid?.() !== 0)
      throw new CommandError('services are written by root', `sudo ./brume service ${action}`)
    return explained(() => (action === 'install' ? install(plan, dataDir, io) : remove(plan, io)), plan)
  },
}

function refuseFirstTime(options: readonly string[]): void {
  const one = options.find((option) => FIRST_TIME.includes(option.split('=')[0]!))
  if (one === undefined) return
  throw new UsageError(
    `a machine that has joined needs no ${one.split('=')[0]}. Next: ./brume service install`,
  )
}

async function install(plan: ServicePlan, dataDir: string, { out }: Io): Promise<number> {
  if (!existsSync(plan.file.path) && brumeRuns(dataDir)) {
    throw new CommandError(
      `Brume runs on ${dataDir} already, in the foreground`,
      `./brume down --data-dir ${dataDir}   (containers go on; then run this again)`,
    )
  }
  await installService(plan)
  out.write(`service: ${plan.file.path}\nnext: ${plan.logs}\n`)
  return EXIT_OK
}

async function remove(plan: ServicePlan, { out }: Io): Promise<number> {
  const was = await removeService(plan)
  out.write(was ? `removed ${plan.file.path}; containers go on\n` : `there is no ${plan.file.path}\n`)
  return EXIT_OK
}

async function status(plan: ServicePlan, { out }: Io): Promise<number> {
  if (!existsSync(plan.file.path)) {
    out.write('not installed\nnext: ./brume service install\n')
    return EXIT_FAILED
  }
  const runs = await serviceRuns(plan)
  out.write(`${plan.file.path}: ${runs ? 'runs' : `does not run\nnext: ${plan.logs}`}\n`)
  return runs ? EXIT_OK : EXIT_FAILED
}

function print(action: string, plan: ServicePlan, { out }: Io): number {
  const { file, install, remove, removed } = plan
  const commands = (list: readonly (readonly string[])[]) =>
    list.map((argv) => `run: ${argv.join(' ')}\n`).join('')
  if (action === 'install') {
    const mode = file.mode.toString(8)
    out.write(`write: ${file.path} (mode ${mode})\n\n${file.text}\n${commands(install)}`)
  } else if (action === 'remove') {
    out.write(`${commands(remove)}remove: ${file.path}\n${commands(removed)}`)
  } else out.write(commands([plan.status]))
  return EXIT_OK
}

async function explained(done: () => Promise<number>, { logs }: ServicePlan): Promise<number> {
  try {
    return await done()
  } catch (error) {
    if (!(error instanceof RunError)) throw error
    throw new CommandError(error.message, logs, { cause: error })
  }
}

function noInit(): CommandError {
  return new CommandError(
    'neither systemd nor OpenRC runs on this machine',
    './brume up   (in the foreground), or print the files: ./brume service install --dry-run --init systemd',
  )
}
