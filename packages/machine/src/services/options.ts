// What a service of the machine runs.

export interface ServiceOptions {
  /** `brume`, or another for a cloud with another data directory. */
  name: string
  /** Absolute path of the launcher. */
  launcher: string
  /** `up`: the cloud itself; `join`: the node of a cloud that runs elsewhere, by what the machine remembers of it. */
  command: 'up' | 'join'
  dataDir: string
  /** Further options of the command. */
  options: readonly string[]
}

const WHAT = {
  up: 'Brume, the private cloud of this machine',
  join: 'Brume, this machine as a node of a private cloud',
} as const

/** The command with its options: what the service runs. */
export function serviceArgv({ launcher, command, dataDir, options }: ServiceOptions): string[] {
  return [launcher, command, '--data-dir', dataDir, ...options]
}

/** For people. */
export function serviceDescription({ command }: ServiceOptions): string {
  return WHAT[command]
}
