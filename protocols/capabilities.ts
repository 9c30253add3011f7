/**
 * What an agent of this version can do. An order names what it `requires`; a loudspeaker that lacks one answers
 * `order.unsupported` for that order alone, so a new kind of content needs no day on which all are updated.
 */
export const AGENT_CAPABILITIES = [
  'order:play',
  'order:cancel',
  'content:file',
  'repeat',
  'gain',
  'range_resume',
  'content:relay',
  'content:stored',
  'prelude',
  'duck',
  'plan',
  'latch',
  'early_start',
] as const;

export type Capability = (typeof AGENT_CAPABILITIES)[number];
