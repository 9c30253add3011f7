import Type, { type Static } from 'typebox';
import { BackupSettingsSchema, codec, InstantSchema } from '#protocols';
import type { Stores } from '../unit-of-work.ts';

/** What the controller keeps of a sheet: enough to encrypt, and nothing that opens without the passphrase. */
const SheetSchema = Type.Object({
  number: Type.Integer({ minimum: 1 }),
  madeAt: InstantSchema,
  recipient: Type.String(),
  keyFile: Type.String(),
  /** The raw root key that its key file names; an earlier version put none there. */
  rootKey: Type.Optional(Type.String()),
});
export type Sheet = Static<typeof SheetSchema>;

const StoredSchema = Type.Object({
  v: Type.Literal(1),
  sheet: Type.Union([SheetSchema, Type.Null()]),
  settings: BackupSettingsSchema,
});
export type StoredBackupSettings = Static<typeof StoredSchema>;

/** As it lies in the settings table, under `BACKUP_SETTING`. */
export const backupSettingsCodec = codec('backup settings', StoredSchema, 1);
export const BACKUP_SETTING = 'backup';

/** Two on the own disk guard against a mistake or a failed update; what guards against the loss of the box has to be named by somebody. */
export function defaultSettings(localFolder: string): StoredBackupSettings {
  const local = { id: 'local', name: 'Ổ đĩa của máy chủ', kind: 'folder' as const, folder: localFolder };
  return {
    v: 1,
    sheet: null,
    settings: {
      at: '02:30',
      keep: { daily: 7, weekly: 4, monthly: 12 },
      destinations: [{ ...local, keep: { daily: 2, weekly: 0, monthly: 0 } }],
      alarmDays: 14,
    },
  };
}

export async function readSettings(
  stores: Pick<Stores, 'settings'>,
  localFolder: string,
): Promise<StoredBackupSettings> {
  const text = await stores.settings.get(BACKUP_SETTING);
  return text === null ? defaultSettings(localFolder) : backupSettingsCodec.parse(text);
}

export async function writeSettings(
  stores: Pick<Stores, 'settings'>,
  settings: StoredBackupSettings,
  at: number,
): Promise<void> {
  await stores.settings.put(BACKUP_SETTING, JSON.stringify(settings), at);
}
