import Type, { type Static } from 'typebox';
import { OutputKindSchema } from '../journal/entry.ts';
import { CodeSchema, codec, IdSchema, InstantSchema, Sha256Schema } from '../schema.ts';
import {
  HeldDocumentSchema,
  JournalStatusSchema,
  SessionEpochSchema,
  TrustSchema,
  WordNumberSchema,
} from './speaker.ts';

const HEAD = {
  v: Type.Literal(1),
  sessionEpoch: SessionEpochSchema,
  at: InstantSchema,
  /** With every report that says what is held. */
  n: Type.Optional(WordNumberSchema),
};

/** What may be left out of a report when the controller knows it already. */
const PARTS = {
  agentVersion: Type.String({ maxLength: 32 }),
  uptimeSeconds: Type.Number({ minimum: 0 }),
  cpuTemperatureC: Type.Union([Type.Number(), Type.Null()]),
  load1: Type.Number({ minimum: 0 }),
  memory: Type.Object({ totalBytes: Type.Number({ minimum: 0 }), freeBytes: Type.Number({ minimum: 0 }) }),
  disk: Type.Object({ totalBytes: Type.Number({ minimum: 0 }), freeBytes: Type.Number({ minimum: 0 }) }),
  network: Type.Object({
    interface: Type.Union([Type.String({ maxLength: 32 }), Type.Null()]),
    address: Type.Union([Type.String({ maxLength: 64 }), Type.Null()]),
    receivedBytes: Type.Union([Type.Number({ minimum: 0 }), Type.Null()]),
    sentBytes: Type.Union([Type.Number({ minimum: 0 }), Type.Null()]),
  }),
  output: Type.Object({
    kind: OutputKindSchema,
    ok: Type.Boolean(),
    detail: Type.String({ maxLength: 256 }),
  }),
  clock: Type.Object({
    trust: TrustSchema,
    offsetMs: Type.Union([Type.Number(), Type.Null()]),
    boundMs: Type.Union([Type.Number({ minimum: 0 }), Type.Null()]),
  }),
  playing: Type.Union([
    Type.Object({ broadcastId: IdSchema, positionMs: Type.Number({ minimum: 0 }) }),
    Type.Null(),
  ]),
  assignment: Type.Union([HeldDocumentSchema, Type.Null()]),
  /** `heldHash` of its plan heads and latches. */
  held: Sha256Schema,
  journal: JournalStatusSchema,
  /** Error codes of what is wrong now; empty when all is well. */
  problems: Type.Array(CodeSchema, { maxItems: 16 }),
};
const NAMES = Object.keys(PARTS) as (keyof typeof PARTS)[];

/** How the loudspeaker is, and the hashes it holds. */
export const HealthSchema = Type.Object({ ...HEAD, ...PARTS });
export type Health = Static<typeof HealthSchema>;

/**
 * Health on the wire, every five minutes and on change. The first one of a connection and one in every hour are whole; the others
 * leave out each part that is as the last one of this connection, and the uptime where it has only gone on. Signed where it says what
 * is held.
 */
const HealthReportSchema = Type.Object({
  ...HEAD,
  ...Type.Partial(Type.Object(PARTS)).properties,
});
export type HealthReport = Static<typeof HealthReportSchema>;
export const healthReportCodec = codec('health', HealthReportSchema, 1);

/**
 * The health that a report tells of, given what was known before it. Undefined when the report leaves out what is not known:
 * `known` is of another connection, or there is none.
 */
export function joinHealth(known: Health | null | undefined, report: HealthReport): Health | undefined {
  const before = known?.sessionEpoch === report.sessionEpoch ? known : undefined;
  const uptimeSeconds = report.uptimeSeconds ?? (before && uptimeAt(before, report.at));
  const joined = { ...before, ...report, ...(uptimeSeconds === undefined ? {} : { uptimeSeconds }) };
  return isWhole(joined) ? joined : undefined;
}

/**
 * The shortest report from which a controller that knows `known` has `health`, its uptime to within two seconds. Parts named in `again`
 * are said even so.
 */
export function shortReport(
  known: Health | undefined,
  health: Health,
  again: ReadonlySet<string> = new Set(),
): HealthReport {
  if (known?.sessionEpoch !== health.sessionEpoch) return health;
  const { v, sessionEpoch, at } = health;
  const isNew = (name: (typeof NAMES)[number]) =>
    name === 'uptimeSeconds'
      ? Math.abs(uptimeAt(known, at) - health.uptimeSeconds) > 2
      : JSON.stringify(known[name]) !== JSON.stringify(health[name]);
  const news = NAMES.filter((name) => again.has(name) || isNew(name));
  return { v, sessionEpoch, at, ...Object.fromEntries(news.map((name) => [name, health[name]])) };
}

function uptimeAt(known: Health, at: number): number {
  return Math.max(0, known.uptimeSeconds + Math.round((at - known.at) / 1000));
}

function isWhole(report: HealthReport): report is Health {
  return NAMES.every((name) => report[name] !== undefined);
}
