// How the versions of a custom kind are converted into each other.

import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../field-error.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { isDNS1035Label } from '../../validate/names.ts'

/** Fields of the webhook are named as Kubernetes names them in errors: one level higher than they stand. */
const STRATEGIES = ['None', 'Webhook']
const REVIEW_VERSIONS = ['v1', 'v1beta1']

export function validateConversion(conversion: Json, path: string): FieldError[] {
  if (conversion === undefined || conversion === null) return []
  const { strategy, webhook } = conversion
  if (!strategy) return [required(`${path}.strategy`)]
  if (!STRATEGIES.includes(strategy)) return [notSupported(`${path}.strategy`, strategy, STRATEGIES)]
  if (strategy === 'None') {
    const why = 'should not be set when strategy is not set to Webhook'
    return webhook ? [forbiddenField(`${path}.webhookClientConfig`, why)] : []
  }
  return [
    ...clientConfigErrors(webhook?.clientConfig, `${path}.webhookClientConfig`),
    ...reviewVersionErrors(listOf(webhook?.conversionReviewVersions), `${path}.conversionReviewVersions`),
  ]
}

function clientConfigErrors(config: Json, path: string): FieldError[] {
  if (!config) return [required(path, 'required when strategy is set to Webhook')]
  const { url, service } = config
  if ((url === undefined) === (service === undefined)) {
    return [required(path, 'exactly one of url or service is required')]
  }
  return url !== undefined ? urlErrors(url, `${path}.url`) : serviceErrors(service, `${path}.service`)
}

function urlErrors(text: string, field: string): FieldError[] {
  const form = 'desired format: https://host[/path]'
  const parsed = URL.canParse(text) ? new URL(text) : undefined
  if (parsed === undefined) return [required(field, `url must be a valid URL; ${form}`)]
  const errors: FieldError[] = []
  if (parsed.protocol !== 'https:') {
    errors.push(
      invalid(field, parsed.protocol.slice(0, -1), `'https' is the only allowed URL scheme; ${form}`),
    )
  }
  if (parsed.hostname === '') errors.push(invalid(field, parsed.host, `host must be specified; ${form}`))
  if (parsed.username !== '')
    errors.push(invalid(field, text, 'user information is not permitted in the URL'))
  if (parsed.hash !== '')
    errors.push(invalid(field, parsed.hash.slice(1), 'fragments are not permitted in the URL'))
  if (parsed.search !== '') {
    errors.push(invalid(field, parsed.search.slice(1), 'query parameters are not permitted in the URL'))
  }
  return errors
}

function serviceErrors(service: Json, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (!service?.name) errors.push(required(`${path}.name`, 'service name is required'))
  if (!service?.namespace) errors.push(required(`${path}.namespace`, 'service namespace is required'))
  const port = service?.port ?? 443
  if (port < 1 || port > 65535) {
    errors.push(invalid(`${path}.port`, port, 'port is not valid: must be between 1 and 65535, inclusive'))
  }
  const urlPath: string | undefined = service?.path
  if (urlPath !== undefined && !urlPath.startsWith('/')) {
    errors.push(invalid(`${path}.path`, urlPath, "must start with a '/'"))
  }
  return errors
}

function reviewVersionErrors(versions: string[], path: string): FieldError[] {
  if (versions.length === 0) return [required(path)]
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [i, version] of versions.entries()) {
    const field = `${path}[${i}]`
    if (seen.has(version)) {
      errors.push(invalid(field, version, 'duplicate version'))
      continue
    }
    seen.add(version)
    for (const why of isDNS1035Label(version)) errors.push(invalid(field, version, why))
  }
  if (!REVIEW_VERSIONS.some((version) => seen.has(version))) {
    errors.push(invalid(path, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`))
  }
  return errors
}
