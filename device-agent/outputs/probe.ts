import { isDomainError } from '#protocols';
import type { Output, OutputProbe } from './output.ts';

/** Probes an output by opening a session and writing nothing to it. */
export async function probeByOpening(output: Pick<Output, 'device' | 'open'>): Promise<OutputProbe> {
  const { device } = output;
  try {
    const session = await output.open();
    await session.close();
    return { ok: true, device, detail: '' };
  } catch (error) {
    const detail = isDomainError(error) || error instanceof Error ? error.message : String(error);
    return { ok: false, device, detail };
  }
}
