// Warning headers (RFC 7234, section 5.5): `299 - "text"`, several to a header, with quoted-pair escapes.

const WARNING = /(\d{3}) (\S+) "((?:[^"\\]|\\.)*)"(?: "[^"]*")?\s*(?:,\s*|$)/y

/** Texts of the code-299 warnings of one header value; a malformed rest is left out. */
export function parseWarning(header: string): string[] {
  const texts: string[] = []
  WARNING.lastIndex = 0
  for (let match = WARNING.exec(header); match !== null; match = WARNING.exec(header)) {
    if (match[1] === '299') texts.push(match[3]!.replace(/\\(.)/g, '$1'))
  }
  return texts
}
