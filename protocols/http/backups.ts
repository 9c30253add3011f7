import Type, { type Static } from 'typebox';
import { IdSchema, InstantSchema, Sha256Schema } from '../schema.ts';
import { NameSchema, nullable, strict, ToldErrorSchema } from './common.ts';

const Count = Type.Integer({ minimum: 0, maximum: 1000 });

/** How many backups a place keeps: the newest of so many days, weeks and months that have one. */
export const BackupKeepSchema = strict({ daily: Count, weekly: Count, monthly: Count });

/**
 * Where backups go. `drive` and `share` must be mounted: while nothing is, the folder below is on the box's own disk and nothing is
 * written there. `folder` may be anywhere.
 */
export const BackupDestinationSchema = strict({
  id: IdSchema,
  name: NameSchema,
  kind: Type.Enum(['folder', 'drive', 'share']),
  /** Absolute path. */
  folder: Type.String({ minLength: 2, maxLength: 512, pattern: '^/[^\\x00-\\x1f]+$' }),
  /** By default as everywhere. */
  keep: Type.Optional(BackupKeepSchema),
});
export type BackupDestination = Static<typeof BackupDestinationSchema>;

export const BackupSettingsSchema = strict({
  /** Local time of the widest area, "HH:MM". */
  at: Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' }),
  keep: BackupKeepSchema,
  destinations: Type.Array(BackupDestinationSchema, { maxItems: 8 }),
  /** An alarm after so many days in which no backup left the box. */
  alarmDays: Type.Integer({ minimum: 1, maximum: 365 }),
});
export type BackupSettings = Static<typeof BackupSettingsSchema>;

/** A file of the data folder that a backup does not hold, and why. */
const SkippedFileSchema = Type.Object({ path: Type.String(), reason: Type.String() });
export type SkippedFile = Static<typeof SkippedFileSchema>;

/** What became of one run. */
export const BackupRunSchema = Type.Object({
  at: InstantSchema,
  endedAt: InstantSchema,
  /** Written, decrypted, compared and opened again; false: nothing was kept. */
  verified: Type.Boolean(),
  by: Type.String(),
  name: nullable(Type.String()),
  bytes: Type.Integer(),
  /** Audio files that were named and not there whole. */
  missing: Type.Integer(),
  /** What could not be read or packed, the first of many. */
  skipped: Type.Optional(Type.Array(SkippedFileSchema)),
  sheet: Type.Integer(),
  /** Why nothing was made. */
  error: nullable(ToldErrorSchema),
  places: Type.Array(
    Type.Object({
      id: Type.String(),
      folder: Type.String(),
      /** Copied and compared there. */
      ok: Type.Boolean(),
      /** On another disk than the controller's. */
      away: Type.Boolean(),
      /** What went wrong there; where it is `ok`, with older backups alone. */
      error: nullable(ToldErrorSchema),
    }),
  ),
});
export type BackupRun = Static<typeof BackupRunSchema>;

export const BackupStateSchema = Type.Object({
  /** `named`: its key names the root key, so that a restore compares by itself; sheets of earlier versions do not. */
  sheet: nullable(Type.Object({ number: Type.Integer(), madeAt: InstantSchema, named: Type.Boolean() })),
  /** This controller's root key as paper has it (`keyFingerprint`). */
  rootKey: Type.String(),
  settings: BackupSettingsSchema,
  running: nullable(Type.Object({ startedAt: InstantSchema, phase: Type.String(), bytes: Type.Integer() })),
  last: nullable(BackupRunSchema),
  /** The newest backup that is on another disk. */
  awayAt: nullable(InstantSchema),
  nextAt: nullable(InstantSchema),
  /** Nothing has left the box for too long. */
  alarm: nullable(Type.Object({ since: InstantSchema, days: Type.Integer() })),
  destinations: Type.Array(
    Type.Object({
      id: Type.String(),
      present: Type.Boolean(),
      /** Why it is not. */
      problem: nullable(ToldErrorSchema),
      fileSystem: nullable(Type.String()),
      freeBytes: nullable(Type.Integer()),
      leavesBox: Type.Boolean(),
      backups: Type.Array(
        Type.Object({
          name: Type.String(),
          at: InstantSchema,
          bytes: Type.Integer(),
          sheet: Type.Integer(),
        }),
      ),
    }),
  ),
});
export type BackupState = Static<typeof BackupStateSchema>;

export const BackupStartedSchema = Type.Object({ startedAt: InstantSchema });

/** `passphrase` and `html` are shown once: null when the same request is sent again. */
export const BackupSheetSchema = Type.Object({
  number: Type.Integer(),
  madeAt: InstantSchema,
  passphrase: nullable(Type.String()),
  /** This controller's root key as a restore shows it (`keyFingerprint`). */
  rootKey: Type.String(),
  /** A page to print. */
  html: nullable(Type.String()),
});
export type BackupSheet = Static<typeof BackupSheetSchema>;

/** What people of the console are told about backups wherever they are. */
export const BackupNoticesSchema = Type.Object({
  /** Nothing has left the box for too long. */
  alarm: nullable(Type.Object({ since: InstantSchema, days: Type.Integer() })),
  /** After a restore onto a machine with another address: so many loudspeakers still look for `url`, and we are at `own`. */
  oldAddress: nullable(Type.Object({ url: Type.String(), own: Type.String(), waiting: Type.Integer() })),
});
export type BackupNotices = Static<typeof BackupNoticesSchema>;

/** What a backup says of itself once it is open and checked, for somebody to say whether it is the right one. */
export const BackupFactsSchema = Type.Object({
  /** Of the file. */
  sha256: Sha256Schema,
  areaId: Type.String(),
  /** "xã Tân An"; null: made by an earlier version, as with the other two. */
  place: nullable(Type.String()),
  speakers: nullable(Type.Integer()),
  /** Where loudspeakers look for its controller. */
  publicUrl: nullable(Type.String()),
  /** When the snapshot was taken. */
  at: InstantSchema,
  /** Of the program that made it. */
  version: Type.String(),
  sheet: Type.Integer(),
  /** Root keys that a sheet may name, newest first, as paper has them (`keyFingerprint`) and raw. */
  rootKeys: Type.Array(Type.Object({ fingerprint: Type.String(), publicKey: Type.String() })),
  /** Whether its controller signed it: earlier versions did not. */
  signed: Type.Boolean(),
  /** Whether the sheet's own key named one of these root keys, which nobody can make it do without its passphrase. */
  ofSheet: Type.Boolean(),
});
export type BackupFacts = Static<typeof BackupFactsSchema>;

/**
 * How far putting a backup back is, on the first-run page. `confirm`: it is open and checked, and waits for somebody to say that it is the
 * right one.
 */
export const RestoreStateSchema = Type.Object({
  phase: Type.Enum(['none', 'receiving', 'reading', 'confirm', 'ready', 'failed']),
  bytes: Type.Integer(),
  total: Type.Integer(),
  facts: nullable(BackupFactsSchema),
  /** Until when what was sent is kept, for another passphrase or the confirmation; null: nothing is. */
  keptUntil: nullable(InstantSchema),
  /** Where loudspeakers would have to look for this machine. */
  ownUrl: Type.String(),
  error: nullable(ToldErrorSchema),
});
export type RestoreState = Static<typeof RestoreStateSchema>;

/** Another passphrase for the backup that was sent. */
export const RestorePassphraseSchema = strict({ passphrase: Type.String({ minLength: 1, maxLength: 256 }) });

/** Somebody's word that this is the backup to be put back. */
export const RestoreConfirmationSchema = strict({
  /** Of the file whose facts were shown: another one may have been sent meanwhile. */
  sha256: Sha256Schema,
  /** One of the `rootKeys` that were shown, as `fingerprint`: with or without spaces. */
  rootKey: Type.String({ maxLength: 64 }),
  /** Of one that is not signed: that this is known. */
  unsigned: Type.Boolean(),
});
export type RestoreConfirmation = Static<typeof RestoreConfirmationSchema>;

/** Header of requests on a controller that nobody has set up yet. */
export const SETUP_SECRET_HEADER = 'x-setup-secret';
