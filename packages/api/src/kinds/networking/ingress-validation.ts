// Rules for an Ingress: hosts, paths, backends and TLS.

import { type FieldError, invalid, notSupported, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { invalidAs, named } from '../../validate/fields.ts'
import { parseIP } from '../../validate/ip.ts'
import { type Json, listOf } from '../../validate/json.ts'
import {
  isDNS1035Label,
  isDNS1123Subdomain,
  isPathSegmentName,
  isWildcardDNS1123Subdomain,
} from '../../validate/names.ts'
import { isPortName, isPortNumber } from '../../validate/ports.ts'
import { validateIngressPoint } from '../core/service-status.ts'
import { INGRESS_CLASS_ANNOTATION } from './ingress-class-annotation.ts'

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix']
const BAD_SEQUENCES = ['//', '/./', '/../', '%2f', '%2F']
const BAD_ENDINGS = ['/..', '/.']

export function validateIngress(object: KubeObject): FieldError[] {
  const spec: Json = object.spec ?? {}
  const errors: FieldError[] = []
  if (listOf(spec.rules).length === 0 && !spec.defaultBackend) {
    const why = 'either `defaultBackend` or `rules` must be specified'
    errors.push(invalidAs('spec', '[]networking.IngressRule(nil)', why))
  }
  if (spec.defaultBackend) errors.push(...validateBackend(spec.defaultBackend, 'spec.defaultBackend'))
  for (const [i, rule] of listOf(spec.rules).entries()) errors.push(...validateRule(rule, `spec.rules[${i}]`))
  for (const [i, tls] of listOf(spec.tls).entries()) errors.push(...validateTLS(tls, `spec.tls[${i}]`))
  const name: string | null = spec.ingressClassName ?? null
  return name === null ? errors : [...errors, ...named('spec.ingressClassName', name, isDNS1123Subdomain)]
}

/** Only of a new Ingress: the annotation and the field, where both are there, must agree. */
export function validateIngressCreate(object: KubeObject): FieldError[] {
  const name: string | null = object.spec?.ingressClassName ?? null
  const annotation = object.metadata.annotations?.[INGRESS_CLASS_ANNOTATION]
  if (name === null || annotation === undefined || annotation === name) return []
  const why = 'must match `ingressClassName` when both are specified'
  return [invalid(`annotations.${INGRESS_CLASS_ANNOTATION}`, annotation, why)]
}

function validateHost(host: string, field: string): FieldError[] {
  return named(field, host, host.includes('*') ? isWildcardDNS1123Subdomain : isDNS1123Subdomain)
}

function validateTLS(tls: Json, field: string): FieldError[] {
  const errors = listOf(tls.hosts).flatMap((host: string, i) => validateHost(host, `${field}.hosts[${i}]`))
  if (tls.secretName) errors.push(...named(`${field}.secretName`, tls.secretName, isDNS1123Subdomain))
  return errors
}

function validateRule(rule: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (rule.host) {
    if (parseIP(rule.host) !== undefined) {
      errors.push(invalid(`${field}.host`, rule.host, 'must be a DNS name, not an IP address'))
    }
    errors.push(...validateHost(rule.host, `${field}.host`))
  }
  if (!rule.http) return errors
  const paths = listOf(rule.http.paths)
  if (paths.length === 0) errors.push(required(`${field}.http.paths`))
  return errors.concat(paths.flatMap((path, i) => validatePath(path, `${field}.http.paths[${i}]`)))
}

function validatePath(path: Json, field: string): FieldError[] {
  const type: string | null = path.pathType ?? null
  const text: string = path.path ?? ''
  if (type === null) return [required(`${field}.pathType`, 'pathType must be specified')]
  const errors: FieldError[] = []
  if (!PATH_TYPES.includes(type)) errors.push(notSupported(`${field}.pathType`, type, PATH_TYPES))
  else if (!text.startsWith('/') && (text !== '' || type !== 'ImplementationSpecific')) {
    errors.push(invalid(`${field}.path`, text, 'must be an absolute path'))
  }
  if (type === 'Exact' || type === 'Prefix') {
    for (const bad of BAD_SEQUENCES.filter((bad) => text.includes(bad))) {
      errors.push(invalid(`${field}.path`, text, `must not contain '${bad}'`))
    }
    for (const bad of BAD_ENDINGS.filter((bad) => text.endsWith(bad))) {
      errors.push(invalid(`${field}.path`, text, `cannot end with '${bad}'`))
    }
  }
  return [...errors, ...validateBackend(path.backend ?? {}, `${field}.backend`)]
}

function validateBackend(backend: Json, field: string): FieldError[] {
  const { service, resource } = backend
  if (resource && service) return [invalid(field, '', 'cannot set both resource and service backends')]
  if (resource) return validateTypedReference(resource, `${field}.resource`)
  if (!service) return [invalid(field, '', 'resource or service backend is required')]
  const at = `${field}.service`
  const errors = service.name ? named(`${at}.name`, service.name, isDNS1035Label) : [required(`${at}.name`)]
  const { name, number } = service.port ?? {}
  if (name && number) errors.push(invalid(field, '', 'cannot set both port name & port number'))
  else if (name) errors.push(...named(`${at}.port.name`, name, isPortName))
  else if (number) {
    errors.push(...isPortNumber(number).map((why) => invalid(`${at}.port.number`, number, why)))
  } else errors.push(required(field, 'port name or number is required'))
  return errors
}

/** TypedLocalObjectReference, also of an IngressClass's parameters. */
export function validateTypedReference(reference: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  if ((reference.apiGroup ?? null) !== null) {
    errors.push(...named(`${field}.apiGroup`, reference.apiGroup, isDNS1123Subdomain))
  }
  for (const part of ['kind', 'name']) {
    if (!reference[part]) errors.push(required(`${field}.${part}`, `${part} is required`))
    else errors.push(...named(`${field}.${part}`, reference[part], isPathSegmentName))
  }
  return errors
}

export function validateIngressStatus(object: KubeObject): FieldError[] {
  return listOf(object.status?.loadBalancer?.ingress).flatMap((point, i) =>
    validateIngressPoint(point, `status.loadBalancer.ingress[${i}]`),
  )
}
