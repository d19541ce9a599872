// Domain names and domain-prefixed paths, with the field that they stand in.

import { type FieldError, invalid, required } from '../field-error.ts'
import { isDNS1123Label, isDNS1123Subdomain, patternMessage } from './names.ts'

const HTTP_PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"
const httpPathPattern = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/

/** A DNS subdomain of at least three segments. */
export function validateFullyQualifiedName(name: string, field: string): FieldError[] {
  if (name === '') return [required(field)]
  const errors = isDNS1123Subdomain(name)
  if (errors.length > 0) return [invalid(field, name, errors.join(','))]
  if (name.split('.').length < 3) {
    return [invalid(field, name, 'should be a domain with at least three segments separated by dots')]
  }
  return []
}

/** A DNS subdomain of at least two labels; one trailing dot is allowed. */
export function validateFullyQualifiedDomainName(text: string, field: string): FieldError[] {
  if (text === '') return [required(field)]
  const name = text.endsWith('.') ? text.slice(0, -1) : text
  const errors = isDNS1123Subdomain(name)
  if (errors.length > 0) return [invalid(field, name, errors.join(','))]
  const labels = name.split('.')
  if (labels.length < 2) {
    return [invalid(field, name, 'should be a domain with at least two segments separated by dots')]
  }
  for (const label of labels) {
    const wrong = isDNS1123Label(label)
    if (wrong.length > 0) return [invalid(field, label, wrong.join(','))]
  }
  return []
}

/** `example.com/path`: controller names, signer names. */
export function validateDomainPrefixedPath(text: string, field: string): FieldError[] {
  if (text === '') return [required(field)]
  const slash = text.indexOf('/')
  if (slash <= 0 || slash === text.length - 1) {
    return [invalid(field, text, 'must be a domain-prefixed path (such as "acme.io/foo")')]
  }
  const host = text.slice(0, slash)
  const path = text.slice(slash + 1)
  const errors = isDNS1123Subdomain(host).map((message) => invalid(field, host, message))
  if (!httpPathPattern.test(path)) {
    errors.push(invalid(field, path, patternMessage('Invalid path', HTTP_PATH)))
  }
  return errors
}
