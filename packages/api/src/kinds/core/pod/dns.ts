// How a pod resolves names: dnsPolicy, dnsConfig, hostAliases.

import { type FieldError, invalid, required } from '../../../field-error.ts'
import { named } from '../../../validate/fields.ts'
import { isIP } from '../../../validate/ip.ts'
import { type Json, listOf } from '../../../validate/json.ts'
import { isDNS1123Subdomain } from '../../../validate/names.ts'

/** What resolvers of Linux cope with. */
const MAX_NAMESERVERS = 3
const MAX_SEARCHES = 32
const MAX_SEARCH_CHARACTERS = 2048

export function validateDnsConfig(config: Json, policy: string | undefined, field: string): FieldError[] {
  if (policy === 'None') {
    if (!config) return [required(field, 'must provide `dnsConfig` when `dnsPolicy` is None')]
    if (listOf(config.nameservers).length === 0) {
      const why = 'must provide at least one DNS nameserver when `dnsPolicy` is None'
      return [required(`${field}.nameservers`, why)]
    }
  }
  if (!config) return []
  const errors: FieldError[] = []
  const servers: string[] = listOf(config.nameservers)
  const searches: string[] = listOf(config.searches)
  if (servers.length > MAX_NAMESERVERS) {
    const why = `must not have more than ${MAX_NAMESERVERS} nameservers`
    errors.push(invalid(`${field}.nameservers`, servers, why))
  }
  errors.push(...servers.flatMap((server, i) => named(`${field}.nameservers[${i}]`, server, isIP)))
  if (searches.length > MAX_SEARCHES) {
    const why = `must not have more than ${MAX_SEARCHES} search paths`
    errors.push(invalid(`${field}.searches`, searches, why))
  }
  if (searches.join(' ').length > MAX_SEARCH_CHARACTERS) {
    const why = `must not have more than ${MAX_SEARCH_CHARACTERS} characters (including spaces) in the search list`
    errors.push(invalid(`${field}.searches`, searches, why))
  }
  for (const [i, search] of searches.entries()) {
    const name = search.endsWith('.') ? search.slice(0, -1) : search
    errors.push(...named(`${field}.searches[${i}]`, name, isDNS1123Subdomain))
  }
  for (const [i, option] of listOf(config.options).entries()) {
    if (!option.name) errors.push(required(`${field}.options[${i}]`, 'must not be empty'))
  }
  return errors
}

export function validateHostAliases(aliases: Json, field: string): FieldError[] {
  return listOf(aliases).flatMap((alias, i) => [
    ...named(`${field}[${i}].ip`, alias.ip ?? '', isIP),
    ...listOf(alias.hostnames).flatMap((name, j) =>
      named(`${field}[${i}].hostnames[${j}]`, name, isDNS1123Subdomain),
    ),
  ])
}
