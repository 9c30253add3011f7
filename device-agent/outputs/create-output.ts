import type { Clock } from '#kit';
import { AlsaOutput } from './alsa-output.ts';
import { FileOutput } from './file-output.ts';
import { NullOutput } from './null-output.ts';
import type { Output } from './output.ts';
import { PulseOutput } from './pulse-output.ts';

/** An output as it stands in the configuration. */
export type OutputChoice =
  | { readonly kind: 'alsa'; readonly device: string }
  | { readonly kind: 'pulse'; readonly sink?: string; readonly server?: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'null' };

/**
 * Reads an output from its one-line form: `null`, `file:<path>`, `alsa` or `alsa:<pcm>`, `pulse` or `pulse:<sink>`.
 * `undefined` when the text is none of these.
 */
export function parseOutput(text: string): OutputChoice | undefined {
  const colon = text.indexOf(':');
  const kind = colon < 0 ? text : text.slice(0, colon);
  const rest = colon < 0 ? '' : text.slice(colon + 1);
  if (kind === 'null' && rest === '') return { kind };
  if (kind === 'file' && rest !== '') return { kind, path: rest };
  if (kind === 'alsa') return { kind, device: rest || 'default' };
  if (kind === 'pulse') return rest === '' ? { kind } : { kind, sink: rest };
  return undefined;
}

export function createOutput(choice: OutputChoice, clock: Clock): Output {
  switch (choice.kind) {
    case 'alsa':
      return new AlsaOutput({ ...choice, clock });
    case 'pulse':
      return new PulseOutput({ ...choice, clock });
    case 'file':
      return new FileOutput({ ...choice, clock });
    case 'null':
      return new NullOutput({ clock });
  }
}
