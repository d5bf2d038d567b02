/** The code of the worklets, which the build puts in here: wherever a bundler takes this module, that goes along. */
export const WORKLET_CODE: Readonly<Record<'capture' | 'playback', string>> = { capture: '', playback: '' }
