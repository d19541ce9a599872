// The words of Kubernetes' audit API (audit.k8s.io/v1): how much of a request is recorded, when, and by which rules.

export const LEVELS = ['None', 'Metadata', 'Request', 'RequestResponse'] as const
export type AuditLevel = (typeof LEVELS)[number]

export const STAGES = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const
export type AuditStage = (typeof STAGES)[number]

export interface GroupResources {
  /** '' is the core group. */
  group?: string
  // `pods`, `pods/log`, `pods/*`, `*/scale`, `*`; none: all.
  resources?: readonly string[]
  resourceNames?: readonly string[]
}

/** What is absent or empty does not narrow the rule. */
export interface AuditRule {
  level: AuditLevel
  users?: readonly string[]
  userGroups?: readonly string[]
  verbs?: readonly string[]
  resources?: readonly GroupResources[]
  /** '' is what has no namespace. */
  namespaces?: readonly string[]
  nonResourceURLs?: readonly string[]
  omitStages?: readonly AuditStage[]
  omitManagedFields?: boolean
}

export interface AuditPolicy {
  rules: readonly AuditRule[]
  omitStages?: readonly AuditStage[]
  omitManagedFields?: boolean
  /**
   * Requests that were refused (401, 403) are recorded as Metadata, also where the rules say None. Kubernetes' policies,
   * which are asked before the answer is known, cannot say this: a policy file cannot either.
   */
  recordRefused?: boolean
}

/** Where events go: one JSON object a line. Never throws and never waits. */
export interface AuditSink {
  write(line: string): void
}
