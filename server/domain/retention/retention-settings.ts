import { codec, type RetentionSettings, RetentionSettingsSchema } from '#protocols';
import type { Stores } from '../unit-of-work.ts';

const RETENTION_SETTING = 'retention';
const settingsCodec = codec('retention settings', RetentionSettingsSchema, 1);

/** Technical records for a year (domain: at least 12 months), audio that nothing names for half of one. */
export const DEFAULT_RETENTION: RetentionSettings = { healthDays: 366, unusedAudioDays: 180 };

export async function readRetention(stores: Pick<Stores, 'settings'>): Promise<RetentionSettings> {
  const text = await stores.settings.get(RETENTION_SETTING);
  return text === null ? DEFAULT_RETENTION : settingsCodec.parse(text);
}

export async function writeRetention(
  stores: Pick<Stores, 'settings'>,
  settings: RetentionSettings,
  at: number,
): Promise<void> {
  await stores.settings.put(RETENTION_SETTING, JSON.stringify(settings), at);
}
