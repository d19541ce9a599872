// `brume node remove`: a machine that leaves the cloud for good.

import { CONTROL_PLANE_ROLE } from '@brume/api/node-membership'
import type { KubeObject } from '@brume/api/object'
import { EXIT_FAILED, EXIT_OK, type ParsedCommand } from '@brume/base/command-line'
import type { Client } from '@brume/client/client'
import { CommandError, type Io } from '../../command.ts'
import { connect } from '../../connect.ts'
import { type BoundVolume, volumesOnlyOn, volumeText } from '../../nodes/bound-volumes.ts'
import { namesIn, nodeNamed } from '../../nodes/cordon.ts'
import { planDrain } from '../../nodes/drain.ts'
import { checkPlan, emptyNode, emptyOptions } from '../../nodes/empty.ts'
import { openTokens, removeNode } from '../../nodes/removal.ts'
import { stateOf } from '../../nodes/rows.ts'

export async function run(parsed: ParsedCommand, io: Io): Promise<number> {
  const [name] = namesIn(parsed)
  const options = emptyOptions(parsed)
  const { client } = connect(parsed, io)
  try {
    const node = await nodeNamed(client, name)
    checkRole(node)
    const answers = !['Silent', 'New'].includes(stateOf(node).state)
    const volumes = await volumesOnlyOn(client, node)
    if (answers) checkPlan(await planDrain(client, name, options), parsed)
    warn({ name, answers, volumes }, io)
    if (parsed.options['yes'] === undefined && io.ask !== undefined) {
      const answer = await io.ask(`Take ${name} out of the cloud for good? Type yes: `)
      if (answer.trim() !== 'yes') {
        io.err.write('nothing was changed\n')
        return EXIT_FAILED
      }
    }
    if (answers) await emptyNode(client, node, { parsed, options, volumes: [], io })
    await removeNode(client, node, io.clock)
    io.out.write(`${name} is removed\n`)
    await sayWhatIsLeft(client, io)
    return EXIT_OK
  } finally {
    client.transport.close()
  }
}

/** The agent beside the control plane asks nobody to be let in. */
function checkRole({ metadata: { name, labels } }: KubeObject): void {
  if (labels?.[CONTROL_PLANE_ROLE] === undefined) return
  throw new CommandError(
    `${name} is the machine of the control plane, which cannot be taken out of its own cloud`,
    `./brume node drain ${name}, or the whole cloud without containers there: ./brume up --no-node`,
  )
}

function warn(
  { name, answers, volumes }: { name: string; answers: boolean; volumes: readonly BoundVolume[] },
  { err }: Io,
): void {
  if (!answers) {
    err.write(
      `warning: ${name} does not answer: its pods are made again elsewhere at once. If its machine still runs, so do they there, until ./brume reset\n`,
    )
  }
  for (const one of volumes) {
    const { claim } = one
    const next =
      claim === undefined
        ? ''
        : `; for a new, empty one: kubectl delete pvc -n ${claim.namespace} ${claim.name}`
    err.write(`warning: volume ${volumeText(one)} is on ${name} alone, and is lost with it${next}\n`)
  }
}

async function sayWhatIsLeft(client: Client, { err, clock }: Io): Promise<void> {
  err.write('on that machine, as root: ./brume service remove   (if it has one), then ./brume reset\n')
  for (const { secret, endsAt } of await openTokens(client, clock.now())) {
    const until = endsAt === '' ? 'for ever' : `until ${endsAt}`
    err.write(
      `a token lets machines join ${until}; to end it: kubectl delete secret -n kube-system ${secret}\n`,
    )
  }
}
