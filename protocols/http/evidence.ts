import { IdSchema, InstantSchema } from '../schema.ts';
import { strict } from './common.ts';

/** Whose journals are wanted: an area with all below it, and when it happened, by the loudspeakers' own clocks. */
export const EvidenceQuerySchema = strict({ area: IdSchema, from: InstantSchema, to: InstantSchema });
