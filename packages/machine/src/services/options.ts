// What a service of the machine runs.

export interface ServiceOptions {
  /** `brume`, or another for a cloud with another data directory. */
  name: string
  /** Absolute path of the launcher. */
  launcher: string
  dataDir: string
  /** Further options of `brume up`. */
  upOptions: readonly string[]
}

/** `up` with its options: what the service runs. */
export function serviceArgv({ launcher, dataDir, upOptions }: ServiceOptions): string[] {
  return [launcher, 'up', '--data-dir', dataDir, ...upOptions]
}
