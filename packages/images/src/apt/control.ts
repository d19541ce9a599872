// Paragraphs of `Field: value`, as packages describe themselves.

export type Paragraph = Readonly<Record<string, string>>

/** Continuation lines keep their leading space, after a line end. */
export function parseParagraphs(text: string): Paragraph[] {
  return text
    .split(/\n[ \t]*\n/)
    .map(parseParagraph)
    .filter((paragraph) => Object.keys(paragraph).length > 0)
}

function parseParagraph(text: string): Paragraph {
  const fields: Record<string, string> = Object.create(null)
  let name = ''
  for (const line of text.split('\n')) {
    const match = /^([!-9;-~]+):[ \t]*(.*)$/.exec(line)
    if (match !== null) {
      name = match[1]!
      fields[name] = match[2]!
    } else if (name !== '' && /^[ \t]/.test(line)) fields[name] += `\n${line}`
  }
  return fields
}

/** `a (>= 1) | b:any, c` as lists of alternatives, names only. */
export function parseDependencies(text: string | undefined): string[][] {
  if (text === undefined || text.trim() === '') return []
  return text.split(',').map((group) => group.split('|').map((one) => packageName(one)))
}

const packageName = (text: string) => text.trim().replace(/[\s(:[<].*$/s, '')
