import { useState } from 'react';
import type { AnnouncementView } from '#protocols';
import { API } from '../../api/client.ts';
import { length, shortHash } from '../../ui/format.ts';
import { words } from './words.ts';

/** What is said, how it sounds and how long, and the hash of just that. */
export function Spoken(props: { readonly announcement: AnnouncementView }) {
  const { title, text, stream, mediaSha256, approvalHash } = props.announcement;
  return (
    <>
      {text !== null && <p className="spoken">{text}</p>}
      {stream !== null && <p>{words.station(stream.station, length(stream.durationMs))}</p>}
      {mediaSha256 !== null ? (
        <Sound key={mediaSha256} title={title} sha256={mediaSha256} />
      ) : (
        stream === null && <p className="soft">{words.noAudio}</p>
      )}
      {approvalHash !== null && (
        <p className="hint">
          {words.fingerprint} <span className="mono">{shortHash(approvalHash)}</span>. {words.fingerprintWhy}
        </p>
      )}
    </>
  );
}

/** The prepared sound; its length is read from the sound itself. */
function Sound(props: { readonly title: string; readonly sha256: string }) {
  const [seconds, setSeconds] = useState<number>();
  const [failed, setFailed] = useState(false);
  return (
    <div>
      {/* biome-ignore lint/a11y/useMediaCaption: what is said stands above it, as text */}
      <audio
        controls
        preload="metadata"
        src={`${API}/media/${props.sha256}`}
        aria-label={words.listen(props.title)}
        onLoadedMetadata={({ currentTarget }) => setSeconds(currentTarget.duration)}
        onError={() => setFailed(true)}
      />
      {seconds !== undefined && Number.isFinite(seconds) && (
        <div className="soft small">
          {words.howLong}: {length(seconds * 1000)}
        </div>
      )}
      {failed && <div className="soft small">{words.notPlayable}</div>}
    </div>
  );
}
