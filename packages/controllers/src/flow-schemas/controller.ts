// Says of each FlowSchema whether its priority level is there (condition Dangling): a schema without one is passed over.

import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import { FLOW_SCHEMAS, PRIORITY_LEVELS } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer, type Plan } from '@brume/client/controller'
import { patchIfPresent } from '@brume/client/writes'
import type { Dependencies } from '../dependencies.ts'

export interface ObservedSchema {
  schema: KubeObject
  hasLevel: boolean
}

interface Condition {
  type: 'Dangling'
  status: 'True' | 'False'
  reason: string
  message: string
}

export interface SayDangling {
  type: 'say'
  name: string
  condition: Condition
}

const levelOf = ({ spec }: KubeObject): string => spec?.priorityLevelConfiguration?.name ?? ''

export function flowSchemaController({ client, informers, clock }: Dependencies): ControllerSpec {
  const schemas = informers.for(FLOW_SCHEMAS)
  const levels = informers.for(PRIORITY_LEVELS)
  const ofLevel = ({ metadata }: KubeObject) =>
    schemas.store
      .list()
      .filter((schema) => levelOf(schema) === metadata.name)
      .map((schema) => schema.metadata.name!)
  return defineController<ObservedSchema, SayDangling>({
    name: 'flow-schemas',
    sources: [fromInformer(schemas), fromInformer(levels, ofLevel)],
    observe(name) {
      const schema = schemas.store.get('', name)
      return schema && { schema, hasLevel: levels.store.get('', levelOf(schema)) !== undefined }
    },
    decide: decideDangling,
    async act({ name, condition }) {
      const conditions = [{ ...condition, lastTransitionTime: formatTime(clock.now()) }]
      const patch = { type: 'strategic', subresource: 'status', body: { status: { conditions } } } as const
      await patchIfPresent(client.resource(FLOW_SCHEMAS), { name }, patch)
    },
  })
}

/** The words are Kubernetes'. */
export function decideDangling({ schema, hasLevel }: ObservedSchema): Plan<SayDangling> {
  const level = JSON.stringify(levelOf(schema))
  const what = `This FlowSchema references the PriorityLevelConfiguration object named ${level}`
  const condition: Condition = hasLevel
    ? { type: 'Dangling', status: 'False', reason: 'Found', message: `${what} and it exists` }
    : { type: 'Dangling', status: 'True', reason: 'NotFound', message: `${what} but there is no such object` }
  const known: Condition | undefined = schema.status?.conditions?.find(
    ({ type }: Condition) => type === 'Dangling',
  )
  if (known?.status === condition.status && known.message === condition.message) return { actions: [] }
  return { actions: [{ type: 'say', name: schema.metadata.name!, condition }] }
}
