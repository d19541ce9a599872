// Comparison inside a JSONPath filter: values of one type compare, others are only ever unequal.

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>='

export function compareValues(left: unknown, operator: Comparison, right: unknown): boolean {
  if (operator === '==' || operator === '!=') return sameValue(left, right) === (operator === '==')
  if (!comparable(left) || !comparable(right)) return false
  if ((typeof left === 'string') !== (typeof right === 'string')) return false
  switch (operator) {
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
  }
}

function sameValue(left: unknown, right: unknown): boolean {
  if (typeof left === 'bigint' || typeof right === 'bigint') {
    return comparable(left) && comparable(right) && String(left) === String(right)
  }
  return left === right
}

function comparable(value: unknown): value is string | number | bigint {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
}
