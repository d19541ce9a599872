// Where a webhook is called: a URL, or a Service inside the cluster.

import { type FieldError, invalid, required } from '../field-error.ts'
import type { Json } from './json.ts'
import { isDNS1123Subdomain } from './names.ts'
import { isPortNumber } from './ports.ts'

const FORM = '; desired format: https://host[/path]'

export function validateClientConfig(config: Json, field: string): FieldError[] {
  const url: string | null = config?.url ?? null
  const service: Json = config?.service ?? null
  if ((url === null) === (service === null)) {
    return [required(field, 'exactly one of url or service is required')]
  }
  return url !== null ? validateUrl(url, `${field}.url`) : validateService(service, `${field}.service`)
}

function validateUrl(text: string, field: string): FieldError[] {
  const parts = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/.exec(text)
  const [, scheme = '', authority = '', , query, fragment] = parts ?? []
  const errors: FieldError[] = []
  if (scheme !== 'https') {
    errors.push(invalid(field, scheme, `'https' is the only allowed URL scheme${FORM}`))
  } else if (authority !== '' && !URL.canParse(text)) {
    return [required(field, `url must be a valid URL: parse ${JSON.stringify(text)}: invalid host${FORM}`)]
  }
  const at = authority.lastIndexOf('@')
  if (authority.slice(at + 1) === '') errors.push(invalid(field, '', `host must be specified${FORM}`))
  if (at >= 0) {
    errors.push(invalid(field, authority.slice(0, at), 'user information is not permitted in the URL'))
  }
  if (fragment) errors.push(invalid(field, fragment, 'fragments are not permitted in the URL'))
  if (query) errors.push(invalid(field, query, 'query parameters are not permitted in the URL'))
  return errors
}

function validateService(service: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (!service.name) errors.push(required(`${field}.name`, 'service name is required'))
  if (!service.namespace) errors.push(required(`${field}.namespace`, 'service namespace is required'))
  const port: number = service.port ?? 443
  const wrong = isPortNumber(port)
  if (wrong.length > 0) errors.push(invalid(`${field}.port`, port, `port is not valid: ${wrong.join(',')}`))
  return [...errors, ...validatePath(service.path ?? '', `${field}.path`)]
}

/** Segments are DNS subdomains; one trailing slash is fine. */
function validatePath(path: string, field: string): FieldError[] {
  if (path === '' || path === '/') return []
  if (path === '//') return [invalid(field, path, 'segment[0] may not be empty')]
  const errors: FieldError[] = []
  if (!path.startsWith('/')) errors.push(invalid(field, path, "must start with a '/'"))
  const segments = path.slice(1).replace(/\/$/, '').split('/')
  for (const [i, segment] of segments.entries()) {
    if (segment === '') {
      errors.push(invalid(field, path, `segment[${i}] may not be empty`))
      continue
    }
    errors.push(...isDNS1123Subdomain(segment).map((why) => invalid(field, path, `segment[${i}]: ${why}`)))
  }
  return errors
}
