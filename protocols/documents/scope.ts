import Type, { type Static } from 'typebox';
import { IdSchema } from '../schema.ts';

/** What a plan head or a latch is for: an area with everything below it, or one speaker. */
export const ScopeSchema = Type.Object({
  kind: Type.Union([Type.Literal('area'), Type.Literal('speaker')]),
  id: IdSchema,
});
export type Scope = Static<typeof ScopeSchema>;

/** A scope as one word, for maps, file names and columns: "area.tan-an". */
export function scopeKey({ kind, id }: Scope): string {
  return `${kind}.${id}`;
}

/** Reads a scope back from its key. */
export function scopeOfKey(key: string): Scope {
  const dot = key.indexOf('.');
  return { kind: key.slice(0, dot) === 'speaker' ? 'speaker' : 'area', id: key.slice(dot + 1) };
}

/** Whether a document of this scope is for a speaker with this ancestry. */
export function scopeIncludes({ kind, id }: Scope, speakerId: string, ancestry: readonly string[]): boolean {
  return kind === 'speaker' ? id === speakerId : ancestry.includes(id);
}

/** The scopes of a speaker: each area of its ancestry, widest first, then itself. */
export function scopesOf(speakerId: string, ancestry: readonly string[]): Scope[] {
  return [...ancestry.map((id): Scope => ({ kind: 'area', id })), { kind: 'speaker', id: speakerId }];
}
