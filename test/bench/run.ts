// `./brume bench [NAME ...]`: measures Brume against its peers in one run on this machine and prints ratios.

interface Benchmark {
  /** Runs, prints its table, and throws when it could not measure. */
  run(args: string[]): Promise<void>
}

/** Loaded when asked for: each pulls in what it measures. */
const BENCHMARKS: Record<string, { about: string; load(): Promise<Benchmark> }> = {
  store: { about: 'durable writes of the store against etcd', load: () => import('./store.ts') },
  api: {
    about: 'the API server against etcd, and a kube-apiserver with --kube-apiserver PATH',
    load: () => import('./api.ts'),
  },
  audit: { about: 'what the audit log costs a request', load: () => import('./audit.ts') },
  pods: {
    about: 'pods from created to Ready, against bare calls of containerd',
    load: () => import('./pods.ts'),
  },
  idle: { about: 'start, memory and CPU of a whole node at rest', load: () => import('./idle.ts') },
  net: {
    about: 'Services against pods and loopback, and changes among many Services',
    load: () => import('./net.ts'),
  },
  scheduler: { about: 'decisions, and durable binds through the API', load: () => import('./scheduler.ts') },
}

async function main(args: string[]): Promise<number> {
  const names = args.filter((arg) => Object.hasOwn(BENCHMARKS, arg))
  const options = args.filter((arg) => !names.includes(arg))
  if (options.includes('--help')) {
    const list = Object.entries(BENCHMARKS).map(([name, { about }]) => `  ${name.padEnd(8)} ${about}\n`)
    process.stdout.write(`usage: ./brume bench [NAME ...] [options]\n\n${list.join('')}`)
    return 0
  }
  const unknown = options.find((option) => !option.startsWith('--') && !isValue(options, option))
  if (unknown !== undefined) {
    process.stderr.write(`brume bench: there is no benchmark ${unknown}\nnext: ./brume bench --help\n`)
    return 2
  }
  for (const name of names.length > 0 ? names : Object.keys(BENCHMARKS)) {
    process.stdout.write(`\n== ${name}\n`)
    const benchmark = await BENCHMARKS[name]!.load()
    await benchmark.run(options)
  }
  return 0
}

/** The word after an option that takes one, such as --etcd PATH. */
function isValue(options: readonly string[], word: string): boolean {
  const before = options[options.indexOf(word) - 1]
  return before?.startsWith('--') === true && !before.includes('=')
}

process.exitCode = await main(process.argv.slice(2))
