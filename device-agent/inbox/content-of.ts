import {
  codec,
  type FileContent,
  FileContentSchema,
  type PlayOrder,
  type RelayContent,
  RelayContentSchema,
  type StoredContent,
  StoredContentSchema,
} from '#protocols';

/** Content that this version can play. */
export type PlayableContent = FileContent | RelayContent | StoredContent;

const CODECS = {
  file: codec('content', FileContentSchema),
  relay: codec('content', RelayContentSchema),
  stored: codec('content', StoredContentSchema),
} as const;

/** Whether this version plays content of this kind. */
export function isPlayableKind(kind: string): kind is keyof typeof CODECS {
  return Object.hasOwn(CODECS, kind);
}

/** The content of an order that `checkPlay` let through. Throws `document.malformed` for any other. */
export function contentOf({ content }: Pick<PlayOrder, 'content'>): PlayableContent {
  const { kind } = content;
  return CODECS[isPlayableKind(kind) ? kind : 'file'].check(content);
}

/** The files that have to be here before content can sound to its end. */
export function filesOf(content: PlayableContent): readonly FileContent[] {
  if (content.kind === 'file') return [content];
  return content.kind === 'relay' && content.fallback !== null ? [content.fallback] : [];
}
