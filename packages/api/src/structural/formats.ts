// The string formats that CRD schemas may ask for, as kube-openapi's strfmt registry of Kubernetes 1.32 knows them.
// Any other format is ignored. All checks are linear in the text.

import { parseCIDR, parseIP } from '../validate/ip.ts'

/** No text of a format is longer, but for those that carry content. */
const MAX_SHORT_LENGTH = 4096
const LONG_FORMATS = new Set(['byte', 'password', 'uri'])

type Check = (text: string) => boolean

const matches =
  (pattern: RegExp): Check =>
  (text) =>
    pattern.test(text)

const uuid = (version: string, variant: string) =>
  matches(
    new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${variant}[0-9a-f]{3}-?[0-9a-f]{12}$`, 'i'),
  )

const FORMATS: Readonly<Record<string, Check>> = {
  bsonobjectid: matches(/^[0-9a-fA-F]{24}$/),
  uri: isRequestUri,
  email: isEmail,
  hostname: isHostname,
  ipv4: (text) => text.includes('.') && parseIP(text) !== undefined,
  ipv6: (text) => text.includes(':') && parseIP(text) !== undefined,
  cidr: (text) => parseCIDR(text) !== undefined,
  mac: isMac,
  uuid: uuid('[0-9a-f]', '[0-9a-f]'),
  uuid3: uuid('3', '[0-9a-f]'),
  uuid4: uuid('4', '[89ab]'),
  uuid5: uuid('5', '[89ab]'),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: matches(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  hexcolor: matches(/^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  rgbcolor: isRgbColor,
  byte: matches(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/),
  password: () => true,
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && isCalendarDay(text),
  duration: isDuration,
  datetime: isDateTime,
}

/** The name under which a format is registered, or undefined for one that is ignored. */
export function knownFormat(format: string): string | undefined {
  const name = format.replaceAll('-', '')
  return Object.hasOwn(FORMATS, name) ? name : undefined
}

/** Whether the text is of the format; true for a format that is ignored. */
export function isOfFormat(format: string, text: string): boolean {
  const name = knownFormat(format)
  if (name === undefined) return true
  return (text.length <= MAX_SHORT_LENGTH || LONG_FORMATS.has(name)) && FORMATS[name]!(text)
}

function isRequestUri(text: string): boolean {
  if (text === '' || /[\s\x00-\x1f\x7f]/.test(text)) return false
  if (text.startsWith('/') || text === '*') return isEscaped(text)
  const scheme = /^[a-zA-Z][a-zA-Z0-9+.-]*:/.exec(text)
  if (scheme === null || !isEscaped(text)) return false
  const rest = text.slice(scheme[0].length)
  if (!rest.startsWith('//')) return rest.startsWith('/') || rest !== ''
  const authority = rest.slice(2).split(/[/?#]/, 1)[0]!
  const port = /:([^:\]]*)$/.exec(authority.slice(authority.lastIndexOf('@') + 1))
  return port === null || /^\d*$/.test(port[1]!)
}

/** Every percent sign starts an escape. */
function isEscaped(text: string): boolean {
  return !/%(?![0-9a-fA-F]{2})/.test(text)
}

function isEmail(text: string): boolean {
  const address = /^[^<>]*<([^<>]+)>$/.exec(text)?.[1] ?? text
  const at = address.lastIndexOf('@')
  if (at <= 0 || at === address.length - 1) return false
  const [local, domain] = [address.slice(0, at), address.slice(at + 1)]
  const quoted = /^"(?:[^"\\]|\\.)*"$/.test(local)
  if (!quoted && !/^[^\s@()<>[\]:;\\,".]+(?:\.[^\s@()<>[\]:;\\,".]+)*$/.test(local)) return false
  return /^(?:[^\s@()<>[\]:;\\,".]+(?:\.[^\s@()<>[\]:;\\,".]+)*|\[[^\]\s]*\])$/.test(domain)
}

const LABEL = /^[a-zA-Z0-9\p{S}\p{L}](?:[a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?$/u
const SINGLE_LABEL = /^[a-zA-Z0-9\p{S}\p{L}](?:-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?$/u

function isHostname(text: string): boolean {
  if (text.length > 255) return false
  const labels = text.split('.')
  if (labels.some((label) => label.length > 63)) return false
  if (labels.length === 1) return SINGLE_LABEL.test(text)
  const top = labels.pop()!
  return /^[a-zA-Z\p{L}]{2,63}$/u.test(top) && labels.every((label) => LABEL.test(label))
}

const PAIR = '[0-9a-fA-F]{2}'
const MACS = [
  new RegExp(`^${PAIR}(?:(?::${PAIR}){5}|(?::${PAIR}){7}|(?::${PAIR}){19})$`),
  new RegExp(`^${PAIR}(?:(?:-${PAIR}){5}|(?:-${PAIR}){7}|(?:-${PAIR}){19})$`),
  /^[0-9a-fA-F]{4}(?:(?:\.[0-9a-fA-F]{4}){2,3}|(?:\.[0-9a-fA-F]{4}){9})$/,
]

function isMac(text: string): boolean {
  return MACS.some((pattern) => pattern.test(text))
}

function isIsbn10(text: string): boolean {
  const digits = text.replace(/[\s-]/g, '')
  if (!/^\d{9}[\dX]$/.test(digits)) return false
  let sum = 0
  for (let i = 0; i < 10; i++) sum += (i + 1) * (digits[i] === 'X' ? 10 : Number(digits[i]))
  return sum % 11 === 0
}

function isIsbn13(text: string): boolean {
  const digits = text.replace(/[\s-]/g, '')
  if (!/^\d{13}$/.test(digits)) return false
  let sum = 0
  for (let i = 0; i < 13; i++) sum += Number(digits[i]) * (i % 2 === 0 ? 1 : 3)
  return sum % 10 === 0
}

const CARD =
  /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/

function isCreditCard(text: string): boolean {
  const digits = text.replace(/\D/g, '')
  if (!CARD.test(digits)) return false
  let sum = 0
  for (let i = digits.length - 1, doubled = false; i >= 0; i--, doubled = !doubled) {
    const digit = Number(digits[i]) * (doubled ? 2 : 1)
    sum += digit > 9 ? digit - 9 : digit
  }
  return sum % 10 === 0
}

function isRgbColor(text: string): boolean {
  const match = /^rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)$/.exec(text)
  return match?.slice(1).every((part) => Number(part) <= 255) ?? false
}

function isCalendarDay(text: string): boolean {
  const time = Date.parse(`${text.slice(0, 10)}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text.slice(0, 10))
}

function isDateTime(text: string): boolean {
  const match = /^\d{4}-\d{2}-\d{2}[Tt](\d{2}):(\d{2}):(\d{2})(?:[.,]\d+)?(?:[Zz]|[+-](\d{2}):(\d{2}))$/.exec(
    text,
  )
  if (match === null || !isCalendarDay(text)) return false
  const [hour, minute, second, offsetHour, offsetMinute] = match.slice(1).map((part) => Number(part ?? 0))
  return hour! <= 23 && minute! <= 59 && second! <= 59 && offsetHour! <= 24 && offsetMinute! <= 60
}

/** Go's durations, and the looser `22 ns`, `5 days`, `2 weeks`. */
function isDuration(text: string): boolean {
  if (/^[-+]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.test(text)) return true
  for (const match of text.matchAll(/\d+\s*([A-Za-zµ]+)/g)) {
    if (/^(?:ns|nano|us|µs|micro|ms|milli|s|sec|m|min|h|hr|hour|d|day|w|wk|week)$/i.test(match[1]!))
      return true
    if (/^(?:nano|micro|milli|sec|min|hour|day|week)/i.test(match[1]!)) return true
  }
  return false
}
