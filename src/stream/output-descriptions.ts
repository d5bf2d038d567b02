import { checkDescriptions, checkObject, wrongType } from './checks.ts'

/** An output that the page shows. */
export interface OutputDescription {
  /**
   * How it is shown. `chat`: a list of `{ role, content }`. `html`: text with simple markup; scripts, styles and everything
   * else that could act are left out. `image`: a `data:` URL, or an address of the same server.
   */
  type: 'text' | 'number' | 'json' | 'chat' | 'html' | 'image'
  /** Unique among the outputs. */
  name: string
  /** Shown beside it; by default the name. */
  label?: string
}

const OUTPUT_TYPES = ['text', 'number', 'json', 'chat', 'html', 'image'] as const

/**
 * Checks the option `additionalOutputs`.
 *
 * @param outputs - as a user gave them
 * @returns the same
 * @throws TypeError or RangeError naming the one that can't be used
 */
export function checkOutputs(outputs: readonly OutputDescription[] = []): readonly OutputDescription[] {
  checkDescriptions('additionalOutputs', outputs, OUTPUT_TYPES)
  for (const [i, output] of outputs.entries()) {
    const { label } = checkObject(`additionalOutputs[${i}]`, output, ['type', 'name', 'label'])
    if (label !== undefined && typeof label !== 'string') {
      throw wrongType(`additionalOutputs[${i}].label`, 'a string', label)
    }
  }
  return outputs
}
