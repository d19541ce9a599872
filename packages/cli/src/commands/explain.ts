// `brume explain KIND/NAME`: one sentence why something is where it is, or why it is nowhere and what would change that.

import { EXIT_OK, UsageError } from '@brume/base/command-line'
import {
  DAEMON_SETS,
  DEPLOYMENTS,
  JOBS,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  REPLICA_SETS,
  STATEFUL_SETS,
} from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { ResourceRef } from '@brume/client/resource-ref'
import { CONNECTION_OPTIONS, type Command, OUTPUT_OPTION } from '../command.ts'
import { connect } from '../connect.ts'
import { explainClaim } from '../placement/claim.ts'
import { explainNode } from '../placement/node.ts'
import { explainPod } from '../placement/pod.ts'
import { explainWorkload } from '../placement/workload.ts'

/** As kubectl abbreviates them. */
const KINDS: readonly [ResourceRef, string][] = [
  [PODS, 'pod pods po'],
  [DEPLOYMENTS, 'deployment deployments deploy'],
  [REPLICA_SETS, 'replicaset replicasets rs'],
  [STATEFUL_SETS, 'statefulset statefulsets sts'],
  [DAEMON_SETS, 'daemonset daemonsets ds'],
  [JOBS, 'job jobs'],
  [PERSISTENT_VOLUME_CLAIMS, 'persistentvolumeclaim persistentvolumeclaims pvc'],
  [NODES, 'node nodes no'],
]

export const explain: Command = {
  spec: {
    name: 'explain',
    usage: 'KIND/NAME',
    summary: 'Say why something is where it is, or why it is nowhere and what would change that',
    details: `KIND is pod, deployment, replicaset, statefulset, daemonset, job, pvc or node. The fields of a kind are
explained by kubectl: kubectl explain pod.spec`,
    options: [
      { name: 'namespace', short: 'n', value: 'NAME', help: 'The namespace', default: "the context's" },
      ...CONNECTION_OPTIONS,
      OUTPUT_OPTION,
    ],
    maxArguments: 2,
  },
  async run(parsed, io) {
    const { ref, name } = subjectOf(parsed.words)
    const { client, connection } = connect(parsed, io)
    try {
      const namespace = parsed.options['namespace'] ?? connection.namespace
      const sentence = await sentenceOf(client, ref, { namespace, name })
      const isJson = parsed.options['output'] === 'json'
      io.out.write(
        isJson ? `${JSON.stringify({ kind: ref.kind, name, sentence }, null, 2)}\n` : `${sentence}\n`,
      )
      return EXIT_OK
    } finally {
      client.transport.close()
    }
  },
}

/** `pod/web` or `pod web`. */
function subjectOf(words: readonly string[]): { ref: ResourceRef; name: string } {
  const [kind, name, ...more] = words.join('/').split('/')
  if (kind === undefined || kind === '' || name === undefined || name === '' || more.length > 0) {
    const next =
      words.length === 1 && kind !== ''
        ? `kubectl explain ${words[0]}   (the fields of a kind)`
        : './brume explain pod/NAME'
    throw new UsageError(`explain wants one KIND/NAME. Next: ${next}`)
  }
  const found = KINDS.find(([, names]) => names.split(' ').includes(kind.toLowerCase()))
  if (found !== undefined) return { ref: found[0], name }
  const known = KINDS.map(([, names]) => names.split(' ')[0]).join(', ')
  throw new UsageError(
    `nothing to explain about the kind "${kind}": it is one of ${known}. Next: kubectl describe ${kind} ${name}`,
  )
}

async function sentenceOf(
  client: Client,
  ref: ResourceRef,
  { namespace, name }: { namespace: string; name: string },
): Promise<string> {
  const object = await client.resource(ref).get(ref.namespaced ? { namespace, name } : { name })
  if (ref === PODS) return explainPod(client, object)
  if (ref === NODES) return explainNode(client, object)
  if (ref === PERSISTENT_VOLUME_CLAIMS) return explainClaim(client, object)
  return explainWorkload(client, ref, object)
}
