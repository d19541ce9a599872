// `brume net check FROM TO`: whether a pod reaches something, and if not, what stops it.

import { EXIT_OK, UsageError } from '@brume/base/command-line'
import { CONNECTION_OPTIONS, type Command, CommandError, OUTPUT_OPTION } from '../command.ts'
import { connect } from '../connect.ts'
import type { Path } from '../net/path.ts'

const EXIT_CLOSED = 1
const HOW = 'Next: ./brume net check pod/NAME svc/NAME:PORT'

export const net: Command = {
  spec: {
    name: 'net',
    usage: 'check pod/NAME svc/NAME:PORT|pod/NAME:PORT|NAME:PORT|[IPV6]:PORT',
    summary: 'Say whether a pod reaches something, and if not, what stops it',
    details: `Looks at the pod, the name, the Service, its endpoints, the network policies of both ends and the nodes, and then tries a
real connection from the pod, if its image has a shell with bash or nc; by each family that both ends have. TCP. Exit code 0: reachable.`,
    options: [
      { name: 'namespace', short: 'n', value: 'NAME', help: 'The namespace', default: "the context's" },
      { name: 'no-try', help: "Look at the cloud's objects alone" },
      ...CONNECTION_OPTIONS,
      OUTPUT_OPTION,
    ],
    maxArguments: 3,
    argumentChoices: ['check'],
  },
  async run(parsed, io) {
    const [verb, from, to] = parsed.words
    if (verb !== 'check' || from === undefined || to === undefined)
      throw new UsageError(`net check wants a pod and what it is to reach. ${HOW}`)
    const name = /^(?:pod|pods|po)\/([^/]+)$/.exec(from)?.[1]
    if (name === undefined) throw new UsageError(`"${from}" is not pod/NAME. ${HOW}`)
    const { networkWorld, find } = await import('../net/world.ts')
    const { targetOf } = await import('../net/target.ts')
    const { pathsTo } = await import('../net/explain-path.ts')
    const { client, connection } = connect(parsed, io)
    try {
      const namespace = parsed.options['namespace'] ?? connection.namespace
      const world = await networkWorld(client)
      const pod = find(world.pods, { namespace, name })
      if (pod === undefined)
        throw new CommandError(`there is no pod ${namespace}/${name}`, `kubectl get pods -n ${namespace}`)
      const target = targetOf(to, { namespace, namespaces: new Set(world.namespaces.keys()) })
      const { attempt } = await import('../net/attempt.ts')
      const { together, verdictOf } = await import('../net/verdict.ts')
      const verdicts = await Promise.all(
        pathsTo(world, pod, target).map(async ({ family, path }) => {
          const wanted = parsed.options['no-try'] === undefined ? path.attempt : undefined
          const tried = wanted === undefined ? undefined : await attempt(connection, pod, wanted)
          return { family, verdict: verdictOf(path, tried) }
        }),
      )
      const verdict = together(verdicts)
      if (parsed.options['output'] === 'json')
        io.out.write(`${JSON.stringify({ from, to, ...verdict }, null, 2)}\n`)
      else io.out.write(textOf({ from, to }, verdict))
      return verdict.reachable ? EXIT_OK : EXIT_CLOSED
    } finally {
      client.transport.close()
    }
  },
}

function textOf(
  { from, to }: { from: string; to: string },
  { reachable, sentence, next }: { reachable: boolean; sentence: string } & Pick<Path, 'next'>,
): string {
  const first = `${from} ${reachable ? 'reaches' : 'does not reach'} ${to}: ${sentence}.\n`
  return next === undefined || reachable ? first : `${first}next: ${next}\n`
}
