import Type, { type Static } from 'typebox';
import { IdSchema, InstantSchema, Sha256Schema } from '../schema.ts';
import { nullable, strict } from './common.ts';

export const MediaParamsSchema = Type.Object({ sha256: Sha256Schema });

export const MediumSchema = Type.Object({
  sha256: Sha256Schema,
  bytes: Type.Integer(),
  durationMs: Type.Integer(),
  integratedLufs: Type.Number(),
  truePeakDb: Type.Number(),
  chunkListSha256: Sha256Schema,
  createdAt: InstantSchema,
});

export const MediaJobSchema = Type.Object({
  id: IdSchema,
  areaId: IdSchema,
  state: Type.Union([
    Type.Literal('queued'),
    Type.Literal('running'),
    Type.Literal('ready'),
    Type.Literal('failed'),
    Type.Literal('cancelled'),
  ]),
  stage: Type.String(),
  /** 0 to 1. */
  progress: Type.Number(),
  sourceName: Type.String(),
  sourceBytes: Type.Integer(),
  /** What was made, when ready. */
  medium: nullable(MediumSchema),
  error: nullable(Type.Object({ code: Type.String(), message: Type.String() })),
  createdBy: Type.String(),
  createdAt: InstantSchema,
  endedAt: nullable(InstantSchema),
});
export type MediaJobView = Static<typeof MediaJobSchema>;

/** The area whose station the audio is for; it may also come as a form field before the part `file`. */
export const UploadQuerySchema = strict({ area: Type.Optional(IdSchema) });
