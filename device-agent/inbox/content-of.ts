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

/** The file that content is, or is made of; undefined where the order names none. */
export function fileOf(content: PlayableContent): FileContent | undefined {
  if (content.kind === 'file') return content;
  return content.kind === 'stored' ? content.file : undefined;
}

/** The files that have to be here before content can sound to its end. */
export function filesOf(content: PlayableContent): readonly FileContent[] {
  const file = content.kind === 'relay' ? content.fallback : fileOf(content);
  return file === null || file === undefined ? [] : [file];
}

/** All files of an order. What is spoken before an emergency comes behind its content, which waits for none of it. */
export function filesOfOrder(
  { priority, prelude }: Pick<PlayOrder, 'priority' | 'prelude'>,
  content: PlayableContent,
): readonly FileContent[] {
  const spoken = priority === 'emergency' ? prelude.flatMap(({ file }) => file ?? []) : [];
  return [...filesOf(content), ...spoken];
}
