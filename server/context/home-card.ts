import { type Home, homeCodec } from '#protocols';
import type { ServerConfig } from '../config/index.ts';
import type { KeyService } from '../domain/keys/key-service.ts';
import type { TrustAnchors } from '../domain/keys/trust-anchors.ts';

/** What a loudspeaker of another controller has to know of this one before it moves here. */
export function homeCard(
  { publicUrl, moreUrls }: Pick<ServerConfig, 'publicUrl' | 'moreUrls'>,
  keys: Pick<KeyService, 'rootKeys'>,
  anchors: TrustAnchors,
): Home {
  const ca = anchors.ca();
  return homeCodec.check({
    ...{ v: 1, url: publicUrl, roots: [...keys.rootKeys] },
    endpoints: moreUrls.filter((address) => /^https?:/.test(address)),
    ...(ca === null ? {} : { ca }),
  });
}
