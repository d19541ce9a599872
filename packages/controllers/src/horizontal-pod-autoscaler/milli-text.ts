// Thousandths as a quantity: 1500 is `1500m`, 2000 is `2`.

import { formatQuantity } from '@brume/base/quantity'

export function milliText(value: number): string {
  return formatQuantity({ unscaled: BigInt(value), scale: -3, format: 'DecimalSI', text: undefined })
}
