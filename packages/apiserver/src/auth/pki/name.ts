// X.501 names as certificates carry them: only the attributes that say who someone is are read.

import {
  children,
  type DerElement,
  DerError,
  expectAt,
  oid,
  oidText,
  sequence,
  set,
  stringText,
  TAG,
  utf8String,
} from './der.ts'

const COMMON_NAME = '2.5.4.3'
const ORGANIZATION = '2.5.4.10'

export interface SubjectName {
  commonName: string
  organizations: string[]
}

/** Organizations first, each in a set of its own, then the common name; an empty one is left out. */
export function encodeName({ commonName, organizations }: SubjectName): Buffer {
  const attribute = (type: string, value: string) => set(sequence(oid(type), utf8String(value)))
  return sequence(
    ...organizations.map((value) => attribute(ORGANIZATION, value)),
    ...(commonName === '' ? [] : [attribute(COMMON_NAME, commonName)]),
  )
}

/** The last common name counts, as in Go's crypto/x509. Throws DerError. */
export function decodeName(name: DerElement): SubjectName {
  const subject: SubjectName = { commonName: '', organizations: [] }
  if (name.tag !== TAG.sequence) throw new DerError('not a name')
  for (const relative of children(name)) {
    for (const pair of children(relative)) {
      const [type, value] = children(pair)
      if (type === undefined || value === undefined) throw new DerError('not a name attribute')
      const attribute = oidText(expectAt([type], 0, TAG.oid))
      if (attribute === COMMON_NAME) subject.commonName = stringText(value)
      if (attribute === ORGANIZATION) subject.organizations.push(stringText(value))
    }
  }
  return subject
}
