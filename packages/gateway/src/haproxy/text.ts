// Words in HAProxy's configuration. Whatever a user wrote goes through here: no value can end its word or its line, and
// none is looked into for variables of the environment or expressions.

/** Characters that no line can hold, however it is quoted. */
const CONTROL = /[\0-\x1f\x7f\u2028\u2029]/
const CONTROLS = new RegExp(CONTROL, 'g')

export function isLine(text: string): boolean {
  return !CONTROL.test(text)
}

/** One word, taken literally. Source: HAProxy's manual, "Quoting and escaping": nothing is special in strong quotes. */
export function word(text: string): string {
  if (!isLine(text)) throw new Error(`a control character in ${JSON.stringify(text)}`)
  return `'${text.replaceAll("'", `'"'"'`)}'`
}

/** One word where HAProxy looks for `%[...]`: it finds none. */
export function literalFormat(text: string): string {
  return word(text.replaceAll('%', '%%'))
}

/** A rule that answers with a sentence, which may name what a user wrote. */
export function say(status: number, sentence: string, condition = ''): string {
  return `http-request return status ${status} content-type text/plain string ${word(sentence.replaceAll(CONTROLS, ' '))}\\n${condition === '' ? '' : ` if ${condition}`}`
}

/** The name of a proxy: letters, digits and `-_.:` alone. Different ids have different names. */
export function proxyName(id: string): string {
  return id
    .replaceAll(/[^A-Za-z0-9./-]/g, (char) => `_${Buffer.from(char).toString('hex')}_`)
    .replaceAll('/', ':')
}

/** Lines that one rule or stream is the reason for; none: they are everybody's. */
export interface Lines {
  owner: string | undefined
  lines: readonly string[]
}
