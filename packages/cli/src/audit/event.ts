// Lines of the audit log as what people ask about: who did what to what, when, from where, and how it ended.

export interface AuditEvent {
  /** RFC 3339 with microseconds, in UTC. */
  time: string
  user: string
  /** In whose name, if not their own. */
  as: string
  verb: string
  group: string
  /** `pods`, `pods/exec`; of what is no resource: ''. */
  resource: string
  namespace: string
  name: string
  /** With the query, as it was asked for. */
  uri: string
  code: number
  reason: string
  message: string
  /** What is sure is last; proxies say the others. */
  from: readonly string[]
  client: string
  /** The line itself. */
  line: string
}

/** undefined: no event that tells how a request ended, or no event at all. */
export function eventOf(line: string): AuditEvent | undefined {
  let event: Written
  try {
    event = JSON.parse(line)
  } catch {
    return undefined
  }
  if (event?.kind !== 'Event' || !tellsTheEnd(event)) return undefined
  const { user, impersonatedUser, objectRef = {}, responseStatus = {}, sourceIPs = [] } = event
  const { resource = '', subresource = '' } = objectRef
  return {
    time: event.requestReceivedTimestamp ?? '',
    user: user?.username ?? '',
    as: impersonatedUser?.username ?? '',
    verb: event.verb ?? '',
    group: objectRef.apiGroup ?? '',
    resource: subresource === '' ? resource : `${resource}/${subresource}`,
    namespace: objectRef.namespace ?? '',
    name: objectRef.name ?? '',
    uri: event.requestURI ?? '',
    code: responseStatus.code ?? 0,
    reason: responseStatus.reason ?? '',
    message: responseStatus.message ?? '',
    from: sourceIPs,
    client: (event.userAgent ?? '').split(/[/ ]/, 1)[0]!,
    line,
  }
}

/** A refusal of somebody whom nobody knows has one event only, of the beginning of its answer. */
function tellsTheEnd({ stage, user }: Written): boolean {
  if (stage === 'ResponseComplete' || stage === 'Panic') return true
  return stage === 'ResponseStarted' && user?.username === undefined
}

/** audit.k8s.io/v1 Event, as far as it is read here. */
interface Written {
  kind?: string
  stage?: string
  verb?: string
  requestURI?: string
  user?: { username?: string }
  impersonatedUser?: { username?: string }
  sourceIPs?: string[]
  userAgent?: string
  objectRef?: {
    apiGroup?: string
    resource?: string
    subresource?: string
    namespace?: string
    name?: string
  }
  responseStatus?: { code?: number; reason?: string; message?: string }
  requestReceivedTimestamp?: string
}
