// `brume node drain`: a node without pods, for work on its machine.

import { EXIT_OK, type ParsedCommand } from '@brume/base/command-line'
import type { Io } from '../../command.ts'
import { connect } from '../../connect.ts'
import { volumesOnlyOn } from '../../nodes/bound-volumes.ts'
import { namesIn, nodeNamed } from '../../nodes/cordon.ts'
import { planDrain } from '../../nodes/drain.ts'
import { podName } from '../../nodes/drain-plan.ts'
import { checkPlan, emptyNode, emptyOptions } from '../../nodes/empty.ts'

export async function run(parsed: ParsedCommand, io: Io): Promise<number> {
  const [name] = namesIn(parsed)
  const options = emptyOptions(parsed)
  const { client } = connect(parsed, io)
  try {
    const node = await nodeNamed(client, name)
    const plan = await planDrain(client, name, options)
    if (parsed.options['dry-run'] !== undefined) {
      for (const pod of plan.goes) io.out.write(`${podName(pod)} would go\n`)
      for (const { pod, why } of plan.stays) io.out.write(`${podName(pod)} would stay: ${why}\n`)
      for (const { pod, why, flag } of plan.refused) io.out.write(`${podName(pod)} needs ${flag}: ${why}\n`)
      return EXIT_OK
    }
    checkPlan(plan, parsed)
    const went = await emptyNode(client, node, {
      ...{ parsed, options, io },
      volumes: await volumesOnlyOn(client, node),
    })
    io.out.write(`${name} is drained: ${went === 1 ? '1 pod' : `${went} pods`} went\n`)
    io.err.write(`when it may take pods again: ./brume node uncordon ${name}\n`)
    return EXIT_OK
  } finally {
    client.transport.close()
  }
}
