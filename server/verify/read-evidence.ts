import { type Evidence, evidenceCodec } from '#evidence';

/** The evidence inside a page that carries it. */
const INSIDE_PAGE = /<script type="application\/json" id="evidence">([\s\S]*?)<\/script>/;

/** The evidence in a text: a file of its own, or a page that carries one. Throws what `evidenceCodec` throws. */
export function readEvidence(text: string): Evidence {
  return evidenceCodec.parse(INSIDE_PAGE.exec(text)?.[1] ?? text);
}
