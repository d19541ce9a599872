// The node authorizer: a node may read what its pods need, and look after itself. Decisions as Kubernetes 1.32's,
// with AuthorizeNodeWithSelectors on.

import { NODE_RULES } from '@brume/api/bootstrap/system-roles'
import { NETWORK_USER } from '@brume/api/network'
import { parseFieldSelector } from '@brume/api/selectors/field-selector'
import { SelectorError } from '@brume/api/selectors/requirement'
import type { Attributes, Authorizer, Decision } from '../types.ts'
import type { NodeGraph } from './node-graph.ts'
import { nodeNameOf } from './node-identity.ts'
import { ruleAllows } from './rules.ts'

const ALLOWED: Decision = { allowed: true, reason: '' }
const LEASE_NAMESPACE = 'kube-node-lease'

type ResourceAttributes = Extract<Attributes, { resourceRequest: true }>

export function nodeAuthorizer(graph: NodeGraph): Authorizer {
  return {
    authorize(attributes) {
      const nodeName = nodeNameOf(attributes.user)
      if (nodeName === undefined) return noOpinion('')
      if (nodeName === '') return noOpinion(`unknown node for user ${JSON.stringify(attributes.user.name)}`)
      const special = attributes.resourceRequest ? decideResource(nodeName, attributes, graph) : undefined
      if (special !== undefined) return special
      return NODE_RULES.some((rule) => ruleAllows(rule, attributes)) ? ALLOWED : noOpinion('')
    },
  }
}

/** undefined: the rules that hold for every node decide. */
function decideResource(node: string, of: ResourceAttributes, graph: NodeGraph): Decision | undefined {
  switch (`${of.group}/${of.resource}`) {
    case '/users':
      return actAs(of)
    case '/secrets':
    case '/configmaps':
      return readOne(node, of, graph)
    case '/persistentvolumeclaims':
      return of.subresource === 'status' ? updateStatus(node, of, graph) : getOne(node, of, graph)
    case '/persistentvolumes':
    case 'storage.k8s.io/volumeattachments':
      return getOne(node, of, graph)
    case '/serviceaccounts':
      return createToken(node, of, graph)
    case 'coordination.k8s.io/leases':
      return lease(node, of)
    case 'storage.k8s.io/csinodes':
      return csiNode(node, of)
    case '/nodes':
      return ownNode(node, of)
    case '/pods':
      return pod(node, of, graph)
    default:
      return undefined
  }
}

/** The network part of a node's agent has a user of its own: what it may read is its, and not every node's. */
function actAs({ verb, name }: ResourceAttributes): Decision {
  return verb === 'impersonate' && name === NETWORK_USER ? ALLOWED : noOpinion('')
}

function related(node: string, of: ResourceAttributes, graph: NodeGraph): Decision {
  if (of.name === '') return noOpinion('No Object name found')
  if (graph.concerns(node, of)) return ALLOWED
  return noOpinion(`no relationship found between node '${node}' and this object`)
}

function readOne(node: string, of: ResourceAttributes, graph: NodeGraph): Decision {
  if (!['get', 'list', 'watch'].includes(of.verb)) return noOpinion('can only read resources of this type')
  if (of.subresource !== '') return noOpinion('cannot read subresource')
  if (of.namespace === '') return noOpinion('can only read namespaced object of this type')
  return related(node, of, graph)
}

function getOne(node: string, of: ResourceAttributes, graph: NodeGraph): Decision {
  if (of.verb !== 'get') return noOpinion('can only get individual resources of this type')
  if (of.subresource !== '') return noOpinion('cannot get subresource')
  return related(node, of, graph)
}

function updateStatus(node: string, of: ResourceAttributes, graph: NodeGraph): Decision {
  if (of.verb !== 'update' && of.verb !== 'patch') return noOpinion('can only get/update/patch this type')
  return related(node, of, graph)
}

function createToken(node: string, of: ResourceAttributes, graph: NodeGraph): Decision {
  if (of.verb !== 'create' || of.name === '') {
    return noOpinion('can only create tokens for individual service accounts')
  }
  if (of.subresource !== 'token') return noOpinion('can only create token subresource of serviceaccount')
  return related(node, of, graph)
}

const OWN_VERBS = ['get', 'create', 'update', 'patch', 'delete']

function lease(node: string, of: ResourceAttributes): Decision {
  if (!OWN_VERBS.includes(of.verb)) {
    return noOpinion('can only get, create, update, patch, or delete a node lease')
  }
  if (of.namespace !== LEASE_NAMESPACE) {
    return noOpinion(`can only access leases in the "${LEASE_NAMESPACE}" system namespace`)
  }
  // The name of a new one is not known yet: NodeRestriction looks at it.
  if (of.verb !== 'create' && of.name !== node) {
    return noOpinion('can only access node lease with the same name as the requesting node')
  }
  return ALLOWED
}

function csiNode(node: string, of: ResourceAttributes): Decision {
  if (!OWN_VERBS.includes(of.verb)) {
    return noOpinion('can only get, create, update, patch, or delete a CSINode')
  }
  if (of.subresource !== '') return noOpinion('cannot authorize CSINode subresources')
  if (of.verb !== 'create' && of.name !== node) {
    return noOpinion('can only access CSINode with the same name as the requesting node')
  }
  return ALLOWED
}

function ownNode(node: string, of: ResourceAttributes): Decision {
  const { verb, subresource, name } = of
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? ALLOWED : noOpinion('')
  if (subresource !== '') return noOpinion('')
  if (verb === 'create' || verb === 'update' || verb === 'patch') return ALLOWED
  if (verb !== 'get' && verb !== 'list' && verb !== 'watch') return noOpinion('')
  if (name === node) return ALLOWED
  if (name === '') return noOpinion(`node '${node}' cannot read all nodes, only its own Node object`)
  return noOpinion(`node '${node}' cannot read '${name}', only its own Node object`)
}

function pod(node: string, of: ResourceAttributes, graph: NodeGraph): Decision {
  const { verb, subresource } = of
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? ALLOWED : noOpinion('')
  if (subresource === 'eviction') return verb === 'create' ? ALLOWED : noOpinion('')
  if (subresource !== '') return noOpinion('')
  switch (verb) {
    case 'get':
      return related(node, of, graph)
    case 'list':
    case 'watch':
      if (selectsNode(of.fieldSelector ?? '', node)) return ALLOWED
      if (of.name !== '') return related(node, of, graph)
      return noOpinion('can only list/watch pods with spec.nodeName field selector')
    case 'create':
    case 'delete':
      return ALLOWED
    default:
      return noOpinion('')
  }
}

function selectsNode(fieldSelector: string, node: string): boolean {
  try {
    return parseFieldSelector(fieldSelector).exactMatch('spec.nodeName') === node
  } catch (error) {
    if (error instanceof SelectorError) return false
    throw error
  }
}

function noOpinion(reason: string): Decision {
  return { allowed: false, denied: false, reason }
}
