// Parameters of operations. They stand in each operation itself: kubectl looks for them there.

import type { Dialect, Json } from './schema-json.ts'

interface Parameter {
  name: string
  in: 'query' | 'path'
  type: 'string' | 'integer' | 'boolean'
  description: string
}

const query = (name: string, type: Parameter['type'], description: string): Parameter => ({
  name,
  in: 'query',
  type,
  description,
})

const PRETTY = query('pretty', 'string', 'Whether the answer is indented.')
const DRY_RUN = query('dryRun', 'string', 'All: everything happens but the change is not kept.')
const FIELD_MANAGER = query('fieldManager', 'string', 'Name of the actor that will own the changed fields.')
const FIELD_VALIDATION = query(
  'fieldValidation',
  'string',
  'What unknown and repeated fields lead to: Ignore, Warn or Strict.',
)
const FORCE = query('force', 'boolean', 'Apply takes over fields that others own.')
const DELETION = [
  query('gracePeriodSeconds', 'integer', 'Seconds that the object is given to end; 0 ends it at once.'),
  query('orphanDependents', 'boolean', 'Deprecated: use propagationPolicy.'),
  query('propagationPolicy', 'string', 'What happens to dependents: Orphan, Background or Foreground.'),
]
const SELECTION = [
  query('continue', 'string', 'The token with which the last page ended.'),
  query('fieldSelector', 'string', 'Only objects whose fields are so.'),
  query('labelSelector', 'string', 'Only objects whose labels are so.'),
  query('limit', 'integer', 'At most so many objects; the answer tells how to go on.'),
  query('resourceVersion', 'string', 'The revision that the answer must reach.'),
  query('resourceVersionMatch', 'string', 'How resourceVersion is meant: Exact or NotOlderThan.'),
  query('sendInitialEvents', 'boolean', 'A watch begins with the objects that exist.'),
  query('timeoutSeconds', 'integer', 'Seconds after which the answer ends.'),
]
const WATCHING = [
  query('allowWatchBookmarks', 'boolean', 'A watch sends bookmarks.'),
  query('watch', 'boolean', 'Follow the changes instead of listing.'),
]

const BY_ACTION: Readonly<Record<string, readonly Parameter[]>> = {
  get: [],
  list: [...SELECTION, ...WATCHING],
  post: [DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION],
  put: [DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION],
  patch: [DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION, FORCE],
  delete: [DRY_RUN, ...DELETION],
  deletecollection: [DRY_RUN, ...DELETION, ...SELECTION],
  connect: [],
}

/** Query parameters of an action, as x-kubernetes-action names it. */
export function queryParameters(action: string, dialect: Dialect): Json[] {
  return (BY_ACTION[action] ?? []).map((parameter) => parameterJson(parameter, dialect))
}

/** Parameters of every operation under a path. */
export function pathParameters(path: string, kind: string, dialect: Dialect): Json[] {
  const parameters: Parameter[] = []
  if (path.includes('{name}')) {
    parameters.push({ name: 'name', in: 'path', type: 'string', description: `Name of the ${kind}.` })
  }
  if (path.includes('{namespace}')) {
    parameters.push({ name: 'namespace', in: 'path', type: 'string', description: 'The namespace.' })
  }
  return [...parameters, PRETTY].map((parameter) => parameterJson(parameter, dialect))
}

function parameterJson({ type, ...parameter }: Parameter, dialect: Dialect): Json {
  const schema = { type, uniqueItems: true }
  return {
    ...parameter,
    ...(parameter.in === 'path' ? { required: true } : {}),
    ...(dialect === 'v2' ? schema : { schema }),
  }
}
